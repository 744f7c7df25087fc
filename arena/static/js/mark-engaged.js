/** Remembers what was last heard and seen of each answer, so that it can be marked afterwards. */

/**
 * @typedef {object} Heard
 * @property {{from_s: number, to_s: number} | null} loop the part that repeats
 * @property {Map<number, number>} positions seconds, by seat
 */

/** @type {Heard} */
export const heard = { loop: null, positions: new Map() };

/** Where each object was last seen from, by seat. @type {Map<number, {azimuth_deg: number, polar_deg: number, distance: number}>} */
export const seen = new Map();

document.addEventListener("agon:engaged", (event) => {
  if (!(event instanceof CustomEvent)) return;
  const { seat, kind, ...values } = event.detail;
  if (kind === "loop") heard.loop = values.to_s > values.from_s ? values : null;
  else if (kind === "seek") heard.positions.set(seat, values.to_s);
  else if (typeof values.position_s === "number") heard.positions.set(seat, values.position_s);
  else if (kind === "orbit") {
    const { azimuth_deg, polar_deg, distance } = values;
    seen.set(seat, { azimuth_deg, polar_deg, distance });
  } else return;
  document.dispatchEvent(new CustomEvent("agon:remembered", { detail: { seat, kind } }));
});
