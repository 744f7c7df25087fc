/** Images compared in one dialog: side by side, swiped over each other, or blinking. */
import { Blinker, mayBlink } from "./image-blink.js";
import { areKeysOn, buildHelp } from "./image-keys.js";
import { answerSelect, choiceRow, make, setAble, toolButton, toolGroup } from "./image-parts.js";
import { ImageStage } from "./image-stage.js";
import { keep, recall } from "./storage.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./image-stage.js").Answer} Answer */
/** @typedef {import("./image-stage.js").Mode} Mode */

const MODES = /** @type {Array<{value: Mode, text: string, icon: string}>} */ ([
  { value: "side", text: gettext("Side by side"), icon: "columns" },
  { value: "swipe", text: gettext("Swipe"), icon: "swipe" },
  { value: "blink", text: gettext("Blink"), icon: "blink" },
]);

/** One press of an arrow moves the images by this many CSS pixels, the divider by this part. */
const STEP_PX = 64;
const STEP_SPLIT = 0.05;

/** Where images have no room beside each other, a click on one shows it alone, and large. */
const NARROW = "(max-width: 52rem) and (orientation: portrait)";

/** @type {Record<string, [number, number]>} */
const ARROWS = {
  ArrowLeft: [STEP_PX, 0],
  ArrowUp: [0, STEP_PX],
  ArrowDown: [0, -STEP_PX],
  ArrowRight: [-STEP_PX, 0],
};

/** @type {Record<string, string>} */
const FURTHER = {
  ArrowLeft: gettext("Look further left"),
  ArrowUp: gettext("Look further up"),
  ArrowDown: gettext("Look further down"),
  ArrowRight: gettext("Look further right"),
};

/**
 * The images of the battle that have arrived; a model's name only where the page tells it already.
 * @returns {Answer[]}
 */
export function answersOnPage() {
  /** @type {Answer[]} */
  const answers = [];
  for (const pane of document.querySelectorAll("answer-pane")) {
    const image = pane.querySelector("[data-picture] img");
    if (!(image instanceof HTMLImageElement) || !image.complete || !image.naturalWidth) continue;
    const letter = pane.getAttribute("letter") ?? "";
    const model = pane.querySelector("[data-pane-name]")?.textContent?.trim() ?? "";
    const title = interpolate(gettext("Answer %(letter)s"), { letter });
    answers.push({ letter, title, model, image });
  }
  return answers;
}

/**
 * Open the comparison of the images on the page; with an image, that one is shown first.
 * @param {HTMLImageElement} [image]
 * @param {string} [title] of an image that is no answer of a battle
 */
export function openCompare(image, title = gettext("Image")) {
  if (document.querySelector("dialog[open]")) return;
  let answers = answersOnPage();
  const first = answers.findIndex((answer) => answer.image === image);
  if (image && first < 0) answers = [{ letter: "", title, model: "", image }];
  if (answers.length === 0) return;
  const kept = MODES.find(({ value }) => value === recall("compare"))?.value ?? "side";
  const mode = image && matchMedia(NARROW).matches ? "blink" : kept;
  new ImageCompare(answers, answers.length > 1 ? mode : "side", Math.max(0, first)).open();
}

