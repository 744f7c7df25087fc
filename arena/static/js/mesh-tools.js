/** The buttons and keys of one 3D object, and what they do to its pose. */
import { FIRST, panned, turned, zoomed } from "./mesh-pose.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./mesh-pose.js").Pose} Pose */
/** @typedef {(pose: Pose) => Pose} Move */

/** One press turns by this angle (radians), zooms by this factor, moves by this part of the frame. */
const TURN = Math.PI / 12;
const ZOOM = 1.2;
const PAN = 0.08;

/**
 * @typedef {object} Way
 * @property {string} way
 * @property {string} key
 * @property {number} right
 * @property {number} down
 * @property {string} turn what its button says when it turns
 * @property {string} move and when it moves
 */

/** @type {Way[]} */
const WAYS = [
  {
    way: "left",
    key: "ArrowLeft",
    right: -1,
    down: 0,
    turn: gettext("Turn left"),
    move: gettext("Move left"),
  },
  {
    way: "up",
    key: "ArrowUp",
    right: 0,
    down: -1,
    turn: gettext("Turn up"),
    move: gettext("Move up"),
  },
  {
    way: "down",
    key: "ArrowDown",
    right: 0,
    down: 1,
    turn: gettext("Turn down"),
    move: gettext("Move down"),
  },
  {
    way: "right",
    key: "ArrowRight",
    right: 1,
    down: 0,
    turn: gettext("Turn right"),
    move: gettext("Move right"),
  },
];

/** @type {Move} */
const nearer = (pose) => zoomed(pose, 1 / ZOOM);
/** @type {Move} */
const farther = (pose) => zoomed(pose, ZOOM);
/** @type {Move} */
const first = () => FIRST;

/** @type {Record<string, Move>} */
const KEYS = { "+": nearer, "=": nearer, "-": farther, _: farther, 0: first };

/**
 * One step in a direction.
 * @param {{right: number, down: number}} way
 * @param {boolean} isPan
 * @returns {Move}
 */
function step({ right, down }, isPan) {
  return (pose) =>
    isPan ? panned(pose, right * PAN, down * PAN) : turned(pose, right * TURN, down * TURN);
}

/**
 * What a key does while the object has the focus.
 * @param {KeyboardEvent} event
 * @returns {Move | null}
 */
export function moveOfKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const way = WAYS.find(({ key }) => key === event.key);
  return way ? step(way, event.shiftKey) : (KEYS[event.key] ?? null);
}

/**
 * The row of buttons under an object.
 * @param {string} name of the answer
 * @param {(move: Move) => void} act
 * @param {(isPanning: boolean) => void} choosePanning
 */
export function buildTools(name, act, choosePanning) {
  let isPanning = false;
  const arrows = WAYS.map((way) =>
    iconButton(`go-${way.way}`, way.turn, () => act(step(way, isPanning))),
  );
  const toggle = iconButton("move", gettext("Move in place of turn"), () => {
    isPanning = !isPanning;
    toggle.setAttribute("aria-pressed", String(isPanning));
    arrows.forEach((arrow, index) => {
      const way = WAYS[index];
      if (way) nameButton(arrow, isPanning ? way.move : way.turn);
    });
    choosePanning(isPanning);
  });
  toggle.setAttribute("aria-pressed", "false");
  const tools = document.createElement("div");
  tools.className = "mesh-tools";
  tools.setAttribute("role", "group");
  tools.setAttribute("aria-label", interpolate(gettext("View of %(answer)s"), { answer: name }));
  tools.append(
    cluster(...arrows, toggle),
    cluster(
      iconButton("in", gettext("Zoom in"), () => act(nearer)),
      iconButton("out", gettext("Zoom out"), () => act(farther)),
      iconButton("reset", gettext("Reset the view"), () => act(first)),
    ),
  );
  return tools;
}

/**
 * @param {string} glyph
 * @param {string} label
 * @param {() => void} press
 */
export function iconButton(glyph, label, press) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon-button";
  nameButton(button, label);
  const mark = document.createElement("span");
  mark.className = `glyph glyph-${glyph}`;
  mark.setAttribute("aria-hidden", "true");
  button.append(mark);
  button.addEventListener("click", press);
  return button;
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} label
 */
function nameButton(button, label) {
  button.setAttribute("aria-label", label);
  button.title = label;
}

/** @param {...HTMLElement} parts */
function cluster(...parts) {
  const box = document.createElement("div");
  box.className = "mesh-cluster";
  box.append(...parts);
  return box;
}
