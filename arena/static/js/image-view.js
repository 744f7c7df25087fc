/** The geometry of a zoomed image: one view, the same for every image that is compared. */

/**
 * @typedef {object} View
 * @property {number} zoom CSS pixels for one pixel of the image
 * @property {number} x point of the image in the middle of the frame, as a part of its width
 * @property {number} y the same, as a part of its height
 */

/**
 * @typedef {object} Sizes
 * @property {number} frameWidth CSS pixels
 * @property {number} frameHeight CSS pixels
 * @property {number} imageWidth pixels of the image
 * @property {number} imageHeight pixels of the image
 */

/** @typedef {{x: number, y: number}} Point CSS pixels from the frame's top left corner */

/** From this zoom on pixels are shown as squares: smoothing would hide what is compared. */
export const SHARP_FROM = 2;

/** At 16 a pixel is as large as a small letter; nothing further can be seen. */
const MOST_ZOOM = 16;

/** Where the zoom buttons stop, beside the fitting zoom. */
const STOPS = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, MOST_ZOOM];

/** Zooms that differ by less than this factor are the same stop. */
const SAME = 1.01;

/**
 * The zoom at which the whole image is seen.
 * @param {Sizes} sizes
 */
export function fitZoom(sizes) {
  return Math.min(sizes.frameWidth / sizes.imageWidth, sizes.frameHeight / sizes.imageHeight);
}

/**
 * The view of the whole image.
 * @param {Sizes} sizes
 * @returns {View}
 */
export function fitted(sizes) {
  return { zoom: fitZoom(sizes), x: 0.5, y: 0.5 };
}

/**
 * The least and the most zoom: the whole image or its actual pixels, whichever is smaller, to 16.
 * @param {Sizes} sizes
 */
export function zoomLimits(sizes) {
  const fit = fitZoom(sizes);
  return { least: Math.min(fit, 1), most: Math.max(fit, MOST_ZOOM) };
}

/**
 * Keep the frame on the image: an axis that has room to spare is centred.
 * @param {View} view
 * @param {Sizes} sizes
 * @returns {View}
 */
export function held(view, sizes) {
  const { least, most } = zoomLimits(sizes);
  const zoom = Math.min(most, Math.max(least, view.zoom));
  return {
    zoom,
    x: heldAxis(view.x, sizes.frameWidth / (zoom * sizes.imageWidth)),
    y: heldAxis(view.y, sizes.frameHeight / (zoom * sizes.imageHeight)),
  };
}

/**
 * @param {number} centre
 * @param {number} seen part of the axis that the frame shows
 */
function heldAxis(centre, seen) {
  return seen >= 1 ? 0.5 : Math.min(1 - seen / 2, Math.max(seen / 2, centre));
}

/**
 * Change the zoom; what is under the point stays under it.
 * @param {View} view
 * @param {Sizes} sizes
 * @param {number} zoom
 * @param {Point} point
 * @returns {View}
 */
export function zoomedAt(view, sizes, zoom, point) {
  const { least, most } = zoomLimits(sizes);
  const next = Math.min(most, Math.max(least, zoom));
  const change = 1 / view.zoom - 1 / next;
  return held(
    {
      zoom: next,
      x: view.x + ((point.x - sizes.frameWidth / 2) * change) / sizes.imageWidth,
      y: view.y + ((point.y - sizes.frameHeight / 2) * change) / sizes.imageHeight,
    },
    sizes,
  );
}

/**
 * Move the image by CSS pixels.
 * @param {View} view
 * @param {Sizes} sizes
 * @param {number} dx
 * @param {number} dy
 * @returns {View}
 */
export function moved(view, sizes, dx, dy) {
  return held(
    {
      zoom: view.zoom,
      x: view.x - dx / (view.zoom * sizes.imageWidth),
      y: view.y - dy / (view.zoom * sizes.imageHeight),
    },
    sizes,
  );
}

/**
 * The next stop of the zoom buttons.
 * @param {number} zoom
 * @param {1 | -1} direction 1 comes nearer
 * @param {Sizes} sizes
 */
export function nextStop(zoom, direction, sizes) {
  const { least, most } = zoomLimits(sizes);
  const stops = [...STOPS, fitZoom(sizes)]
    .filter((stop) => stop >= least && stop <= most)
    .sort((one, other) => one - other);
  const next =
    direction > 0
      ? stops.find((stop) => stop > zoom * SAME)
      : stops.findLast((stop) => stop < zoom / SAME);
  return next ?? (direction > 0 ? most : least);
}

/**
 * Whether the whole image is seen, as large as it can be.
 * @param {View} view
 * @param {Sizes} sizes
 */
export function isFitted(view, sizes) {
  return Math.abs(view.zoom / fitZoom(sizes) - 1) < SAME - 1;
}

/**
 * Where the image's left and top edge come to be, in whole CSS pixels once pixels can be told apart.
 * @param {View} view
 * @param {Sizes} sizes
 * @returns {Point}
 */
export function corner(view, sizes) {
  const x = sizes.frameWidth / 2 - view.x * view.zoom * sizes.imageWidth;
  const y = sizes.frameHeight / 2 - view.y * view.zoom * sizes.imageHeight;
  return view.zoom < 1 ? { x, y } : { x: Math.round(x), y: Math.round(y) };
}

/**
 * The part of the frame that the image covers, from left to right in CSS pixels.
 * @param {View} view
 * @param {Sizes} sizes
 * @returns {[number, number]}
 */
export function covered(view, sizes) {
  const { x } = corner(view, sizes);
  return [Math.max(0, x), Math.min(sizes.frameWidth, x + view.zoom * sizes.imageWidth)];
}
