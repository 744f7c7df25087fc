/** One time line for all clips of a battle: which one sounds, where, how fast, how loud; no page. */
import { decode, Engine } from "./audio-engine.js";
import { Heard } from "./audio-heard.js";
import { keepHeard, keepLoudness, recallHeard, recallLoudness } from "./audio-memory.js";

/** @typedef {import("./audio-engine.js").Section} Section */
/** @typedef {import("./audio-heard.js").Engagement} Engagement */
/** @typedef {{element: HTMLElement, src: string, isReady: boolean}} Lane */

/** Shortest section, in seconds: less is a rattle. */
export const SHORTEST_S = 1;

/** Speeds that are offered. */
export const RATES = [0.75, 1, 1.25, 1.5];

/** Milliseconds between two looks at the position, and between two events that tell it. */
const LOOK_MS = 100;
const TELL_MS = 2000;

export class Deck {
  #engine = new Engine(() => this.pause());
  /** @type {Map<number, Lane>} */
  #lanes = new Map();
  /** @type {Set<() => void>} */
  #watchers = new Set();
  #heard = new Heard();
  #at = 0;
  #wish = 0;
  #look = 0;
  #told = 0;
  #turns = 0;
  /** Whether the sound runs; `isPlaying` is already true while it is opened. */
  #isSounding = false;

  /** What sounds, or would. */
  seat = -1;
  isPlaying = false;
  duration = 0;
  rate = 1;
  /** @type {Section | null} */
  section = null;
  volume = 1;
  isMuted = false;

  constructor() {
    Object.assign(this, recallLoudness());
    this.#engine.setVolume(this.loudness);
  }

