/** What a click on an image opens; the viewer is loaded only where there is an image. */

/**
 * Show an image as large as the window allows, beside the other answers of its battle.
 * @param {HTMLImageElement} image
 * @param {string} title
 */
export async function openLightbox(image, title) {
  const { openCompare } = await import("./image-compare.js");
  openCompare(image, title);
}
