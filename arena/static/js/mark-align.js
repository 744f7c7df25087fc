/**
 * Where in the text that a model wrote the characters of its drawn answer come from.
 *
 * Drawing takes Markdown's signs out and changes white space; it adds little. So the drawn
 * characters are looked for in their order. Where the two part, the nearest place at which many
 * characters agree again is taken.
 */

/** Characters that must agree, and how far ahead they are looked for; tried in this order. */
const LOOKS = /** @type {const} */ ([[12, 4000], [6, 600], [3, 120], [1, 24]]);

/** Drawn characters in a row that may be the page's own, such as a button's name. */
const MOST_ADDED = 40;

/** Characters that must agree behind what the page added. */
const AFTER_ADDED = 8;

/**
 * @param {string} text
 * @returns {{text: string, places: number[]}} without white space, and where each unit was
 */
function squeezed(text) {
  const units = [];
  const places = [];
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charAt(index);
    if (/\s/.test(unit)) continue;
    units.push(unit);
    places.push(index);
  }
  return { text: units.join(""), places };
}

/**
 * @param {string} drawn
 * @param {string} source
 * @returns {Int32Array} for each UTF-16 unit of `drawn` its place in `source`, -1 where it has none
 */
export function align(drawn, source) {
  const from = squeezed(drawn);
  const into = squeezed(source);
  const found = new Int32Array(drawn.length).fill(-1);
  let at = 0;
  for (let index = 0; index < from.text.length; index += 1) {
    if (from.text[index] !== into.text[at]) {
      const ahead = lookAhead(from.text, index, into.text, at);
      if (ahead < 0) continue;
      at = ahead;
    }
    found[from.places[index] ?? 0] = into.places[at] ?? -1;
    at += 1;
  }
  return found;
}

/**
 * @param {string} drawn
 * @param {number} index
 * @param {string} source
 * @param {number} at
 * @returns {number} where `drawn` goes on in `source`; -1 where this character is the page's own
 */
function lookAhead(drawn, index, source, at) {
  for (const [length, reach] of LOOKS) {
    const ahead = source.slice(at, at + reach).indexOf(drawn.slice(index, index + length));
    if (ahead >= 0) return at + ahead;
    if (length === LOOKS[0][0] && isAdded(drawn, index, source.slice(at, at + AFTER_ADDED))) break;
  }
  return -1;
}

/**
 * @param {string} drawn
 * @param {number} index
 * @param {string} next what the source has here
 */
function isAdded(drawn, index, next) {
  return next !== "" && drawn.slice(index, index + MOST_ADDED + next.length).includes(next);
}

/**
 * The part of the source that a drawn part shows, in Unicode code points.
 * @param {string} source
 * @param {Int32Array} places as `align` returns them
 * @param {number} from the first drawn unit
 * @param {number} to behind the last one
 * @returns {{start: number, end: number, quote: string} | null} null where it shows none
 */
export function spanOf(source, places, from, to) {
  const shown = [...places.slice(from, to)].filter((place) => place >= 0);
  const first = shown[0];
  const last = shown.at(-1);
  if (first === undefined || last === undefined) return null;
  const start = isTail(source, first) ? first - 1 : first;
  const end = isTail(source, last + 1) ? last + 2 : last + 1;
  const quote = source.slice(start, end);
  const before = [...source.slice(0, start)].length;
  return { start: before, end: before + [...quote].length, quote };
}

/**
 * Whether the unit is the second of a character that has two.
 * @param {string} text
 * @param {number} index
 */
function isTail(text, index) {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/**
 * The drawn part that shows a part of the source.
 * @param {string} source
 * @param {Int32Array} places
 * @param {number} start code points
 * @param {number} end code points
 * @returns {[number, number] | null}
 */
export function drawnPart(source, places, start, end) {
  const points = [...source];
  const from = points.slice(0, start).join("").length;
  const to = from + points.slice(start, end).join("").length;
  const first = places.findIndex((place) => place >= from && place < to);
  if (first < 0) return null;
  const last = places.findLastIndex((place) => place >= from && place < to);
  return [first, last + 1];
}
