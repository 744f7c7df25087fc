/** The page of a text battle: long answers are read together, and how far they are read is told. */
import { AnswerPane } from "./answer-pane.js";
import { describeKeys } from "./keys-help.js";
import { recall } from "./storage.js";
import { watchReading } from "./text-reading.js";
import { readTogether } from "./text-together.js";
import { gettext, interpolate } from "./words.js";

/** An answer is long when it is so many windows high. */
const LONG_WINDOWS = 1.3;

const stage = document.querySelector("[data-battle] .stage");
if (stage instanceof HTMLElement) start(stage);

/** @param {HTMLElement} stage */
function start(stage) {
  const panes = /** @type {AnswerPane[]} */ ([...stage.querySelectorAll("answer-pane")]);
  const together = readTogether(stage, panes);
  const row = document.createElement("div");
  row.className = "reading";
  row.hidden = true;
  const state = document.createElement("p");
  state.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-small";
  button.setAttribute("aria-pressed", "false");
  const key = document.createElement("kbd");
  key.textContent = "S";
  key.setAttribute("aria-hidden", "true");
  button.append(gettext("Scroll together"), " ", key);
  row.append(state, button);
  stage.before(row);
  const jumps = panes.length > 1 ? panes.map((pane, index) => addJump(panes, index)) : [];

  const toggle = () => {
    const isOn = !together.isOn();
    together.set(isOn);
    button.setAttribute("aria-pressed", String(isOn));
    state.textContent = isOn
      ? gettext("The answers scroll together.")
      : gettext("Each answer is shown at its full height.");
    if (isOn) stage.scrollIntoView({ block: "start" });
  };
  button.addEventListener("click", toggle);
  describeKeys(gettext("Long answers"), [["S", gettext("Scroll together")]]);
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "s" || !row.checkVisibility() || !areKeysOn()) return;
    if (event.repeat || event.defaultPrevented || isWriting(event.target)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    toggle();
  });

  const measure = () => {
    const heights = panes.map((pane) => pane.querySelector(".answer")?.scrollHeight ?? 0);
    const isLong = Math.max(...heights) > LONG_WINDOWS * innerHeight;
    // What is in use does not go away under somebody's hands.
    row.hidden = panes.length < 2 || !(isLong || together.isOn());
    for (const jump of jumps) jump.closest(".pane")?.toggleAttribute("data-long", isLong);
    button.dataset.keys = areKeysOn() ? "on" : "off";
  };
  const sizes = new ResizeObserver(measure);
  for (const pane of panes) {
    const body = pane.querySelector("[data-pane-body]");
    if (body) sizes.observe(body);
  }
  addEventListener("resize", measure);
  stage.addEventListener("agon:shown", measure);
  document.addEventListener("change", measure);
  measure();
  watchReading(panes);
}

/**
 * Add to a pane's head the way to the same place of the next answer.
 * @param {AnswerPane[]} panes
 * @param {number} index
 */
function addJump(panes, index) {
  const jump = document.createElement("button");
  const [from, to] = [panes[index], panes[(index + 1) % panes.length]];
  jump.type = "button";
  jump.className = "pane-jump";
  const words = { letter: to?.letter ?? "" };
  jump.textContent = interpolate(gettext("Go to %(letter)s"), words);
  const label = interpolate(gettext("Go to answer %(letter)s, as far down"), words);
  jump.setAttribute("aria-label", label);
  jump.addEventListener("click", () => {
    const [here, there] = [from, to].map((pane) => pane?.querySelector("[data-pane-body]"));
    const head = to?.querySelector(".pane-head");
    const next = to?.querySelector("button.pane-jump");
    if (!here || !there || !head) return;
    const edge = head.getBoundingClientRect().height;
    const box = here.getBoundingClientRect();
    const share = Math.min(Math.max((edge - box.top) / box.height, 0), 1);
    const target = there.getBoundingClientRect();
    scrollBy({ top: target.top + share * target.height - edge, behavior: "instant" });
    if (next instanceof HTMLElement) next.focus({ preventScroll: true });
  });
  from?.querySelector(".pane-head")?.append(jump);
  return jump;
}

/** @returns {boolean} whether single keys are switched on; the switch is in the vote bar */
function areKeysOn() {
  const box = document.querySelector("input[data-shortcuts]");
  return box instanceof HTMLInputElement ? box.checked : recall("shortcuts") !== "off";
}

/** @param {EventTarget | null} target */
function isWriting(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select"))
  );
}
