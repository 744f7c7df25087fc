/**
 * Where in the text that a model wrote the characters of its drawn answer come from.
 *
 * Drawing takes Markdown's signs out and changes white space; it adds little. So the shortest list
 * of insertions and deletions that makes one of the other says which characters are the same
 * (Myers 1986, Algorithmica 1, "An O(ND) difference algorithm", doi:10.1007/BF01840446).
 */

/** Edits after which what was found is taken and the search starts anew: 16 MB of its paths. */
const MOST_EDITS = 2000;

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
  let [x, y] = [0, 0];
  while (x < from.text.length && y < into.text.length) {
    const part = common(from.text.slice(x), into.text.slice(y));
    for (const [left, right] of part.pairs) {
      found[from.places[x + left] ?? 0] = into.places[y + right] ?? -1;
    }
    x += part.x;
    y += part.y;
  }
  return found;
}

/**
 * The characters that two texts share, in their order, as far as `MOST_EDITS` reach.
 * @param {string} one
 * @param {string} other
 * @returns {{pairs: [number, number][], x: number, y: number}} and how far each text was read
 */
function common(one, other) {
  const reach = Math.min(MOST_EDITS, one.length + other.length);
  // far[k + reach]: how far `one` is read on diagonal k, which is x - y.
  const far = new Int32Array(2 * reach + 2).fill(-1);
  /** @type {Int32Array[]} */
  const steps = [];
  far[reach + 1] = 0;
  for (let edits = 0; edits <= reach; edits += 1) {
    let [bestX, bestY] = [0, 0];
    for (let k = -edits; k <= edits; k += 2) {
      let x = isDown(far, reach, k, edits) ? at(far, reach + k + 1) : at(far, reach + k - 1) + 1;
      let y = x - k;
      while (x < one.length && y < other.length && one[x] === other[y]) {
        x += 1;
        y += 1;
      }
      far[reach + k] = x;
      if (x <= one.length && y <= other.length && x + y > bestX + bestY) [bestX, bestY] = [x, y];
    }
    steps.push(far.slice(reach - edits, reach + edits + 1));
    if ((bestX === one.length && bestY === other.length) || edits === reach) {
      return { pairs: walkBack(steps, bestX, bestY), x: bestX, y: bestY };
    }
  }
  return { pairs: [], x: one.length, y: other.length };
}

/**
 * @param {Int32Array} list
 * @param {number} index
 */
function at(list, index) {
  return list[index] ?? -1;
}

/**
 * Whether the way to a diagonal leaves out a character of the other text.
 * @param {Int32Array} far
 * @param {number} middle
 * @param {number} k
 * @param {number} edits
 */
function isDown(far, middle, k, edits) {
  return k === -edits || (k !== edits && at(far, middle + k - 1) < at(far, middle + k + 1));
}

/**
 * @param {Int32Array[]} steps the diagonals after each edit
 * @param {number} x
 * @param {number} y
 * @returns {[number, number][]}
 */
function walkBack(steps, x, y) {
  /** @type {[number, number][]} */
  const pairs = [];
  for (let edits = steps.length - 1; edits >= 0; edits -= 1) {
    const before = steps[edits - 1];
    const k = x - y;
    // Where this step began: after the edit, before the characters that are the same.
    let start = 0;
    let came = 0;
    if (before) {
      const isSkip = isDown(before, edits - 1, k, edits);
      came = isSkip ? k + 1 : k - 1;
      start = at(before, edits - 1 + came) + (isSkip ? 0 : 1);
    }
    while (x > start) {
      x -= 1;
      y -= 1;
      pairs.push([x, y]);
    }
    if (before) {
      x = at(before, edits - 1 + came);
      y = x - came;
    }
  }
  return pairs.reverse();
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
