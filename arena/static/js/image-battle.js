/** The way into the comparison on the page of an image battle: its button and its key. */
import { answersOnPage, openCompare } from "./image-compare.js";
import { areKeysOn } from "./image-keys.js";
import { describeKeys } from "./keys-help.js";
import { gettext } from "./words.js";

const button = document.querySelector("[data-compare]");
if (button instanceof HTMLButtonElement) offer(button);

/** @param {HTMLButtonElement} button */
function offer(button) {
  const show = () => {
    button.disabled = answersOnPage().length < 2;
    button.dataset.keys = areKeysOn() ? "on" : "off";
  };
  // A load does not bubble, but it is seen on its way down.
  document.addEventListener("load", show, true);
  document.addEventListener("change", show);
  show();

  describeKeys(gettext("Pictures"), [["Z", gettext("Compare closely")]]);
  button.addEventListener("click", () => openCompare());
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "z" || button.disabled || !button.isConnected) return;
    if (event.repeat || event.defaultPrevented || !areKeysOn()) return;
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    openCompare();
  });
}

/** @param {EventTarget | null} target */
function isWriting(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select"))
  );
}
