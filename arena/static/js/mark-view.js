/** Marks a view of a 3D object: the one in which it is on the screen now. */
import { seen } from "./mark-engaged.js";
import { goodOrBad, paneOf } from "./mark-list.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./mark-list.js").Desk} Desk */
/** @typedef {import("./mark-list.js").Tool} Tool */
/** @typedef {{azimuth_deg: number, polar_deg: number, distance: number}} View */

const DEGREES = 180 / Math.PI;

/** Eighths of a turn, from the front to the right of who looks at it. */
const SIDES = [
  gettext("View from the front"),
  gettext("View from the front right"),
  gettext("View from the right"),
  gettext("View from the back right"),
  gettext("View from the back"),
  gettext("View from the back left"),
  gettext("View from the left"),
  gettext("View from the front left"),
];

/** Highest angle from straight above, and what is said up to it. */
const HEIGHTS = /** @type {Array<[number, string]>} */ ([
  [25, gettext("from above")],
  [75, gettext("a little above")],
  [105, ""],
  [155, gettext("a little below")],
  [180, gettext("from below")],
]);

/** @param {Record<string, any>} view */
function inWords({ azimuth_deg: azimuth, polar_deg: polar }) {
  const side = SIDES[((Math.round(azimuth / 45) % 8) + 8) % 8] ?? "";
  const height = HEIGHTS.find(([most]) => polar <= most)?.[1] ?? "";
  return height ? interpolate(gettext("%(side)s, %(height)s"), { side, height }) : side;
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
        const said = view
          ? gettext("Object %(letter)s now: %(view)s. Turn it as you want to mark it.")
          : gettext("Turn object %(letter)s to the view that you want to mark.");
        now.textContent = interpolate(said, { letter, view: view ? inWords(view) : "" });
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
