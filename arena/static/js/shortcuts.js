/** Single keys of the battle page: whether they are on, and when one is meant for the page. */
import { keep, recall } from "./storage.js";

/** What a key already means something to: text, and for Enter and Space every control. */
const WRITING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select";
const PRESSED = "a, button, input, summary, audio, video, [tabindex]:not([tabindex='-1'])";

/** @returns {boolean} whether single keys are switched on */
export function areKeysOn() {
  const box = document.querySelector("input[data-shortcuts]");
  return box instanceof HTMLInputElement ? box.checked : recall("shortcuts") !== "off";
}

/** @param {boolean} isOn */
function show(isOn) {
  document.documentElement.dataset.keys = isOn ? "on" : "off";
}

/**
 * Make the switch of the page work.
 * @param {HTMLInputElement} box
 */
export function liveSwitch(box) {
  box.checked = recall("shortcuts") !== "off";
  show(box.checked);
  box.addEventListener("change", () => {
    keep("shortcuts", box.checked ? "on" : "off");
    show(box.checked);
  });
}

/**
 * Listen for single keys on the whole page.
 * @param {(key: string) => (() => void) | null | undefined} find what a key does, by `event.key`
 *   with letters small; nothing where it does nothing now
 */
export function listenForKeys(find) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || !areKeysOn()) return;
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const { target } = event;
    if (target instanceof HTMLElement) {
      if (target.isContentEditable || target.matches(WRITING)) return;
      if (/^(Enter| )$/.test(event.key) && target.closest(PRESSED)) return;
    }
    const act = find(event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (!act) return;
    event.preventDefault();
    act();
  });
}
