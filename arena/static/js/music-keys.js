/** Single keys for music: whether they are on, and what each does. */
import { keep, recall } from "./storage.js";

/** What was chosen here, should the browser keep nothing. @type {boolean | null} */
let chosen = null;

/** @returns {HTMLInputElement | null} the switch of the whole page */
function votingSwitch() {
  return document.querySelector("input[data-shortcuts]");
}

/** @returns {boolean} whether single keys are switched on, here and for voting alike */
export function areKeysOn() {
  return votingSwitch()?.checked ?? chosen ?? recall("shortcuts") !== "off";
}

/** @param {boolean} isOn */
export function switchKeys(isOn) {
  chosen = isOn;
  keep("shortcuts", isOn ? "on" : "off");
  const other = votingSwitch();
  if (!other) return;
  other.checked = isOn;
  other.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Where a key already means something else: text, and for Space and arrows every control. */
const WRITING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select";
const PRESSED = "button, a, summary, input, [tabindex='0']";

/**
 * Listen for keys on the whole page.
 * @param {Record<string, () => void>} acts by `event.key`, letters small
 */
export function listenForKeys(acts) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !areKeysOn() || document.querySelector("dialog[open]")) return;
    // AltGr writes brackets on many keyboards, and says Ctrl and Alt.
    const isPlain = !event.ctrlKey && !event.altKey;
    if (event.metaKey || !(isPlain || event.getModifierState("AltGraph"))) return;
    const { target, key } = event;
    if (target instanceof HTMLElement) {
      if (target.isContentEditable || target.matches(WRITING)) return;
      if (/^( |Arrow.*)$/.test(key) && target.closest(PRESSED)) return;
    }
    const isStep = key.startsWith("Arrow");
    const act = acts[key.length === 1 ? key.toLowerCase() : key];
    if (!act || (event.repeat && !isStep)) return;
    event.preventDefault();
    act();
  });
}
