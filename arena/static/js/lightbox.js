/** One dialog that shows an image as large as the window allows. */

/** @type {HTMLDialogElement | null} */
let dialog = null;

/**
 * Show an image large; Escape, the button or a click beside it closes it.
 * @param {HTMLImageElement} image
 * @param {string} title
 */
export function openLightbox(image, title) {
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.className = "lightbox";
    dialog.addEventListener("click", (event) => {
      if (!(event.target instanceof HTMLButtonElement)) dialog?.close();
    });
    document.body.append(dialog);
  }
  const head = document.createElement("div");
  head.className = "lightbox-head";
  const name = document.createElement("strong");
  name.textContent = title;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "icon-button";
  close.setAttribute("aria-label", "Close");
  const glyph = document.createElement("span");
  glyph.className = "glyph glyph-close";
  glyph.setAttribute("aria-hidden", "true");
  close.append(glyph);
  close.addEventListener("click", () => dialog?.close());
  head.append(name, close);
  const large = document.createElement("img");
  large.src = image.currentSrc || image.src;
  large.alt = image.alt;
  dialog.setAttribute("aria-label", title);
  dialog.replaceChildren(head, large);
  dialog.showModal();
}
