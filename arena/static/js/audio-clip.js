/** `<audio-clip src peaks duration name>`: a player with a waveform that can be sought by keyboard. */

const SVG = "http://www.w3.org/2000/svg";

/** Bars in a waveform: few enough to be read as a shape on a phone. */
const BARS = 72;

/** Seconds that an arrow key and a page key move. */
const STEP_S = 2;
const PAGE_S = 10;

/** The clip that plays now: only one does, and a switch keeps the position. @type {AudioClip | null} */
let playing = null;

/** @param {number} seconds */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/**
 * Loudest value in each of `count` equal parts.
 * @param {number[]} peaks
 * @param {number} count
 * @returns {number[]}
 */
export function resample(peaks, count) {
  if (peaks.length === 0) return Array(count).fill(0.3);
  return Array.from({ length: count }, (_, bar) => {
    const from = Math.floor((bar * peaks.length) / count);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / count));
    return Math.max(...peaks.slice(from, to));
  });
}

/**
 * Fires `agon:ready` when the sound can be played, `agon:failed` when it cannot be had.
 */
export class AudioClip extends HTMLElement {
  #audio = new Audio();
  #range = document.createElement("input");
  #button = document.createElement("button");
  #time = document.createElement("span");
  #head = document.createElement("span");
  /** @type {SVGRectElement[]} */
  #bars = [];
  #frame = 0;

  connectedCallback() {
    if (this.querySelector(".clip")) return;
    const name = this.getAttribute("name") ?? "Answer";
    this.#build(name);
    const audio = this.#audio;
    audio.preload = "auto";
    audio.addEventListener("loadedmetadata", () => {
      this.#show();
      this.#settle("ready");
    });
    audio.addEventListener("error", () => this.#settle("failed"));
    audio.addEventListener("play", () => this.#onPlay(name));
    audio.addEventListener("pause", () => this.#onPause(name));
    audio.addEventListener("ended", () => this.#show());
    audio.addEventListener("seeked", () => this.#show());
    audio.src = this.getAttribute("src") ?? "";
  }

  disconnectedCallback() {
    this.#audio.pause();
    cancelAnimationFrame(this.#frame);
    if (playing === this) playing = null;
  }

  get #duration() {
    const known = this.#audio.duration;
    return Number.isFinite(known) ? known : Number(this.getAttribute("duration")) || 0;
  }

  /** @param {"ready" | "failed"} state */
  #settle(state) {
    if (this.dataset.state) return;
    this.dataset.state = state;
    this.dispatchEvent(new CustomEvent(`agon:${state}`));
  }

  /** @param {string} name */
  #build(name) {
    const clip = document.createElement("div");
    clip.className = "clip";
    clip.setAttribute("role", "group");
    clip.setAttribute("aria-label", `Player of ${name}`);

    const button = this.#button;
    button.type = "button";
    button.className = "clip-play";
    button.setAttribute("aria-label", `Play ${name}`);
    for (const icon of ["play", "pause"]) {
      const glyph = document.createElement("span");
      glyph.className = `glyph glyph-${icon}`;
      glyph.setAttribute("aria-hidden", "true");
      button.append(glyph);
    }
    button.addEventListener("click", () => this.#toggle());

    const wave = document.createElement("div");
    wave.className = "clip-wave";
    wave.append(this.#wave(), this.#head, this.#range);
    this.#head.className = "clip-head";

    const range = this.#range;
    range.type = "range";
    range.min = "0";
    range.step = "any";
    range.value = "0";
    range.setAttribute("aria-label", `Position in ${name}`);
    range.addEventListener("input", () => this.#seek(Number(range.value)));
    range.addEventListener("keydown", (event) => this.#onKey(event));

    this.#time.className = "clip-time";
    clip.append(button, wave, this.#time);
    this.replaceChildren(clip);
    this.#show();
  }

  #wave() {
    /** @type {number[]} */
    let peaks = [];
    try {
      peaks = JSON.parse(this.getAttribute("peaks") || "[]");
    } catch {
      // A waveform is an aid; without it the bars are level.
    }
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${BARS} 100`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    this.#bars = resample(peaks, BARS).map((peak, index) => {
      const height = Math.max(4, Math.min(1, peak) * 96);
      const rect = document.createElementNS(SVG, "rect");
      rect.setAttribute("x", String(index + 0.2));
      rect.setAttribute("width", "0.6");
      rect.setAttribute("y", String(50 - height / 2));
      rect.setAttribute("height", String(height));
      rect.setAttribute("rx", "0.3");
      return rect;
    });
    svg.append(...this.#bars);
    return svg;
  }

  #toggle() {
    if (!this.#audio.paused) {
      this.#audio.pause();
      return;
    }
    // Switching from one answer to the other keeps the place, so that the same bars are compared.
    if (playing && playing !== this) {
      const at = playing.#audio.currentTime;
      this.#audio.currentTime = at < this.#duration ? at : 0;
    }
    this.#audio.play().catch(() => this.#onPause(this.getAttribute("name") ?? "Answer"));
  }

  /** @param {string} name */
  #onPlay(name) {
    if (playing && playing !== this) playing.#audio.pause();
    playing = this;
    this.#button.setAttribute("aria-label", `Pause ${name}`);
    this.#button.dataset.playing = "";
    const tick = () => {
      this.#show();
      this.#frame = requestAnimationFrame(tick);
    };
    cancelAnimationFrame(this.#frame);
    tick();
  }

  /** @param {string} name */
  #onPause(name) {
    cancelAnimationFrame(this.#frame);
    if (playing === this) playing = null;
    delete this.#button.dataset.playing;
    this.#button.setAttribute("aria-label", `Play ${name}`);
    this.#show();
  }

  /** @param {number} seconds */
  #seek(seconds) {
    this.#audio.currentTime = Math.max(0, Math.min(seconds, this.#duration));
    this.#show();
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
    const move = moves[event.key];
    if (move !== undefined) {
      event.preventDefault();
      this.#seek(this.#audio.currentTime + move);
    } else if (event.key === " ") {
      event.preventDefault();
      this.#toggle();
    }
  }

  #show() {
    const duration = this.#duration;
    const now = this.#audio.currentTime;
    const part = duration > 0 ? now / duration : 0;
    this.#range.max = String(duration || 1);
    this.#range.value = String(now);
    this.#range.setAttribute("aria-valuetext", `${clock(now)} of ${clock(duration)}`);
    this.#time.textContent = `${clock(now)} / ${clock(duration)}`;
    this.#head.style.insetInlineStart = `${part * 100}%`;
    this.#bars.forEach((bar, index) => {
      bar.classList.toggle("is-played", (index + 0.5) / BARS < part);
    });
  }
}

customElements.define("audio-clip", AudioClip);
