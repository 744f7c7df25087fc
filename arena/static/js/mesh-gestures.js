/** Mouse, pen and fingers on a 3D object: turn, move, zoom, hold. */

/**
 * @typedef {object} Gestures
 * @property {(right: number, down: number) => void} turn in heights of the frame
 * @property {(right: number, down: number) => void} pan in heights of the frame
 * @property {(factor: number) => void} zoom of the distance; under 1 comes nearer
 * @property {() => boolean} isPanning whether one finger or the left button moves, not turns
 * @property {() => boolean} isFocused whether the wheel is for the object, not for the page
 * @property {(isHeld: boolean) => void} hold called when the first pointer comes and the last goes
 */

/** @typedef {{x: number, y: number}} Point CSS pixels */

/** A finger that moved less than this, in CSS pixels, tapped. */
const TAP_PX = 8;

/** Zoom for one CSS pixel of wheel: a notch of 100 is a factor of about 1.2. */
const WHEEL_RATE = 0.0018;

/** CSS pixels of a line, where a wheel counts lines. */
const LINE_PX = 16;

/**
 * Tell what is done on the frame. A finger that scrolls the page is the browser's: it is told
 * apart by `touch-action` in mesh.css, and ends here as a cancelled pointer.
 * @param {HTMLElement} frame
 * @param {Gestures} gestures
 */
export function watchGestures(frame, gestures) {
  /** @type {Map<number, Point>} */
  const pointers = new Map();
  /** @type {Point} */
  let start = { x: 0, y: 0 };
  let isTap = false;
  let isPan = false;
  /** Whether up and down are the page's: a finger on an object that is not held. */
  let isShared = false;
  let isScroll = false;

  frame.addEventListener(
    "wheel",
    (event) => {
      if (!gestures.isFocused()) return;
      event.preventDefault();
      const delta = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1);
      // A touchpad's pinch comes as a wheel with Ctrl, in much smaller steps.
      gestures.zoom(Math.exp(delta * (event.ctrlKey ? WHEEL_RATE * 5 : WHEEL_RATE)));
    },
    { passive: false },
  );

  // The right button moves the object.
  frame.addEventListener("contextmenu", (event) => event.preventDefault());

  frame.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Element && event.target.closest("button")) return;
    if (pointers.size >= 2) return;
    frame.setPointerCapture(event.pointerId);
    if (pointers.size === 0) {
      start = { x: event.clientX, y: event.clientY };
      isTap = true;
      isPan = event.button !== 0 || event.shiftKey || gestures.isPanning();
      isShared = event.pointerType === "touch" && !gestures.isFocused();
      isScroll = false;
      gestures.hold(true);
    } else {
      isTap = false;
    }
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (event.pointerType === "mouse") frame.focus({ preventScroll: true });
  });

  frame.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    // A tap does not tremble.
    if (isTap && event.pointerType !== "mouse" && distance(start, now) < TAP_PX) return;
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    // The browser takes a finger that scrolls only after its first moves.
    if (isTap && isShared) isScroll = Math.abs(now.y - start.y) > Math.abs(now.x - start.x);
    isTap = false;
    if (isScroll && !other) return;
    const height = frame.clientHeight || 1;
    const right = (now.x - before.x) / height;
    const down = isShared && !other ? 0 : (now.y - before.y) / height;
    if (other) {
      gestures.pan(right / 2, down / 2);
      gestures.zoom(Math.max(1, distance(before, other)) / Math.max(1, distance(now, other)));
    } else if (isPan) {
      gestures.pan(right, down);
    } else {
      gestures.turn(right, down);
    }
    pointers.set(event.pointerId, now);
  });

  /** @param {PointerEvent} event */
  function lift(event) {
    if (!pointers.delete(event.pointerId)) return;
    if (pointers.size > 0) return;
    gestures.hold(false);
    if (!isTap || event.type !== "pointerup" || event.pointerType === "mouse") return;
    // A tap takes hold of the object, the next one lets it go, and the finger scrolls again.
    if (gestures.isFocused()) frame.blur();
    else frame.focus({ preventScroll: true });
  }
  frame.addEventListener("pointerup", lift);
  frame.addEventListener("pointercancel", lift);
  // The browser's own focus after a tap would undo what the tap did.
  frame.addEventListener("mousedown", (event) => event.preventDefault());
}

/**
 * @param {Point} one
 * @param {Point} other
 */
function distance(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
