/** Single keys for images: whether they are on, and what they do, in words. */
import { make } from "./image-parts.js";
import { keep, recall } from "./storage.js";
import { gettext } from "./words.js";

/** What was chosen here, should the browser keep nothing. @type {boolean | null} */
let chosen = null;

/** @returns {HTMLInputElement | null} the switch in the vote bar */
function votingSwitch() {
  return document.querySelector("input[data-shortcuts]");
}

/** @returns {boolean} whether single keys are switched on, here and for voting alike */
export function areKeysOn() {
  return votingSwitch()?.checked ?? chosen ?? recall("shortcuts") !== "off";
}

/** @param {boolean} isOn */
function switchKeys(isOn) {
  chosen = isOn;
  keep("shortcuts", isOn ? "on" : "off");
  const other = votingSwitch();
  if (!other) return;
  other.checked = isOn;
  other.dispatchEvent(new Event("change", { bubbles: true }));
}

/** What can be done, by hand and by key. */
const HELP = /** @type {Array<[string, string, string[]]>} */ ([
  [gettext("Zoom"), gettext("wheel, pinch"), ["+", "−"]],
  [gettext("Whole image"), gettext("double click"), ["0"]],
  [gettext("Actual pixels"), gettext("double click"), ["1"]],
  [gettext("Move the images"), gettext("drag"), ["←", "↑", "↓", "→"]],
  [gettext("Swipe: move the divider"), gettext("drag"), ["←", "→"]],
  [gettext("Swipe: move the images"), gettext("drag"), ["Shift ←", "Shift →"]],
  [gettext("Blink: show the other"), gettext("click"), [gettext("Space"), "S"]],
  [gettext("Blink: start or stop"), "", ["P"]],
  [gettext("Next kind of view"), "", ["M"]],
  [gettext("Close"), "", [gettext("Esc"), "Z"]],
]);

/** @returns {HTMLDetailsElement} the help of the comparison, closed */
export function buildHelp() {
  const help = document.createElement("details");
  help.className = "compare-help";
  const summary = make("summary", "button button-small", gettext("Help"));
  const panel = make("div", "compare-help-panel");
  const table = make("table", "");
  const head = make("tr", "");
  for (const title of [gettext("To"), gettext("By hand"), gettext("Keys")]) {
    const cell = make("th", "", title);
    cell.setAttribute("scope", "col");
    head.append(cell);
  }
  const top = make("thead", "");
  top.append(head);
  const body = make("tbody", "");
  for (const [what, hand, keys] of HELP) {
    const row = make("tr", "");
    const name = make("th", "", what);
    name.setAttribute("scope", "row");
    const held = make("td", "");
    keys.forEach((key, index) => held.append(index ? " " : "", make("kbd", "", key)));
    row.append(name, make("td", "", hand), held);
    body.append(row);
  }
  table.append(top, body);
  panel.append(
    table,
    make("p", "", gettext("The images always have the same zoom and place. From 200% on, their pixels are shown without smoothing.")),
    make("p", "", gettext("The voting keys are off while this view is open. Close it to vote.")),
    keySwitch(),
  );
  help.append(summary, panel);
  return help;
}

function keySwitch() {
  const label = make("label", "compare-switch");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = areKeysOn();
  box.addEventListener("change", () => switchKeys(box.checked));
  label.append(box, " ", gettext("Keyboard shortcuts (letters, digits, + and −)"));
  return label;
}
