/** An order with ties over letters that is being made, best first. Pure: no page. */
import { gettext, interpolate } from "./words.js";

/** Group by group: `[["c"], ["a", "b"]]` is C first, then A and B alike. */
export class Ranking {
  /** @type {string[][]} */
  #groups = [];
  /** @type {string[]} */
  #letters;

  /** @param {string[]} letters all that are to be placed */
  constructor(letters) {
    this.#letters = letters;
  }

  get groups() {
    return this.#groups;
  }

  /** Those that are not placed yet. */
  get left() {
    const placed = this.#groups.flat();
    return this.#letters.filter((letter) => !placed.includes(letter));
  }

  /** The letter that was placed last or stands last. */
  get last() {
    return this.#groups.at(-1)?.at(-1) ?? "";
  }

  /** As it is sent, "c>a=b"; empty until all are placed. */
  get order() {
    if (this.left.length > 0) return "";
    return this.#groups.map((group) => group.join("=")).join(">");
  }

  /** In words: "C, then A and B". */
  get words() {
    const groups = this.#groups.map((group) =>
      group
        .map((one) => one.toUpperCase())
        .reduce((one, other) => interpolate(gettext("%(one)s and %(other)s"), { one, other })),
    );
    if (groups.length === 0) return "";
    return groups.reduce((before, after) =>
      interpolate(gettext("%(before)s, then %(after)s"), { before, after }),
    );
  }

  /** @param {string} letter that goes to the end; nothing happens where it is placed already */
  place(letter) {
    if (this.left.includes(letter)) this.#groups.push([letter]);
  }

  /**
   * Put it before another; at the end where there is no other.
   * @param {string} letter
   * @param {string} [other]
   */
  insert(letter, other = "") {
    if (letter === other) return;
    this.takeBack(letter);
    const at = this.#groupOf(other);
    this.#groups.splice(at < 0 ? this.#groups.length : at, 0, [letter]);
  }

  /**
   * Make it alike with another that is placed.
   * @param {string} letter
   * @param {string} other
   */
  join(letter, other) {
    if (letter === other) return;
    this.takeBack(letter);
    this.#groups[this.#groupOf(other)]?.push(letter);
  }

  /** @param {string} letter */
  takeBack(letter) {
    this.#groups = this.#groups
      .map((group) => group.filter((one) => one !== letter))
      .filter((group) => group.length > 0);
  }

  /**
   * Make it alike with those before it; where it is alike already, put it right after them.
   * @param {string} letter
   */
  tie(letter) {
    const at = this.#groupOf(letter);
    const group = this.#groups[at];
    if (!group) return;
    if (group.length > 1) this.#split(at, letter, 1);
    else if (at > 0) this.#groups.splice(at - 1, 2, [...(this.#groups[at - 1] ?? []), letter]);
  }

  /**
   * Move it one place; out of a tie first.
   * @param {string} letter
   * @param {-1 | 1} step -1 is better, 1 is worse
   */
  move(letter, step) {
    const at = this.#groupOf(letter);
    const group = this.#groups[at];
    if (!group) return;
    if (group.length > 1) {
      this.#split(at, letter, step);
      return;
    }
    const to = at + step;
    if (to < 0 || to >= this.#groups.length) return;
    this.#groups.splice(at, 1);
    this.#groups.splice(to, 0, group);
  }

  /**
   * @param {number} at
   * @param {string} letter
   * @param {-1 | 1} step
   */
  #split(at, letter, step) {
    const rest = (this.#groups[at] ?? []).filter((one) => one !== letter);
    this.#groups.splice(at, 1, ...(step < 0 ? [[letter], rest] : [rest, [letter]]));
  }

  /** @param {string} letter */
  #groupOf(letter) {
    return this.#groups.findIndex((group) => group.includes(letter));
  }
}
