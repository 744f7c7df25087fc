/**
 * Where a 3D object is seen from: plain numbers, the same for every seat.
 *
 * The object lies in the sphere of radius 1 around the origin; +Y is up.
 */

/**
 * @typedef {object} Pose
 * @property {number} azimuth radians around the upright axis, from +Z towards +X
 * @property {number} polar radians from straight above: 0 is above, π below
 * @property {number} distance from the target, in radii of the object
 * @property {[number, number, number]} target the point in the middle of the frame
 */

/** Vertical angle of view in radians: long enough a lens that shapes are not distorted. */
export const FIELD = Math.PI / 6;

/** Free space around the object, as a part of its bounding sphere. */
const MARGIN = 1.08;

/** The distance at which the whole sphere is seen. */
const FITTING = MARGIN / Math.sin(FIELD / 2);

const NEAREST = FITTING / 6;
export const FARTHEST = FITTING * 2.5;

/** How near to straight above or below the camera comes, in radians: there, left and right end. */
const POLE = 0.01;

/** Every object is first seen in three quarters, a little from above. @type {Readonly<Pose>} */
export const FIRST = Object.freeze({
  azimuth: Math.atan2(0.85, 1),
  polar: Math.acos(0.5 / Math.hypot(0.85, 0.5, 1)),
  distance: FITTING,
  target: /** @type {[number, number, number]} */ ([0, 0, 0]),
});

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
function clamp(value, least, most) {
  return Math.min(most, Math.max(least, value));
}

/**
 * The pose after the object was turned, as by a hand on its front.
 * @param {Pose} pose
 * @param {number} right radians
 * @param {number} down radians
 * @returns {Pose}
 */
export function turned(pose, right, down) {
  return {
    ...pose,
    azimuth: wrapped(pose.azimuth - right),
    polar: clamp(pose.polar - down, POLE, Math.PI - POLE),
  };
}

/**
 * @param {Pose} pose
 * @param {number} factor of the distance; under 1 comes nearer
 * @returns {Pose}
 */
export function zoomed(pose, factor) {
  return { ...pose, distance: clamp(pose.distance * factor, NEAREST, FARTHEST) };
}

/**
 * The pose after the object was moved in the frame; its middle never leaves it by more than a radius.
 * @param {Pose} pose
 * @param {number} right in heights of the frame
 * @param {number} down in heights of the frame
 * @returns {Pose}
 */
export function panned(pose, right, down) {
  const height = 2 * pose.distance * Math.tan(FIELD / 2);
  const { azimuth, polar } = pose;
  const toRight = [Math.cos(azimuth), 0, -Math.sin(azimuth)];
  const toUp = [
    -Math.sin(azimuth) * Math.cos(polar),
    Math.sin(polar),
    -Math.cos(azimuth) * Math.cos(polar),
  ];
  const moved = pose.target.map(
    (at, axis) => at + height * (down * (toUp[axis] ?? 0) - right * (toRight[axis] ?? 0)),
  );
  const scale = 1 / Math.max(1, Math.hypot(...moved));
  const [x = 0, y = 0, z = 0] = moved.map((at) => at * scale);
  return { ...pose, target: [x, y, z] };
}

/**
 * Where the camera stands.
 * @param {Pose} pose
 * @returns {[number, number, number]}
 */
export function standpoint({ azimuth, polar, distance, target: [x, y, z] }) {
  return [
    x + distance * Math.sin(polar) * Math.sin(azimuth),
    y + distance * Math.cos(polar),
    z + distance * Math.sin(polar) * Math.cos(azimuth),
  ];
}

/**
 * @param {Pose} one
 * @param {Pose} other
 */
export function isSame(one, other) {
  return (
    one.azimuth === other.azimuth &&
    one.polar === other.polar &&
    one.distance === other.distance &&
    one.target.every((at, axis) => at === other.target[axis])
  );
}

/**
 * @param {number} angle radians
 * @returns {number} the same direction, from −π to π
 */
function wrapped(angle) {
  return Math.atan2(Math.sin(angle), Math.cos(angle));
}
