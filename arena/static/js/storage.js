/** What the browser keeps for the visitor; a closed storage only forgets. */

/**
 * Read a kept value.
 * @param {string} key
 * @returns {string | null}
 */
export function recall(key) {
  try {
    return localStorage.getItem(`agon:${key}`);
  } catch {
    return null;
  }
}

/**
 * Keep a value.
 * @param {string} key
 * @param {string} value
 */
export function keep(key, value) {
  try {
    localStorage.setItem(`agon:${key}`, value);
  } catch {
    // The choice then lasts until the page is left.
  }
}