class ImageCompare {
  #answers;
  #stage;
  #isPair;
  #dialog = make("dialog", "compare");
  #status = make("p", "visually-hidden");
  #zoom = make("output", "compare-zoom");
  #range = document.createElement("input");
  #note = make("span", "compare-note", gettext("Only by hand: your system asks for less motion."));
  /** @type {HTMLSelectElement[]} */
  #selects = [];
  /** @type {Record<string, HTMLButtonElement>} */
  #buttons = {};
  #help = buildHelp();
  #blinker = new Blinker(
    () => this.#showNext(),
    () => this.#update(),
  );

  /**
   * @param {Answer[]} answers
   * @param {Mode} mode
   * @param {number} shown
   */
  constructor(answers, mode, shown) {
    this.#answers = answers;
    this.#isPair = answers.length > 1;
    this.#stage = new ImageStage(answers, () => this.#update());
    this.#stage.mode = mode;
    this.#stage.shown = shown;
    this.#build();
  }

  open() {
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#stage.element.focus();
    this.#stage.mode = this.#stage.mode; // laid out only now
  }

  #build() {
    const head = make("header", "compare-head");
    const heading = make("h2", "compare-title");
    const [first] = this.#answers;
    heading.textContent = this.#isPair ? gettext("Compare the images") : (first?.title ?? "");
    heading.id = "compare-title";
    head.append(heading);
    if (this.#isPair) {
      const choose = (/** @type {string} */ mode) => this.#setMode(/** @type {Mode} */ (mode));
      head.append(choiceRow(gettext("Kind of view"), MODES, this.#stage.mode, choose));
    }
    const close = toolButton(gettext("Close"), () => this.#dialog.close(), { icon: "close" });
    const end = make("div", "compare-end");
    end.append(this.#help, close);
    head.append(end);

    const tools = make("div", "compare-tools");
    if (this.#isPair) tools.append(this.#swipeTools(), this.#blinkTools());
    tools.append(this.#zoomTools(), this.#moveTools());
    this.#status.setAttribute("role", "status");

    const dialog = this.#dialog;
    dialog.setAttribute("aria-labelledby", heading.id);
    dialog.append(head, this.#stage.element, tools, this.#status);
    dialog.addEventListener("keydown", (event) => this.#onKey(event));
    dialog.addEventListener("close", () => {
      this.#blinker.dispose();
      this.#stage.dispose();
      dialog.remove();
    });
  }

  #swipeTools() {
    const range = this.#range;
    range.type = "range";
    range.min = "0";
    range.max = "100";
    range.setAttribute("aria-label", gettext("Divider"));
    range.addEventListener("input", () => {
      this.#stage.split = Number(range.value) / 100;
    });
    const [left, right] = [this.#sideLabel(0), this.#sideLabel(1)];
    return toolGroup("compare-swipe", gettext("Swipe"), left, range, right);
  }

  /** @param {0 | 1} side 0 is left of the divider */
  #sideLabel(side) {
    const letters = this.#answers.map(({ letter }) => letter);
    if (letters.length === 2) {
      const mark = make("span", "compare-letter", letters[side]);
      mark.dataset.seat = letters[side];
      mark.setAttribute("aria-hidden", "true");
      return mark;
    }
    const name = side === 0 ? gettext("Left of the divider") : gettext("Right of the divider");
    const select = answerSelect(name, letters, side, (index) => this.#stage.choose(side, index));
    this.#selects[side] = select;
    return select;
  }

  #blinkTools() {
    const [other, itself] = [gettext("Show the other"), gettext("Change by itself")];
    const swap = toolButton(other, () => this.#swap(), { text: other });
    const play = toolButton(itself, () => this.#play(), { text: itself });
    Object.assign(this.#buttons, { swap, play });
    return toolGroup("compare-blink", gettext("Blink"), swap, play, this.#note);
  }

  #zoomTools() {
    const out = toolButton(gettext("Zoom out"), () => this.#step(-1), { icon: "out" });
    const closer = toolButton(gettext("Zoom in"), () => this.#step(1), { icon: "in" });
    const whole = gettext("Fit: the whole image");
    const fit = toolButton(whole, () => this.#fit(), { text: gettext("Fit") });
    const pixels = gettext("1:1, actual pixels");
    const actual = toolButton(pixels, () => this.#actual(), { text: "1:1" });
    // A wheel changes it many times a second: only what a press does is read out.
    this.#zoom.setAttribute("aria-live", "off");
    this.#zoom.setAttribute("aria-label", gettext("Zoom"));
    Object.assign(this.#buttons, { out, closer, fit, actual });
    return toolGroup("compare-zooms", gettext("Zoom"), out, this.#zoom, closer, fit, actual);
  }

  #moveTools() {
    const buttons = Object.entries(ARROWS).map(([key, [dx, dy]]) => {
      const way = key.slice("Arrow".length).toLowerCase();
      const move = () => this.#stage.move(dx, dy);
      const button = toolButton(FURTHER[key] ?? "", move, { icon: `go-${way}` });
      this.#buttons[way] = button;
      return button;
    });
    return toolGroup("compare-moves", gettext("Move the images"), ...buttons);
  }

  // ── what is done ──────────────────────────────────────────────────────────────────────────

  /** @param {Mode} mode */
  #setMode(mode) {
    this.#blinker.stop();
    keep("compare", mode);
    this.#stage.mode = mode;
    const radio = this.#dialog.querySelector(`input[value="${mode}"]`);
    if (radio instanceof HTMLInputElement) radio.checked = true;
    // A tool of the mode that was left is gone, and the keys would go with its focus.
    if (!document.activeElement?.checkVisibility()) this.#stage.element.focus();
  }

  #nextMode() {
    const next = (MODES.findIndex(({ value }) => value === this.#stage.mode) + 1) % MODES.length;
    const { value, text } = MODES[next] ?? { value: "side", text: "" };
    this.#setMode(value);
    this.#say(text);
  }

  /** @param {1 | -1} direction */
  #step(direction) {
    this.#stage.step(direction);
    this.#sayZoom();
  }

  #fit() {
    this.#stage.fit();
    this.#sayZoom();
  }

  #actual() {
    this.#stage.zoomTo(1);
    this.#sayZoom();
  }

  #showNext() {
    this.#stage.shown += 1;
  }

  /** Show the next image by hand; what changed by itself then stands still. */
  #swap() {
    this.#blinker.stop();
    this.#showNext();
    const answer = this.#answers[this.#stage.shown]?.title ?? "";
    this.#say(interpolate(gettext("%(answer)s is shown"), { answer }));
  }

  #play() {
    if (this.#blinker.isRunning) this.#blinker.stop();
    else this.#blinker.start();
  }

  /** @param {string} text */
  #say(text) {
    this.#status.textContent = text;
  }

  #sayZoom() {
    const zoom = this.#zoom.textContent ?? "";
    this.#say(interpolate(gettext("Zoom %(zoom)s"), { zoom }));
  }

  #update() {
    const { zoom, mode, split, shown, pair, canMove } = this.#stage;
    this.#dialog.dataset.mode = mode;
    if (zoom) {
      const percent = `${Math.round(zoom.now * 100)}%`;
      this.#zoom.textContent = percent;
      const said = { seen: this.#seen(), zoom: percent };
      const label = interpolate(gettext("%(seen)s, zoom %(zoom)s"), said);
      this.#stage.element.setAttribute("aria-label", label);
      const { out, closer, fit, actual } = this.#buttons;
      if (out) setAble(out, !zoom.isLeast);
      if (closer) setAble(closer, !zoom.isMost);
      fit?.setAttribute("aria-pressed", String(zoom.isFit));
      actual?.setAttribute("aria-pressed", String(Math.abs(zoom.now - 1) < 0.001));
    }
    for (const way of ["left", "up", "down", "right"]) {
      const button = this.#buttons[way];
      if (button) setAble(button, canMove);
    }
    this.#range.value = String(Math.round(split * 100));
    const [left = "", right = ""] = pair.map((index) => this.#answers[index]?.letter);
    const onLeft = `${this.#range.value}%`;
    const onRight = `${100 - Number(this.#range.value)}%`;
    const parts = gettext("%(left)s on %(onLeft)s, %(right)s on %(onRight)s");
    this.#range.setAttribute("aria-valuetext", interpolate(parts, { left, onLeft, right, onRight }));
    this.#selects.forEach((select, side) => {
      select.value = String(pair[side]);
    });
    const next = this.#answers[(shown + 1) % this.#answers.length];
    if (this.#buttons.swap) {
      const words = { letter: next?.letter ?? "" };
      this.#buttons.swap.textContent = interpolate(gettext("Show %(letter)s"), words);
    }
    if (this.#buttons.play) {
      const { isRunning } = this.#blinker;
      this.#buttons.play.textContent = isRunning ? gettext("Stop") : gettext("Change by itself");
      setAble(this.#buttons.play, mayBlink());
    }
    this.#note.hidden = mayBlink();
  }

  /** What is seen, in words. */
  #seen() {
    const titles = this.#answers.map(({ title }) => title);
    const { mode, shown, pair } = this.#stage;
    if (mode === "blink") {
      return interpolate(gettext("%(answer)s alone"), { answer: titles[shown] ?? "" });
    }
    if (mode === "swipe") {
      const [one = "", other = ""] = pair.map((index) => titles[index]);
      return interpolate(gettext("%(one)s over %(other)s"), { one, other });
    }
    return titles.reduce((one, other) =>
      interpolate(gettext("%(one)s and %(other)s"), { one, other }),
    );
  }

  // ── keys ──────────────────────────────────────────────────────────────────────────────────

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.#actOf(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {(() => void) | undefined}
   */
  #actOf(event) {
    const isField = event.target instanceof Element && event.target.matches("input, select");
    const arrow = ARROWS[event.key];
    if (arrow) {
      if (isField) return undefined;
      if (this.#stage.mode === "swipe" && arrow[0] !== 0 && !event.shiftKey) {
        return () => {
          this.#stage.split -= Math.sign(arrow[0]) * STEP_SPLIT;
        };
      }
      return () => this.#stage.move(...arrow);
    }
    if (event.key === " ") {
      const isHere = this.#stage.mode === "blink" && event.target === this.#stage.element;
      return isHere ? () => this.#swap() : undefined;
    }
    if (!areKeysOn() || (event.target instanceof Element && event.target.matches("select"))) {
      return undefined;
    }
    return this.#keys()[event.key.toLowerCase()];
  }

  /** @returns {Record<string, () => void>} */
  #keys() {
    /** @type {Record<string, () => void>} */
    const keys = {
      "+": () => this.#step(1),
      "=": () => this.#step(1),
      "-": () => this.#step(-1),
      0: () => this.#fit(),
      1: () => this.#actual(),
      "?": () => {
        this.#help.open = !this.#help.open;
      },
      z: () => this.#dialog.close(),
    };
    if (this.#isPair) keys.m = () => this.#nextMode();
    if (this.#stage.mode === "blink") {
      keys.s = () => this.#swap();
      keys.p = () => this.#play();
    }
    return keys;
  }
}
