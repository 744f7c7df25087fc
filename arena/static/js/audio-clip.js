/** `<audio-clip src peaks duration name>`: one answer's lane on the time line that all share. */
import { deck } from "./audio-deck.js";
import { total } from "./audio-heard.js";
import { Wave } from "./audio-wave.js";
import { gettext, interpolate } from "./words.js";

/** Seconds that an arrow key and a page key move. */
export const STEP_S = 2;
const PAGE_S = 10;

/** Pixels after which a press on the waveform is a drag. */
const DRAG_PX = 8;

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds + 0.001));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/**
 * Fires `agon:ready` when the sound can be played, `agon:failed` when it cannot be had.
 */
export class AudioClip extends HTMLElement {
  #range = document.createElement("input");
  #button = document.createElement("button");
  #surface = document.createElement("div");
  #note = document.createElement("span");
  #wave = new Wave("");
  #unwatch = () => {};
  /** Where a press began. @type {{x: number, share: number, isDrag: boolean} | null} */
  #press = null;

  connectedCallback() {
    if (!this.querySelector(".lane")) this.#build();
    this.#unwatch = deck.watch(() => this.#show());
    deck
      .join(this, this.seat, this.getAttribute("src") ?? "", Number(this.getAttribute("duration")) || 0)
      .then(() => this.#settle("ready"), () => this.#settle("failed"));
    this.#show();
  }

  disconnectedCallback() {
    this.#unwatch();
    deck.leave(this);
  }

  get seat() {
    return Number(this.closest("answer-pane")?.getAttribute("seat"));
  }

  get #name() {
    return this.getAttribute("name") ?? gettext("Answer");
  }

