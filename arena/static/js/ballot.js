/** The ballot of three to six answers: placed best first, by keys, by taps or with buttons. */
import { liveDragging } from "./ballot-drag.js";
import { Ranking } from "./ranking.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./keys-help.js").KeyLine} KeyLine */

/**
 * @typedef {object} Ballot
 * @property {(able: boolean) => void} setAble
 * @property {(key: string) => (() => void) | null} find what a single key does now
 * @property {KeyLine[]} keys
 */

/** Where music plays, Space plays. */
const TIE_KEYS = document.querySelector("[data-modality=music]") ? ["="] : ["=", " "];

/**
 * Make the ballot of a vote form live.
 * @param {HTMLFormElement} form
 * @param {() => void} onChange called when the order is another one
 * @returns {Ballot | null} null where the form has no ballot
 */
export function liveBallot(form, onChange) {
  const root = form.querySelector("[data-ballot]");
  if (!root) return null;
  const pool = one(root, "[data-ballot-pool]", HTMLElement);
  const track = one(root, "[data-ballot-track]", HTMLElement);
  const tools = one(root, "[data-ballot-tools]", HTMLElement);
  const words = one(root, "[data-ballot-words]", HTMLElement);
  const sender = one(form, "[data-ballot-send]", HTMLButtonElement);
  const hint = words.textContent ?? "";
  /** @type {Map<string, HTMLButtonElement>} */
  const chips = new Map();
  for (const chip of pool.querySelectorAll("button")) chips.set(chip.value, chip);
  const ranking = new Ranking([...chips.keys()]);
  /** The placed one that the buttons move. */
  let chosen = "";
  let isAble = false;

  /** @param {() => void} change */
  function act(change) {
    const focused = document.activeElement;
    change();
    if (ranking.left.includes(chosen)) chosen = "";
    chosen ||= ranking.last;
    show();
    onChange();
    // What moves in the page loses the focus.
    if (focused instanceof HTMLElement && focused.isConnected) focused.focus();
  }

  /** @param {string} letter */
  function place(letter) {
    act(() => {
      ranking.place(letter);
      chosen = letter;
    });
  }

  function takeBack() {
    const letter = chosen;
    act(() => {
      ranking.takeBack(letter);
      chosen = "";
    });
  }

  function show() {
    const { groups, left } = ranking;
    pool.replaceChildren(...left.map((letter) => chipOf(letter)));
    pool.hidden = left.length === 0;
    const before = groups.map((_, at) => groups.slice(0, at).flat().length);
    track.replaceChildren(
      ...groups.map((group, at) => rank(group, at)),
      ...left.map(() => slot()),
    );
    for (const [letter, chip] of chips) {
      const at = groups.findIndex((group) => group.includes(letter));
      const name = letter.toUpperCase();
      chip.disabled = !isAble;
      if (at < 0) {
        chip.removeAttribute("aria-pressed");
        chip.setAttribute("aria-label", interpolate(gettext("Place %(letter)s"), { letter: name }));
      } else {
        chip.setAttribute("aria-pressed", String(letter === chosen));
        const isAlike = (groups[at]?.length ?? 0) > 1;
        const said = isAlike
          ? gettext("%(letter)s, place %(n)s, alike")
          : gettext("%(letter)s, place %(n)s");
        const n = (before[at] ?? 0) + 1;
        chip.setAttribute("aria-label", interpolate(said, { letter: name, n }));
      }
    }
    showTools(groups);
    words.textContent = sentence();
    words.dataset.empty = String(groups.length === 0);
    sender.value = ranking.order;
  }

  function sentence() {
    const { groups, left } = ranking;
    if (groups.length === 0) return hint;
    if (left.length > 0) {
      const words = { order: ranking.words, letters: listed(left) };
      return interpolate(gettext("%(order)s … still to place: %(letters)s"), words);
    }
    return groups.length === 1 ? gettext("All alike") : ranking.words;
  }

  /** @param {string[][]} groups */
  function showTools(groups) {
    const at = groups.findIndex((group) => group.includes(chosen));
    const isAlike = (groups[at]?.length ?? 0) > 1;
    const able = {
      better: isAlike || at > 0,
      tie: isAlike || at > 0,
      worse: isAlike || (at >= 0 && at < groups.length - 1),
      back: chosen !== "",
    };
    for (const button of tools.querySelectorAll("button")) {
      const what = /** @type {keyof typeof able} */ (button.dataset.move);
      // Not disabled, which would take the focus from whoever presses it again and again.
      button.setAttribute("aria-disabled", String(!isAble || !able[what]));
      const which = button.querySelector("[data-which]");
      if (which) which.textContent = chosen.toUpperCase();
      if (what === "tie") button.setAttribute("aria-pressed", String(isAlike));
    }
  }

  /**
   * @param {string[]} group
   * @param {number} at
   */
  function rank(group, at) {
    const item = document.createElement("li");
    item.className = "rank";
    item.dataset.rank = String(at + 1);
    group.forEach((letter, index) => {
      if (index > 0) {
        const sign = document.createElement("span");
        sign.className = "rank-tie";
        sign.setAttribute("aria-hidden", "true");
        sign.textContent = "=";
        item.append(sign);
      }
      item.append(chipOf(letter));
    });
    return item;
  }

  /** @param {string} letter */
  function chipOf(letter) {
    const chip = chips.get(letter);
    if (!chip) throw new Error(`the ballot has no ${letter}`);
    return chip;
  }

  const moves = {
    better: () => act(() => ranking.move(chosen, -1)),
    tie: () => act(() => ranking.tie(chosen)),
    worse: () => act(() => ranking.move(chosen, 1)),
    back: takeBack,
  };

  root.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button || !isAble) return;
    const what = button.dataset.move;
    if (what && what in moves) {
      if (button.getAttribute("aria-disabled") === "true") return;
      moves[/** @type {keyof typeof moves} */ (what)]();
    } else if (chips.has(button.value)) press(button.value, /** @type {MouseEvent} */ (event).detail === 0);
  });

  /**
   * @param {string} letter
   * @param {boolean} isByKey
   */
  function press(letter, isByKey) {
    if (!ranking.left.includes(letter)) {
      act(() => {
        chosen = letter;
      });
      return;
    }
    place(letter);
    // Whoever goes by Tab goes on with the next one that is left.
    if (isByKey) (pool.querySelector("button") ?? sender).focus();
  }

  track.addEventListener("keydown", (event) => {
    const chip = event.target instanceof HTMLButtonElement ? event.target : null;
    if (!chip || !isAble || event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const byKey = {
      ArrowLeft: moves.better,
      ArrowUp: moves.better,
      ArrowRight: moves.worse,
      ArrowDown: moves.worse,
      "=": moves.tie,
      Backspace: moves.back,
      Delete: moves.back,
    };
    const move = byKey[event.key];
    if (!move) return;
    event.preventDefault();
    chosen = chip.value;
    move();
  });

  liveDragging(pool, track, () => isAble, (letter, drop) =>
    act(() => {
      if ("alike" in drop) ranking.join(letter, drop.alike);
      else if ("before" in drop) ranking.insert(letter, drop.before);
      else if ("end" in drop) ranking.insert(letter);
      else ranking.takeBack(letter);
      chosen = letter;
    }),
  );
  show();
  const letters = [...chips.keys()];
  return {
    setAble(able) {
      isAble = able;
      show();
    },
    find(key) {
      if (!isAble) return null;
      if (letters.includes(key)) return () => press(key, false);
      if (chosen && TIE_KEYS.includes(key)) return moves.tie;
      if (chosen && key === "Backspace") return moves.back;
      return null;
    },
    keys: [
      [letters.map((letter) => letter.toUpperCase()), gettext("Place this one next, or choose it again")],
      [["=", ...(TIE_KEYS.includes(" ") ? [gettext("Space")] : [])], gettext("Alike with the one before")],
      [gettext("Backspace"), gettext("Take it back")],
      [["←", "→"], gettext("On a placed letter: better, worse")],
    ],
  };
}

function slot() {
  const item = document.createElement("li");
  item.className = "rank rank-empty";
  item.setAttribute("aria-hidden", "true");
  return item;
}

/** @param {string[]} letters */
function listed(letters) {
  const names = letters.map((letter) => letter.toUpperCase());
  const last = names.pop() ?? "";
  if (names.length === 0) return last;
  const parts = { one: names.join(gettext(", ")), other: last };
  return interpolate(gettext("%(one)s and %(other)s"), parts);
}

/**
 * @template {HTMLElement} Kind
 * @param {Element} root
 * @param {string} selector
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
function one(root, selector, kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the ballot has no ${selector}`);
  return found;
}
