// @ts-check
/** Chosen pictures outlive a page that comes back with a question: a browser forgets them. */

/** @typedef {{file: File, alt: string, place: number}} Kept */

const DATABASE = "agon-prompt";
const STORE = "images";

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Keep these pictures in this browser in place of what was kept; none: forget.
 * @param {Kept[]} images
 */
export async function keepImages(images) {
  try {
    const database = await opened();
    const store = database.transaction(STORE, "readwrite").objectStore(STORE);
    if (images.length) store.put(images, location.pathname);
    else store.clear();
    database.close();
  } catch {
    // A browser that keeps nothing asks for the pictures again.
  }
}

/** @returns {Promise<Kept[]>} what was kept on this page */
export async function keptImages() {
  try {
    const database = await opened();
    const request = database.transaction(STORE).objectStore(STORE).get(location.pathname);
    const found = await new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    database.close();
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}
