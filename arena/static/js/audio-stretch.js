/**
 * Another speed at the same pitch: waveform-similarity overlap-add, one result for every browser.
 * Verhelst and Roelands 1993, ICASSP 2, 554-557, doi:10.1109/ICASSP.1993.319366.
 */

/** Samples of one piece: 93 ms at 44.1 kHz, two periods of the lowest notes. */
const WINDOW = 4096;
const HOP = WINDOW / 2;

/** How far a piece may lie from its place, in samples: 12 ms, the period of 86 Hz. */
const REACH = 512;

/** Lags and samples that the first, coarse search looks at. */
const STRIDE = 4;

const fade = Float32Array.from(
  { length: WINDOW },
  (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / WINDOW),
);

/**
 * @param {Float32Array<ArrayBuffer>[]} channels of equal length
 * @param {number} rate 2 is twice as fast
 * @returns {Float32Array<ArrayBuffer>[]} as many channels, each 1 / rate as long
 */
export function stretched(channels, rate) {
  const [first] = channels;
  if (!first) return [];
  const length = Math.round(first.length / rate);
  const results = channels.map(() => new Float32Array(length));
  let place = 0;
  for (let start = 0; start < length; start += HOP) {
    if (start > 0) place = likeliest(channels, Math.round(start * rate), place + HOP);
    channels.forEach((channel, index) => {
      const result = /** @type {Float32Array} */ (results[index]);
      const count = Math.min(WINDOW, length - start, channel.length - place);
      for (let step = 0; step < count; step += 1) {
        const weight = start === 0 && step < HOP ? 1 : /** @type {number} */ (fade[step]);
        result[start + step] = /** @type {number} */ (result[start + step])
          + weight * /** @type {number} */ (channel[place + step]);
      }
    });
  }
  return results;
}

/**
 * The start near `wanted` whose first half sounds most like what would follow from `next`.
 * @param {Float32Array[]} channels
 * @param {number} wanted
 * @param {number} next
 */
function likeliest(channels, wanted, next) {
  const last = Math.max(0, (channels[0]?.length ?? 0) - HOP - 1);
  const search = (/** @type {number} */ middle, /** @type {number} */ reach, /** @type {number} */ stride) => {
    let best = Math.min(Math.max(middle, 0), last);
    let most = -Infinity;
    for (let place = middle - reach; place <= middle + reach; place += stride) {
      if (place < 0 || place > last) continue;
      const alike = likeness(channels, place, next);
      if (alike > most) {
        most = alike;
        best = place;
      }
    }
    return best;
  };
  if (next > last) return Math.min(Math.max(wanted, 0), last);
  return search(search(wanted, REACH, STRIDE), STRIDE - 1, 1);
}

/**
 * Correlation of two half windows, over the energy of the first; channels may cancel in their sum.
 * @param {Float32Array[]} channels
 * @param {number} one
 * @param {number} other
 */
function likeness(channels, one, other) {
  let product = 0;
  let energy = 1e-9;
  for (const channel of channels) {
    for (let step = 0; step < HOP; step += STRIDE) {
      const value = /** @type {number} */ (channel[one + step]);
      product += value * /** @type {number} */ (channel[other + step]);
      energy += value * value;
    }
  }
  return product / Math.sqrt(energy);
}
