/** Mouse, pen and fingers on compared images: wheel, drag, pinch, tap and double tap. */

/** @typedef {import("./image-view.js").Point} Point */

/**
 * @typedef {object} Gestures
 * @property {(factor: number, point: Point) => void} zoom
 * @property {(dx: number, dy: number) => void} move CSS pixels
 * @property {(point: Point) => void} tap
 * @property {(point: Point) => void} doubleTap
 * @property {(point: Point) => boolean} grabsDivider whether a drag from here moves the divider
 * @property {(point: Point) => void} divide
 */

/** A pointer that moved less than this, in CSS pixels, tapped. */
const TAP_PX = 6;

/** Two taps within this time (milliseconds) and distance (CSS pixels) are a double tap. */
const DOUBLE_MS = 350;
const DOUBLE_PX = 30;

/** Zoom for one CSS pixel of wheel: a notch of 100 is a factor of about 1.2. */
const WHEEL_RATE = 0.0018;

/** CSS pixels of a line, where a wheel counts lines. */
const LINE_PX = 16;

/**
 * Tell what is done on the stage. Points are counted from the frame in which a gesture began.
 * @param {HTMLElement} stage
 * @param {(event: MouseEvent) => DOMRect} frameAt
 * @param {Gestures} gestures
 */
export function watchGestures(stage, frameAt, gestures) {
  /** @type {Map<number, Point>} */
  const pointers = new Map();
  /** @type {DOMRect | null} */
  let frame = null;
  /** @type {"none" | "tap" | "move" | "divide" | "pinch"} */
  let doing = "none";
  let isDividing = false;
  /** @type {Point} */
  let start = { x: 0, y: 0 };
  /** @type {{at: number, point: Point} | null} */
  let lastTap = null;

  /**
   * @param {{clientX: number, clientY: number}} event
   * @returns {Point}
   */
  const local = (event) => ({
    x: event.clientX - (frame?.left ?? 0),
    y: event.clientY - (frame?.top ?? 0),
  });

  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const rect = frameAt(event);
      const delta = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1);
      // A touchpad's pinch comes as a wheel with Ctrl, in much smaller steps.
      const rate = event.ctrlKey ? WHEEL_RATE * 5 : WHEEL_RATE;
      gestures.zoom(Math.exp(-delta * rate), {
        x: event.clientX - rect.left,
        y: event.clientY - rect.top,
      });
    },
    { passive: false },
  );

  // Else a flick counts as scrolling that goes on, and the next tap on a button only ends it.
  stage.addEventListener("touchmove", (event) => event.preventDefault(), { passive: false });

  stage.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    if (pointers.size >= 2) return;
    stage.setPointerCapture(event.pointerId);
    if (pointers.size === 0) {
      frame = frameAt(event);
      start = local(event);
      isDividing = gestures.grabsDivider(start);
      doing = "tap";
    } else {
      doing = "pinch";
    }
    pointers.set(event.pointerId, local(event));
  });

  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = local(event);
    if (doing === "pinch") {
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) pinch(before, now, other);
    } else {
      if (doing === "tap" && distance(start, now) >= TAP_PX) {
        doing = isDividing ? "divide" : "move";
      }
      if (doing === "divide") gestures.divide(now);
      if (doing === "move") gestures.move(now.x - before.x, now.y - before.y);
    }
    pointers.set(event.pointerId, now);
  });

  /**
   * @param {Point} before
   * @param {Point} now
   * @param {Point} other the finger that rests
   */
  function pinch(before, now, other) {
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    gestures.move((now.x - before.x) / 2, (now.y - before.y) / 2);
    gestures.zoom(Math.max(1, distance(now, other)) / Math.max(1, distance(before, other)), middle);
  }

  /** @param {PointerEvent} event */
  function lift(event) {
    const point = pointers.get(event.pointerId);
    if (!point) return;
    pointers.delete(event.pointerId);
    if (doing === "tap" && event.type === "pointerup") {
      const at = event.timeStamp;
      gestures.tap(point);
      if (lastTap && at - lastTap.at < DOUBLE_MS && distance(lastTap.point, point) < DOUBLE_PX) {
        lastTap = null;
        gestures.doubleTap(point);
      } else {
        lastTap = { at, point };
      }
    }
    // After a pinch the finger that stays goes on moving, and is no tap.
    doing = pointers.size > 0 ? "move" : "none";
  }
  stage.addEventListener("pointerup", lift);
  stage.addEventListener("pointercancel", lift);
}

/**
 * @param {Point} one
 * @param {Point} other
 */
function distance(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
