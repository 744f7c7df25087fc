/** The keys of the page in a dialog, opened by its button and by "?"; modules add their lines. */
import { listenForKeys, liveSwitch } from "./shortcuts.js";
import { gettext } from "./words.js";

/**
 * A key or several that do the same, and what they do.
 * @typedef {[string | string[], string]} KeyLine
 */

/** @type {Map<string, KeyLine[]>} */
const lists = new Map();

/**
 * List the keys of a part of the page; the same title again replaces them, no lines removes them.
 * @param {string} title
 * @param {KeyLine[]} lines
 */
export function describeKeys(title, lines) {
  if (lines.length > 0) lists.set(title, lines);
  else lists.delete(title);
}

/** Make the dialog of the page work, and every button that opens it. */
export function liveKeysHelp() {
  const dialog = document.querySelector("dialog[data-keys-help]");
  const box = dialog?.querySelector("input[data-shortcuts]");
  const list = dialog?.querySelector("[data-keys-list]");
  if (!(dialog instanceof HTMLDialogElement) || !(box instanceof HTMLInputElement) || !list) return;
  liveSwitch(box);
  const open = () => {
    list.replaceChildren(
      ...[...lists].map(([title, lines]) => table(title, lines)),
      table(gettext("Everywhere"), [
        ["?", gettext("These keys")],
        [gettext("Esc"), gettext("Close what is open")],
      ]),
    );
    dialog.showModal();
  };
  listenForKeys((key) => (key === "?" ? open : null));
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-keys-open]")) open();
    // The dialog itself is hit only beside its content.
    else if (event.target === dialog) dialog.close();
  });
}

/**
 * @param {string} title
 * @param {KeyLine[]} lines
 */
function table(title, lines) {
  const made = document.createElement("table");
  made.createCaption().textContent = title;
  for (const [keys, what] of lines) {
    const row = made.insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = what;
    row.append(head);
    const held = row.insertCell();
    for (const key of [keys].flat()) {
      const shown = document.createElement("kbd");
      shown.textContent = key;
      held.append(shown, " ");
    }
  }
  return made;
}
