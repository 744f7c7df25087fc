// @ts-check
/** What scripts say, in the page's language, by its English. English itself has no catalogue. */

/** @type {{agonWords?: {plural(n: number): number, words: Record<string, string | string[]>}}} */
const { agonWords: catalogue } = Object(globalThis);

/** @param {string} text */
export function gettext(text) {
  const found = catalogue?.words[text];
  return typeof found === "string" ? found : text;
}

/**
 * @param {string} one
 * @param {string} many
 * @param {number} n
 */
export function ngettext(one, many, n) {
  const found = catalogue?.words[one];
  return Array.isArray(found) ? (found[catalogue?.plural(n) ?? 0] ?? many) : n === 1 ? one : many;
}

/**
 * Fill in places such as %(name)s.
 * @param {string} format
 * @param {Record<string, string | number>} values
 */
export function interpolate(format, values) {
  return format.replace(/%\((\w+)\)s/g, (place, name) => String(values[name] ?? place));
}
