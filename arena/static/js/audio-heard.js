/** What of each answer was heard, from the engagement events alone; no page, no clock. */

/** Seconds between two stretches that are drawn as one. */
const SEAM_S = 0.05;

/** @typedef {[number, number]} Interval from and to, in seconds */

/** @typedef {object} Engagement one event of the player
 * @property {number | null} seat
 * @property {string} kind
 * @property {number} [position_s]
 * @property {number} [from_s]
 * @property {number} [to_s]
 * @property {number} [rate]
 * @property {number} [volume]
 * @property {number} [value]
 */

/**
 * Add a stretch to sorted stretches that do not touch.
 * @param {Interval[]} heard
 * @param {number} from
 * @param {number} to
 * @returns {Interval[]}
 */
export function joined(heard, from, to) {
  if (to <= from) return heard;
  const apart = heard.filter(([start, end]) => end < from - SEAM_S || start > to + SEAM_S);
  const near = heard.filter(([start, end]) => !(end < from - SEAM_S || start > to + SEAM_S));
  const start = Math.min(from, ...near.map((one) => one[0]));
  const end = Math.max(to, ...near.map((one) => one[1]));
  return [...apart, /** @type {Interval} */ ([start, end])].sort((a, b) => a[0] - b[0]);
}

/**
 * @param {Interval[]} heard
 * @returns {number} seconds
 */
export function total(heard) {
  return heard.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** Follows the events; sound that is switched off is not heard. */
export class Heard {
  /** @type {Map<number, Interval[]>} */
  #bySeat = new Map();
  /** What sounds, and since where. @type {{seat: number, at: number} | null} */
  #run = null;
  #isAudible = true;

  /** @param {number} seat */
  of(seat) {
    return this.#bySeat.get(seat) ?? [];
  }

  /**
   * @param {number} seat
   * @param {Interval[]} heard
   */
  set(seat, heard) {
    this.#bySeat.set(seat, heard);
  }

  /** @param {Engagement} event */
  take(event) {
    const at = event.position_s ?? 0;
    if (event.kind === "play") {
      this.#run = event.seat === null ? null : { seat: event.seat, at };
      this.#isAudible = event.volume !== 0;
    } else if (event.kind === "playing") this.reach(at);
    else if (event.kind === "pause") {
      this.reach(at);
      this.#run = null;
    } else if (event.kind === "seek") {
      this.reach(event.from_s ?? 0);
      if (this.#run) this.#run.at = event.to_s ?? 0;
    } else if (event.kind === "volume") this.#isAudible = event.value !== 0;
  }

  /**
   * The sound has come to a position; an earlier one means that a section began again.
   * @param {number} at seconds
   */
  reach(at) {
    const run = this.#run;
    if (!run) return;
    if (this.#isAudible) this.set(run.seat, joined(this.of(run.seat), run.at, at));
    run.at = at;
  }
}
