/** Images shown in turn, by hand or about once a second. */

/** Milliseconds for which each image is shown: far below three flashes a second (WCAG 2.3.1). */
const PERIOD_MS = 1000;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** @returns {boolean} whether images may change by themselves */
export function mayBlink() {
  return !calm.matches;
}

/** A timer that never runs where less motion is preferred. */
export class Blinker {
  #timer = 0;
  #step;
  #onChange;

  /**
   * @param {() => void} step shows the next image
   * @param {() => void} onChange called when it starts, stops, or may no longer run
   */
  constructor(step, onChange) {
    this.#step = step;
    this.#onChange = onChange;
    calm.addEventListener("change", this.#onCalm);
  }

  get isRunning() {
    return this.#timer !== 0;
  }

  start() {
    if (this.isRunning || !mayBlink()) return;
    this.#timer = setInterval(this.#step, PERIOD_MS);
    this.#onChange();
  }

  stop() {
    if (!this.isRunning) return;
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#onChange();
  }

  /** Stop for good. */
  dispose() {
    clearInterval(this.#timer);
    this.#timer = 0;
    calm.removeEventListener("change", this.#onCalm);
  }

  #onCalm = () => {
    this.stop();
    this.#onChange();
  };
}
