/** The desk of a 3D battle: how all objects are shown, and whether they turn together. */
import { areKeysOn } from "./shortcuts.js";
import { describeKeys } from "./keys-help.js";
import { FIRST } from "./mesh-pose.js";
import { Turntable } from "./mesh-turntable.js";
import { MeshView } from "./mesh-view.js";
import { gettext } from "./words.js";

/** @typedef {import("./mesh-looks.js").Mode} Mode */

const desk = document.querySelector("[data-mesh-desk]");
if (desk instanceof HTMLElement) open(desk);

/** @returns {MeshView[]} those that are drawn, in the order of their seats */
function drawn() {
  const views = [...document.querySelectorAll("mesh-view")];
  return views.filter((view) => view instanceof MeshView).filter((view) => view.isReady);
}

/** @param {HTMLElement} desk */
function open(desk) {
  const modes = buttons(desk, "[data-mode]");
  const link = button(desk, "[data-link]");
  const turn = button(desk, "[data-turntable]");
  const note = desk.querySelector("[data-mesh-note]");
  /** @type {Mode} */
  let mode = "textured";
  let isLinked = true;
  /** The object that a person moved last. @type {MeshView | null} */
  let lead = null;

  const turntable = new Turntable(drawn, showTurntable);

  /** @param {HTMLButtonElement} chosen */
  function choose(chosen) {
    mode = /** @type {Mode} */ (chosen.dataset.mode);
    for (const each of modes) {
      each.setAttribute("aria-checked", String(each === chosen));
      each.tabIndex = each === chosen ? 0 : -1;
    }
    if (note) note.textContent = chosen.dataset.says ?? "";
    for (const view of drawn()) view.mode = mode;
  }

  function follow() {
    const from = lead;
    if (!isLinked || !from?.isReady) return;
    for (const view of drawn()) view.pose = from.pose;
  }

  function toggleLink() {
    isLinked = !isLinked;
    link.setAttribute("aria-pressed", String(isLinked));
    follow();
    desk.dispatchEvent(
      new CustomEvent("agon:engaged", {
        bubbles: true,
        detail: { seat: null, kind: "link", on: isLinked },
      }),
    );
  }

  function showTurntable() {
    const { isOn, isStepped } = turntable;
    const text = turn.querySelector("[data-text]");
    if (text) text.textContent = isStepped ? gettext("Turn a step") : gettext("Turntable");
    if (isStepped) turn.removeAttribute("aria-pressed");
    else turn.setAttribute("aria-pressed", String(isOn));
  }

  function reset() {
    turntable.stop();
    for (const view of drawn()) view.pose = FIRST;
  }

  link.addEventListener("click", toggleLink);
  turn.addEventListener("click", () => turntable.press());
  button(desk, "[data-reset]").addEventListener("click", reset);
  for (const each of modes) each.addEventListener("click", () => choose(each));
  walk(modes, choose);
  document.addEventListener("agon:mesh-moved", (event) => {
    if (!(event.target instanceof MeshView)) return;
    lead = event.target;
    follow();
  });

  // `agon:ready` does not bubble, but it is seen on its way down.
  const welcome = () => {
    if (drawn().length === 0) return;
    for (const each of buttons(desk, "button")) each.disabled = false;
    for (const view of drawn()) view.mode = mode;
    follow();
  };
  document.addEventListener("agon:ready", welcome, true);
  welcome();
  showTurntable();

  watchKeys(desk, (key) => {
    const chosen = modes.find((each) => each.dataset.key === key);
    if (chosen) choose(chosen);
    else if (key === "l") toggleLink();
    else if (key === "r") turntable.press();
    else return false;
    return true;
  });
  describeKeys(gettext("Objects"), [
    [["1", "…", "5"], gettext("Another view")],
    ["L", gettext("Turn together or apart")],
    ["R", gettext("Turntable")],
    [["←", "↑", "↓", "→"], gettext("Turn the object that has the focus")],
    [["+", "−", "0"], gettext("Nearer, farther, as at first")],
  ]);
  closeWithEscape(desk);
  leaveRoom(desk);
}

/**
 * The single keys of the desk, as long as such keys are switched on.
 * @param {HTMLElement} desk
 * @param {(key: string) => boolean} press whether the key did something
 */
function watchKeys(desk, press) {
  const show = () => {
    desk.dataset.keys = areKeysOn() ? "on" : "off";
  };
  document.addEventListener("change", show);
  show();
  document.addEventListener("keydown", (event) => {
    if (drawn().length === 0 || event.repeat || event.defaultPrevented || !areKeysOn()) return;
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (press(event.key.toLowerCase())) event.preventDefault();
  });
}

/**
 * Arrow keys walk through the choices, as in any group of radio buttons.
 * @param {HTMLButtonElement[]} choices
 * @param {(chosen: HTMLButtonElement) => void} choose
 */
function walk(choices, choose) {
  const steps = new Map(
    Object.entries({ ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }),
  );
  choices.forEach((choice, index) => {
    choice.addEventListener("keydown", (event) => {
      const step = steps.get(event.key);
      const next = choices[(index + (step ?? 0) + choices.length) % choices.length];
      if (!step || !next) return;
      event.preventDefault();
      next.focus();
      choose(next);
    });
  });
}

/** @param {HTMLElement} desk */
function closeWithEscape(desk) {
  const help = desk.querySelector("details");
  if (!help) return;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !help.open) return;
    help.open = false;
    help.querySelector("summary")?.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !help.contains(event.target)) help.open = false;
  });
}

/**
 * On a phone the desk stands on the vote bar, whatever its height.
 * @param {HTMLElement} desk
 */
function leaveRoom(desk) {
  const bar = document.querySelector("[data-verdict]");
  if (!bar) return;
  const watch = new ResizeObserver(() => {
    desk.style.setProperty("--below", `${bar.getBoundingClientRect().height}px`);
  });
  watch.observe(bar);
}

/**
 * @param {HTMLElement} desk
 * @param {string} selector
 */
function buttons(desk, selector) {
  return /** @type {HTMLButtonElement[]} */ ([...desk.querySelectorAll(selector)]);
}

/**
 * @param {HTMLElement} desk
 * @param {string} selector
 */
function button(desk, selector) {
  const [found] = buttons(desk, selector);
  if (!found) throw new Error(`the desk has no ${selector}`);
  return found;
}

/** @param {EventTarget | null} target */
function isWriting(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select"))
  );
}