  // ── clips ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Load a clip.
   * @param {HTMLElement} element from which its events are sent
   * @param {number} seat
   * @param {string} src
   * @param {number} duration seconds; 0 when only the clip itself knows
   * @returns {Promise<void>} rejected when it cannot be had
   */
  async join(element, seat, src, duration) {
    const lane = { element, src, isReady: false };
    this.#lanes.set(seat, lane);
    this.#heard.set(seat, recallHeard(src));
    const answer = await fetch(src);
    if (!answer.ok) throw new Error(`${src} answers ${answer.status}`);
    const buffer = await decode(await answer.arrayBuffer());
    if (this.#lanes.get(seat) !== lane) return;
    await this.#engine.add(seat, buffer);
    if (this.#lanes.get(seat) !== lane) return;
    lane.isReady = true;
    this.#turns = 0;
    this.duration = Math.max(this.duration, duration || buffer.duration);
    if (!this.#lanes.get(this.seat)?.isReady || (!this.isPlaying && this.#at === 0)) this.#first();
    this.#changed();
  }

  /**
   * Its pane shows something else now.
   * @param {HTMLElement} element
   */
  leave(element) {
    for (const [seat, lane] of this.#lanes) {
      if (lane.element !== element) continue;
      if (seat === this.seat) this.pause();
      this.#lanes.delete(seat);
      this.#engine.remove(seat);
    }
    this.#changed();
  }

  /** Take the first clip that is here. */
  #first() {
    const [seat] = this.seats;
    if (seat === undefined) return;
    this.seat = seat;
    this.#engine.choose(seat);
  }

  /** Seats whose clip is here, in their order. */
  get seats() {
    return [...this.#lanes].filter(([, lane]) => lane.isReady).map(([seat]) => seat).sort((a, b) => a - b);
  }

  // ── playing ─────────────────────────────────────────────────────────────────────────────────

  get position() {
    return this.#isSounding ? Math.min(this.#engine.position, this.duration) : this.#at;
  }

  /** To be called in a touch, click or key. */
  async play() {
    if (this.isPlaying || !this.seats.includes(this.seat)) return;
    const wish = (this.#wish += 1);
    if (this.#at >= this.duration - 0.05) this.#at = this.section?.from ?? 0;
    this.isPlaying = true;
    this.#changed();
    try {
      await this.#engine.wake();
    } catch {
      if (wish === this.#wish) this.isPlaying = false;
      this.#changed();
      return;
    }
    if (wish !== this.#wish) return;
    this.#isSounding = true;
    this.#start(this.#at);
    this.#tellPlay(this.#at);
    this.#look = setInterval(() => this.#onLook(), LOOK_MS);
    this.#frame();
  }

  pause() {
    if (!this.isPlaying) return;
    this.#wish += 1;
    this.isPlaying = false;
    if (this.#isSounding) {
      this.#at = this.position;
      this.#isSounding = false;
      clearInterval(this.#look);
      this.#engine.stop();
      this.#tell({ seat: this.seat, kind: "pause", position_s: this.#at });
    }
    this.#changed();
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  /**
   * Hear another answer, at the same position.
   * @param {number} seat
   * @returns {boolean} whether its clip is here
   */
  choose(seat) {
    if (!this.seats.includes(seat)) return false;
    if (seat === this.seat) return true;
    const at = this.position;
    if (this.#isSounding) this.#tell({ seat: this.seat, kind: "pause", position_s: at });
    this.seat = seat;
    this.#engine.choose(seat);
    if (this.#isSounding) this.#tellPlay(at);
    this.#changed();
    return true;
  }

  /**
   * @param {number} to seconds; outside the section it ends the section
   */
  seek(to) {
    const goal = Math.max(0, Math.min(to, this.duration));
    if (this.section && (goal < this.section.from || goal >= this.section.to)) this.setSection(null);
    this.#move(goal);
  }

  /**
   * @param {number} by seconds, no further than the ends of the section
   */
  seekBy(by) {
    const { from, to } = this.section ?? { from: 0, to: this.duration };
    const last = this.section ? to - 0.05 : to;
    this.#move(Math.max(from, Math.min(this.position + by, last)));
  }

  /** @param {number} to */
  #move(to) {
    if (this.seats.length === 0) return;
    const from = this.position;
    this.#at = to;
    if (this.#isSounding) this.#start(to);
    this.#tell({ seat: this.seat, kind: "seek", from_s: from, to_s: to });
    this.#changed();
  }

  /**
   * Repeat a section, or nothing.
   * @param {Section | null} wanted
   */
  setSection(wanted) {
    if (this.seats.length === 0 || (!wanted && !this.section)) return;
    const at = this.position;
    this.section = wanted && this.#fitted(wanted);
    const { section } = this;
    this.#tell(
      section
        ? { seat: null, kind: "loop", from_s: section.from, to_s: section.to }
        : { seat: null, kind: "loop" },
    );
    if (section && (at < section.from || at >= section.to)) this.#move(section.from);
    else if (this.#isSounding) this.#start(at);
    this.#changed();
  }

  /** @param {Section} wanted */
  #fitted({ from, to }) {
    const length = Math.min(Math.max(SHORTEST_S, Math.abs(to - from)), this.duration);
    const start = Math.max(0, Math.min(from, to, this.duration - length));
    return { from: start, to: start + length };
  }

  /**
   * @param {number} rate one of RATES
   * @returns {Promise<void>} rejected when the clips cannot be had at it
   */
  async setRate(rate) {
    if (rate === this.rate || !(await this.#engine.setRate(rate))) return;
    this.rate = rate;
    this.#turns = 0;
    this.#tell({ seat: this.seat, kind: "rate", value: rate });
    this.#changed();
  }

  // ── loudness ────────────────────────────────────────────────────────────────────────────────

  /** 0..1, 0 when muted. */
  get loudness() {
    return this.isMuted ? 0 : this.volume;
  }

  /**
   * @param {number} volume 0..1
   * @param {boolean} isMuted
   * @param {boolean} isSettled false while a slider is still moved
   */
  setLoudness(volume, isMuted, isSettled = true) {
    this.volume = Math.max(0, Math.min(volume, 1));
    this.isMuted = isMuted;
    this.#engine.setVolume(this.loudness);
    if (isSettled) {
      keepLoudness(this);
      if (this.#isSounding) this.#heard.reach(this.position);
      this.#tell({ seat: this.seat, kind: "volume", value: this.loudness });
    }
    this.#changed();
  }

  // ── what is told ────────────────────────────────────────────────────────────────────────────

  /** @param {number} seat */
  heard(seat) {
    return this.#heard.of(seat);
  }

  /**
   * @param {() => void} watcher called with each change, and with each frame while it plays
   * @returns {() => void} to stop
   */
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #changed() {
    for (const watcher of this.#watchers) watcher();
  }

  #frame() {
    if (!this.isPlaying) return;
    this.#changed();
    requestAnimationFrame(() => this.#frame());
  }

  /** @param {number} from */
  #start(from) {
    this.#turns = 0;
    this.#engine.start(from, this.section);
  }

  #onLook() {
    const { turns } = this.#engine;
    if (this.section && turns > this.#turns) {
      // Told at both ends, so that nothing of the section is missing in the sum.
      this.#turns = turns;
      this.#tellPlaying(this.section.to);
      this.#tellPlaying(this.section.from);
    }
    if (!this.section && this.position >= this.duration) this.pause();
    else if (performance.now() - this.#told >= TELL_MS) this.#tellPlaying(this.position);
    else this.#heard.reach(this.position);
  }

  /** @param {number} at */
  #tellPlay(at) {
    this.#told = performance.now();
    const { seat, rate, loudness } = this;
    this.#tell({ seat, kind: "play", position_s: at, rate, volume: loudness });
  }

  /** @param {number} at */
  #tellPlaying(at) {
    this.#told = performance.now();
    this.#tell({ seat: this.seat, kind: "playing", position_s: at });
  }

  /** @param {Engagement} detail */
  #tell(detail) {
    this.#heard.take(detail);
    const lane = this.#lanes.get(detail.seat ?? this.seat);
    lane?.element.dispatchEvent(new CustomEvent("agon:engaged", { bubbles: true, detail }));
    if (lane && detail.kind === "pause") keepHeard(lane.src, this.heard(this.seat));
  }
}

/** The deck of this page. */
export const deck = new Deck();