  /** @param {"ready" | "failed"} state */
  #settle(state) {
    if (this.dataset.state || !this.isConnected) return;
    this.dataset.state = state;
    this.#show();
    this.dispatchEvent(new CustomEvent(`agon:${state}`));
  }

  #build() {
    const name = this.#name;
    const lane = document.createElement("div");
    lane.className = "lane";
    lane.setAttribute("role", "group");
    lane.setAttribute("aria-label", interpolate(gettext("Player of %(answer)s"), { answer: name }));

    const button = this.#button;
    button.type = "button";
    button.className = "lane-play";
    for (const icon of ["play", "pause"]) {
      const glyph = document.createElement("span");
      glyph.className = `sound-mark is-${icon}`;
      glyph.setAttribute("aria-hidden", "true");
      button.append(glyph);
    }
    button.addEventListener("click", () => this.#toggle());

    const range = this.#range;
    range.type = "range";
    range.min = "0";
    range.step = "any";
    range.value = "0";
    range.setAttribute("aria-label", interpolate(gettext("Position in %(answer)s"), { answer: name }));
    range.addEventListener("input", () => deck.seek(Number(range.value)));
    range.addEventListener("keydown", (event) => this.#onKey(event));
    range.addEventListener("blur", () => this.#show());

    this.#wave = new Wave(this.getAttribute("peaks") ?? "");
    const surface = this.#surface;
    surface.className = "lane-wave";
    surface.append(...this.#wave.parts, range);
    surface.addEventListener("pointerdown", (event) => this.#onDown(event));
    surface.addEventListener("pointermove", (event) => this.#onMove(event));
    surface.addEventListener("pointerup", (event) => this.#onUp(event));
    surface.addEventListener("pointercancel", () => this.#endPress());

    this.#note.className = "lane-note";
    const foot = document.createElement("p");
    foot.className = "lane-foot";
    const key = document.createElement("kbd");
    key.setAttribute("aria-hidden", "true");
    key.textContent = String(this.seat + 1);
    foot.append(this.#note, key);
    lane.append(button, surface, foot);
    this.replaceChildren(lane);
  }

  get #isReady() {
    return this.dataset.state === "ready";
  }

  #toggle() {
    if (!this.#isReady) return;
    if (deck.seat === this.seat && deck.isPlaying) {
      deck.pause();
      return;
    }
    deck.choose(this.seat);
    deck.play();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    /** @type {Record<string, number>} */
    const moves = {
      ArrowLeft: -STEP_S,
      ArrowDown: -STEP_S,
      ArrowRight: STEP_S,
      ArrowUp: STEP_S,
      PageDown: -PAGE_S,
      PageUp: PAGE_S,
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = moves[event.key];
    if (move !== undefined) deck.seekBy(move);
    else if (event.key === "Home") deck.seek(0);
    else if (event.key === "End") deck.seek(deck.duration);
    else if (event.key === " ") deck.toggle();
    else return;
    event.preventDefault();
    this.#tellPlace();
  }

  // ── pointer: a press goes there, a drag repeats what lies between ───────────────────────────

  /** @param {PointerEvent} event */
  #share(event) {
    const box = this.#surface.getBoundingClientRect();
    return Math.max(0, Math.min((event.clientX - box.left) / box.width, 1));
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    if (!event.isPrimary || event.button !== 0 || !this.#isReady) return;
    this.#surface.setPointerCapture(event.pointerId);
    this.#press = { x: event.clientX, share: this.#share(event), isDrag: false };
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    const press = this.#press;
    if (!press || !event.isPrimary) return;
    press.isDrag ||= Math.abs(event.clientX - press.x) >= DRAG_PX;
    if (!press.isDrag) return;
    const share = this.#share(event);
    this.#wave.showSection({ from: Math.min(press.share, share), to: Math.max(press.share, share) });
  }

  /** @param {PointerEvent} event */
  #onUp(event) {
    const press = this.#press;
    if (!press || !event.isPrimary) return;
    const from = press.share * deck.duration;
    const to = this.#share(event) * deck.duration;
    this.#endPress();
    deck.choose(this.seat);
    if (press.isDrag) deck.setSection({ from, to });
    else deck.seek(to);
  }

  #endPress() {
    this.#press = null;
    this.#show();
  }

  // ── what is shown ───────────────────────────────────────────────────────────────────────────

  #show() {
    const { duration, position, section } = deck;
    const share = (/** @type {number} */ seconds) => (duration > 0 ? seconds / duration : 0);
    const isChosen = deck.seat === this.seat;
    const isPlaying = isChosen && deck.isPlaying;
    this.toggleAttribute("data-chosen", isChosen);
    this.#button.toggleAttribute("data-playing", isPlaying);
    const press = isPlaying ? gettext("Pause %(answer)s") : gettext("Play %(answer)s");
    this.#button.setAttribute("aria-label", interpolate(press, { answer: this.#name }));
    this.#button.disabled = !this.#isReady;
    this.#range.disabled = !this.#isReady;
    this.#wave.showPosition(share(position));
    if (!this.#press?.isDrag) {
      this.#wave.showSection(section && { from: share(section.from), to: share(section.to) });
    }
    const heard = deck.heard(this.seat);
    this.#wave.showHeard(heard.map(([from, to]) => [share(from), share(to)]));
    this.#note.textContent = heardText(total(heard), duration);
    // While it plays, a screen reader would say every step of the slider that has the focus.
    if (!isPlaying || document.activeElement !== this.#range) this.#tellPlace();
  }

  #tellPlace() {
    const { duration, position } = deck;
    this.#range.max = String(duration || 1);
    this.#range.value = String(position);
    const times = { position: clock(position), duration: clock(duration) };
    const text = interpolate(gettext("%(position)s of %(duration)s"), times);
    if (this.#range.getAttribute("aria-valuetext") !== text) {
      this.#range.setAttribute("aria-valuetext", text);
    }
  }
}

/**
 * @param {number} heard seconds
 * @param {number} duration seconds
 */
function heardText(heard, duration) {
  if (duration === 0) return "";
  if (heard < 0.5) return gettext("Not heard yet");
  if (heard > duration - 0.3) return gettext("All of it heard");
  const times = { heard: clock(heard), duration: clock(duration) };
  return interpolate(gettext("%(heard)s of %(duration)s heard"), times);
}

customElements.define("audio-clip", AudioClip);
