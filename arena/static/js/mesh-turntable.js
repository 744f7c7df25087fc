/** The turntable: every object turns once around, slowly, all at one speed. */
import { turned } from "./mesh-pose.js";

/** @typedef {import("./mesh-view.js").MeshView} MeshView */

const ROUND = 2 * Math.PI;

/** Seconds of one round: slow enough to look at every side. */
const ROUND_S = 16;

/** The longest time, in seconds, that one frame counts for: after a pause nothing jumps. */
const LONGEST_FRAME_S = 0.1;

/** Where motion is not wanted, one press turns by a twelfth. */
const STEP = ROUND / 12;

export class Turntable {
  #views;
  #onChange;
  /** The part of the round, in radians, that is still to go; 0 when it stands. */
  #left = 0;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {() => MeshView[]} views
   * @param {() => void} onChange called when it starts or stops, or is to go in steps
   */
  constructor(views, onChange) {
    this.#views = views;
    this.#onChange = onChange;
    this.#calm.addEventListener("change", () => {
      this.stop();
      this.#onChange();
    });
  }

  get isOn() {
    return this.#left > 0;
  }

  /** Whether it goes in steps, as whoever prefers less motion has it. */
  get isStepped() {
    return this.#calm.matches;
  }

  /** Start, stop, or go a step. */
  press() {
    if (this.#calm.matches) this.#turn(STEP);
    else if (this.isOn) this.stop();
    else this.#start();
  }

  stop() {
    if (!this.isOn) return;
    this.#left = 0;
    this.#tell(false);
  }

  #start() {
    this.#left = ROUND;
    this.#tell(true);
    let last = performance.now();
    /** @param {number} now milliseconds */
    const frame = (now) => {
      if (!this.isOn) return;
      const passed = Math.min((now - last) / 1000, LONGEST_FRAME_S);
      last = now;
      // A hand on an object holds them all.
      if (passed > 0 && !this.#views().some((view) => view.isHeld)) {
        const angle = Math.min(this.#left, (passed / ROUND_S) * ROUND);
        this.#turn(angle);
        if (angle === this.#left) this.stop();
        else this.#left -= angle;
      }
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** @param {number} angle radians */
  #turn(angle) {
    for (const view of this.#views()) view.pose = turned(view.pose, angle, 0);
  }

  /** @param {boolean} on */
  #tell(on) {
    this.#onChange();
    for (const view of this.#views()) view.engage("turntable", { on });
  }
}
