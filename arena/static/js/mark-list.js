/** The marks of a rationale: kept in order, listed under their answers, each with a note. */
import { gettext, interpolate } from "./words.js";

/**
 * @typedef {object} Mark
 * @property {number} position of the seat
 * @property {"span" | "region" | "range" | "view"} kind
 * @property {Record<string, any>} place as the server describes it for each kind
 * @property {boolean} is_good
 * @property {string} note
 *
 * @typedef {object} State what the server says
 * @property {number} most marks on one answer
 * @property {number} max_note characters
 * @property {Mark[]} marks
 * @property {(string | null)[]} texts what models wrote, by position; null where it is a file
 *
 * @typedef {object} Tool what one kind of mark needs
 * @property {(position: number, letter: string, into: HTMLElement) => void} build the controls
 * @property {(mark: Mark) => string} words where it is, in words
 * @property {(marks: readonly Mark[]) => void} draw all marks where they are
 * @property {(mark: Mark) => void} [find] bring it into view
 *
 * @typedef {object} Desk what a tool may do and ask
 * @property {State} state
 * @property {(position: number, place: Record<string, any>, isGood: boolean) => boolean} add
 *   a mark; false when there are too many
 */

/**
 * The pane of a seat.
 * @param {number} position
 * @returns {HTMLElement | null}
 */
export function paneOf(position) {
  return document.querySelector(`answer-pane[seat="${position}"]`);
}

/**
 * Bring something above into view.
 * @param {Element | null | undefined} element
 */
export function bringIntoView(element) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element?.scrollIntoView({ behavior: isCalm ? "auto" : "smooth", block: "center" });
}

/**
 * @param {string} text
 * @param {() => void} act
 * @returns {HTMLButtonElement}
 */
export function smallButton(text, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-small";
  button.textContent = text;
  button.addEventListener("click", act);
  return button;
}

/**
 * The two answers to "what is it that you mark?".
 * @param {(isGood: boolean) => void} pick
 * @returns {HTMLButtonElement[]}
 */
export function goodOrBad(pick) {
  return [
    smallButton(gettext("+ Good here"), () => pick(true)),
    smallButton(gettext("− Bad here"), () => pick(false)),
  ];
}

export class MarkList {
  /** @type {Mark[]} */
  marks;
  #form;
  #most;
  #maxNote;
  #change;
  /** @type {Tool | null} */
  #tool = null;

  /**
   * @param {HTMLFormElement} form
   * @param {State} state
   * @param {() => void} change called after each change
   */
  constructor(form, state, change) {
    this.#form = form;
    this.#most = state.most;
    this.#maxNote = state.max_note;
    this.#change = change;
    this.marks = state.marks;
  }

  /** @param {Tool} tool */
  use(tool) {
    this.#tool = tool;
    this.#show();
  }

  /**
   * @param {Mark} mark
   * @returns {string} what to say of it
   */
  add(mark) {
    const place = JSON.stringify(mark.place);
    const own = this.marks.filter((one) => one.position === mark.position);
    const same = own.find((one) => JSON.stringify(one.place) === place);
    if (!same && own.length >= this.#most) {
      const most = gettext("Up to %(n)s places of one answer can be marked. Remove one first.");
      return interpolate(most, { n: this.#most });
    }
    if (same) same.is_good = mark.is_good;
    else this.marks.push(mark);
    this.#show();
    this.#change();
    const said = mark.is_good ? gettext("Marked as good: %(place)s") : gettext("Marked as bad: %(place)s");
    return interpolate(said, { place: this.#tool?.words(mark) ?? "" });
  }

  #show() {
    const tool = this.#tool;
    if (!tool) return;
    for (const section of this.#form.querySelectorAll("[data-position]")) {
      const list = section.querySelector("[data-mark-list]");
      if (!(section instanceof HTMLElement) || !(list instanceof HTMLElement)) continue;
      const own = this.marks.filter((one) => one.position === Number(section.dataset.position));
      list.replaceChildren(...own.map((mark) => this.#item(mark, tool)));
      list.hidden = own.length === 0;
    }
    tool.draw(this.marks);
  }

  /**
   * @param {Mark} mark
   * @param {Tool} tool
   */
  #item(mark, tool) {
    const words = tool.words(mark);
    const item = document.createElement("li");
    item.className = "mark";
    item.dataset.polarity = mark.is_good ? "good" : "bad";
    const sign = document.createElement("span");
    sign.className = "mark-sign";
    sign.textContent = mark.is_good ? gettext("+ Good") : gettext("− Bad");
    const place = document.createElement(tool.find ? "button" : "span");
    place.className = "mark-words";
    place.dir = "auto";
    place.textContent = words;
    if (place instanceof HTMLButtonElement) {
      place.type = "button";
      place.title = gettext("Show it in the answer");
      place.addEventListener("click", () => tool.find?.(mark));
    }
    const note = document.createElement("input");
    note.className = "input mark-note";
    note.maxLength = this.#maxNote;
    note.dir = "auto";
    note.value = mark.note;
    note.placeholder = gettext("Add a note");
    note.setAttribute("aria-label", interpolate(gettext("Note on %(place)s"), { place: words }));
    note.addEventListener("input", () => {
      mark.note = note.value;
      this.#change();
    });
    const remove = smallButton(gettext("Remove"), () => this.#remove(mark, item));
    const removes = interpolate(gettext("Remove the mark on %(place)s"), { place: words });
    remove.setAttribute("aria-label", removes);
    item.append(sign, place, note, remove);
    return item;
  }

  /**
   * @param {Mark} mark
   * @param {HTMLElement} item
   */
  #remove(mark, item) {
    const section = item.closest("[data-position]");
    const index = [...(item.parentElement?.children ?? [])].indexOf(item);
    this.marks = this.marks.filter((one) => one !== mark);
    this.#show();
    // The focus stays where the next one is, so that several can be removed in a row.
    const items = section?.querySelectorAll("[data-mark-list] .mark") ?? [];
    const next = items[Math.min(index, items.length - 1)]?.querySelector("button:last-child");
    const summary = section?.querySelector("[data-marking] summary");
    for (const target of [next ?? summary]) if (target instanceof HTMLElement) target.focus();
    this.#change();
  }
}
