/** Single keys for images: whether they are on, and what they do, in words. */
import { make } from "./image-parts.js";
import { keep, recall } from "./storage.js";

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
  ["Zoom", "wheel, pinch", ["+", "−"]],
  ["Whole image", "double click", ["0"]],
  ["Actual pixels", "double click", ["1"]],
  ["Move the images", "drag", ["←", "↑", "↓", "→"]],
  ["Swipe: move the divider", "drag", ["←", "→"]],
  ["Swipe: move the images", "drag", ["Shift ←", "Shift →"]],
  ["Blink: show the other", "click", ["Space", "S"]],
  ["Blink: start or stop", "", ["P"]],
  ["Next kind of view", "", ["M"]],
  ["Close", "", ["Esc", "Z"]],
]);

/** @returns {HTMLDetailsElement} the help of the comparison, closed */
export function buildHelp() {
  const help = document.createElement("details");
  help.className = "compare-help";
  const summary = make("summary", "button button-small", "Help");
  const panel = make("div", "compare-help-panel");
  const table = make("table", "");
  const head = make("tr", "");
  for (const title of ["To", "By hand", "Keys"]) {
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
    make("p", "", "The images always have the same zoom and place. From 200% on, their pixels are shown without smoothing."),
    make("p", "", "The voting keys are off while this view is open. Close it to vote."),
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
  label.append(box, " Keyboard shortcuts (letters, digits, + and −)");
  return label;
}
