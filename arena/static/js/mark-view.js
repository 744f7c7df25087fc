/** Marks a view of a 3D object: the one in which it is on the screen now. */
import { seen } from "./mark-engaged.js";
import { goodOrBad, paneOf } from "./mark-list.js";

/** @typedef {import("./mark-list.js").Desk} Desk */
/** @typedef {import("./mark-list.js").Tool} Tool */
/** @typedef {{azimuth_deg: number, polar_deg: number, distance: number}} View */

const DEGREES = 180 / Math.PI;

/** Eighths of a turn, from the front to the right of who looks at it. */
const SIDES = [
  "the front",
  "the front right",
  "the right",
  "the back right",
  "the back",
  "the back left",
  "the left",
  "the front left",
];

/** Highest angle from straight above, and what is said up to it. */
const HEIGHTS = /** @type {const} */ ([
  [25, "from above"],
  [75, "a little above"],
  [105, ""],
  [155, "a little below"],
  [180, "from below"],
]);

/** @param {Record<string, any>} view */
function inWords({ azimuth_deg: azimuth, polar_deg: polar }) {
  const side = SIDES[((Math.round(azimuth / 45) % 8) + 8) % 8];
  const height = HEIGHTS.find(([most]) => polar <= most)?.[1] ?? "";
  return `View from ${side}${height ? `, ${height}` : ""}`;
}

/**
 * How an object is seen now: by its viewer, or as it last said.
 * @param {number} position
 * @returns {View | null}
 */
function viewOf(position) {
  const viewer = paneOf(position)?.querySelector("mesh-view");
  const pose = viewer && "pose" in viewer ? /** @type {any} */ (viewer.pose) : null;
  if (typeof pose?.azimuth === "number" && typeof pose.polar === "number") {
    return {
      azimuth_deg: pose.azimuth * DEGREES,
      polar_deg: pose.polar * DEGREES,
      distance: pose.distance,
    };
  }
  return seen.get(position) ?? null;
}

/**
 * @param {Desk} desk
 * @returns {Tool}
 */
export function viewTool(desk) {
  return {
    build(position, letter, into) {
      const now = document.createElement("p");
      now.className = "small";
      now.setAttribute("role", "status");
      const show = () => {
        const view = viewOf(position);
        now.textContent = view
          ? `Object ${letter} now: ${inWords(view)}. Turn it as you want to mark it.`
          : `Turn object ${letter} to the view that you want to mark.`;
      };
      document.addEventListener("agon:remembered", show);
      into.closest("details")?.addEventListener("toggle", show);
      show();
      into.append(
        now,
        ...goodOrBad((isGood) => {
          const view = viewOf(position);
          if (view) desk.add(position, rounded(view), isGood);
        }),
      );
    },
    words(mark) {
      return inWords(mark.place);
    },
    draw() {},
  };
}

/** @param {View} view */
function rounded(view) {
  /** @param {number} value */
  const one = (value) => Math.round(value * 100) / 100;
  return {
    azimuth_deg: one(view.azimuth_deg),
    polar_deg: one(view.polar_deg),
    distance: one(view.distance),
  };
}
