/** Marks a region of a picture: drawn over it, or moved and sized with keys or buttons. */
import { bringIntoView, goodOrBad, paneOf, smallButton } from "./mark-list.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./mark-list.js").Desk} Desk */
/** @typedef {import("./mark-list.js").Tool} Tool */
/** @typedef {{x: number, y: number, width: number, height: number}} Region shares of the picture */

/** One key press moves or sizes by this share. */
const STEP = 0.02;

const SMALLEST = 0.02;

/** Pixels after which a press is a drag. */
const DRAG_PX = 8;

/** @type {Readonly<Region>} */
const FIRST = { x: 0.35, y: 0.35, width: 0.3, height: 0.3 };

/** Ninths of the picture, row by row. */
const PLACES = [
  gettext("Top left"),
  gettext("Top middle"),
  gettext("Top right"),
  gettext("Middle left"),
  gettext("Middle"),
  gettext("Middle right"),
  gettext("Bottom left"),
  gettext("Bottom middle"),
  gettext("Bottom right"),
];

/** @param {number} value */
const rounded = (value) => Math.round(value * 10_000) / 10_000;

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

/**
 * The same region inside the picture.
 * @param {Region} region
 * @returns {Region}
 */
function inside(region) {
  const width = clamp(region.width, SMALLEST, 1);
  const height = clamp(region.height, SMALLEST, 1);
  return {
    x: rounded(clamp(region.x, 0, 1 - width)),
    y: rounded(clamp(region.y, 0, 1 - height)),
    width: rounded(width),
    height: rounded(height),
  };
}

/**
 * @param {HTMLElement} element
 * @param {Record<string, any>} region
 */
function lay(element, { x, y, width, height }) {
  element.style.left = `${100 * x}%`;
  element.style.top = `${100 * y}%`;
  element.style.width = `${100 * width}%`;
  element.style.height = `${100 * height}%`;
}

/** @param {Record<string, any>} region */
function inWords({ x, y, width, height }) {
  const column = Math.min(2, Math.floor(3 * (x + width / 2)));
  const row = Math.min(2, Math.floor(3 * (y + height / 2)));
  return interpolate(gettext("%(place)s, %(wide)s wide and %(high)s high"), {
    place: PLACES[3 * row + column] ?? "",
    wide: `${Math.round(100 * width)}%`,
    high: `${Math.round(100 * height)}%`,
  });
}

/**
 * A layer that lies on the shown part of the picture of a seat, whatever its size.
 * @param {number} position
 * @returns {HTMLElement | null}
 */
function layerOn(position) {
  const body = paneOf(position)?.querySelector("[data-pane-body]");
  const image = body?.querySelector("[data-final] > img");
  if (!(body instanceof HTMLElement) || !(image instanceof HTMLImageElement)) return null;
  const known = body.querySelector(":scope > .mark-layer");
  if (known instanceof HTMLElement) return known;
  const layer = document.createElement("div");
  layer.className = "mark-layer";
  const fit = () => {
    const [box, frame] = [image.getBoundingClientRect(), body.getBoundingClientRect()];
    const scale = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
    const width = image.naturalWidth * scale;
    const height = image.naturalHeight * scale;
    layer.style.left = `${box.left - frame.left - body.clientLeft + (box.width - width) / 2}px`;
    layer.style.top = `${box.top - frame.top - body.clientTop + (box.height - height) / 2}px`;
    layer.style.width = `${width}px`;
    layer.style.height = `${height}px`;
  };
  image.decode().then(fit, () => {});
  new ResizeObserver(fit).observe(image);
  body.append(layer);
  return layer;
}

/**
 * @param {Desk} desk
 * @returns {Tool}
 */
export function imageTool(desk) {
  return {
    build(position, letter, into) {
      const hint = document.createElement("p");
      hint.className = "small";
      hint.textContent = gettext("Puts a frame on the picture that you move and size.");
      const start = smallButton(gettext("Choose a region"), () => {
        const layer = layerOn(position);
        if (layer) choose(layer, letter, start, (region, good) => desk.add(position, region, good));
      });
      into.append(hint, start);
    },
    words: (mark) => inWords(mark.place),
    draw(marks) {
      for (const old of document.querySelectorAll(".mark-frame")) old.remove();
      for (const mark of marks) {
        const frame = document.createElement("span");
        frame.className = "mark-frame";
        frame.dataset.polarity = mark.is_good ? "good" : "bad";
        frame.textContent = mark.is_good ? "+" : "−";
        frame.setAttribute("aria-hidden", "true");
        lay(frame, mark.place);
        layerOn(mark.position)?.append(frame);
      }
    },
    find: (mark) => bringIntoView(layerOn(mark.position)),
  };
}

/**
 * Let the voter choose a region.
 * @param {HTMLElement} layer
 * @param {string} letter
 * @param {HTMLElement} back what gets the focus in the end
 * @param {(region: Region, isGood: boolean) => void} pick
 */
function choose(layer, letter, back, pick) {
  if (layer.dataset.choosing !== undefined) return;
  layer.dataset.choosing = "";
  /** @type {Region} */
  let region = FIRST;
  const frame = document.createElement("div");
  frame.className = "mark-choice";
  frame.tabIndex = 0;
  frame.setAttribute("role", "application");
  frame.setAttribute(
    "aria-label",
    interpolate(
      gettext("A region of picture %(letter)s. Arrow keys move it, with Shift they change its size. Escape leaves it."),
      { letter },
    ),
  );
  const words = document.createElement("p");
  words.className = "small";
  words.setAttribute("role", "status");
  const tools = document.createElement("div");
  tools.className = "mark-panel";
  tools.setAttribute("role", "group");
  const name = interpolate(gettext("The region of picture %(letter)s"), { letter });
  tools.setAttribute("aria-label", name);

  /** @param {Region} next */
  const set = (next) => {
    region = inside(next);
    lay(frame, region);
    words.textContent = inWords(region);
  };
  /**
   * @param {number} right
   * @param {number} down
   */
  const move = (right, down) => set({ ...region, x: region.x + right, y: region.y + down });
  /**
   * @param {number} wider
   * @param {number} higher
   */
  const size = (wider, higher) =>
    set({
      x: region.x,
      y: region.y,
      width: Math.min(region.width + wider, 1 - region.x),
      height: Math.min(region.height + higher, 1 - region.y),
    });

  const close = () => {
    delete layer.dataset.choosing;
    layer.removeEventListener("pointerdown", press);
    layer.removeEventListener("keydown", keys);
    tools.removeEventListener("keydown", keys);
    frame.remove();
    tools.remove();
    back.focus({ preventScroll: true });
    bringIntoView(back);
  };

  /** @param {KeyboardEvent} event */
  const keys = (event) => {
    if (event.key === "Escape") {
      close();
      return;
    }
    if (event.target !== frame || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    const right = STEP * (Number(event.key === "ArrowRight") - Number(event.key === "ArrowLeft"));
    const down = STEP * (Number(event.key === "ArrowDown") - Number(event.key === "ArrowUp"));
    (event.shiftKey ? size : move)(right, down);
  };

  /** @param {PointerEvent} event */
  const press = (event) => {
    event.preventDefault();
    const box = layer.getBoundingClientRect();
    /** @param {PointerEvent} one */
    const at = (one) => ({
      x: clamp((one.clientX - box.left) / box.width, 0, 1),
      y: clamp((one.clientY - box.top) / box.height, 0, 1),
    });
    const from = at(event);
    let isDrag = false;
    /** @param {PointerEvent} now */
    const drag = (now) => {
      isDrag ||= Math.hypot(now.clientX - event.clientX, now.clientY - event.clientY) > DRAG_PX;
      if (!isDrag) return;
      const to = at(now);
      set({
        x: Math.min(from.x, to.x),
        y: Math.min(from.y, to.y),
        width: Math.abs(to.x - from.x),
        height: Math.abs(to.y - from.y),
      });
    };
    const end = () => {
      layer.removeEventListener("pointermove", drag);
      layer.removeEventListener("pointerup", end);
      layer.removeEventListener("pointercancel", end);
      // A tap moves the frame there: nothing here needs a drag.
      if (!isDrag) {
        set({ ...region, x: from.x - region.width / 2, y: from.y - region.height / 2 });
      }
      frame.focus({ preventScroll: true });
    };
    layer.setPointerCapture(event.pointerId);
    layer.addEventListener("pointermove", drag);
    layer.addEventListener("pointerup", end);
    layer.addEventListener("pointercancel", end);
  };

  const answers = goodOrBad((isGood) => {
    const chosen = region;
    close();
    pick(chosen, isGood);
  });
  const hint = document.createElement("p");
  hint.className = "small";
  hint.textContent = gettext("Draw over the picture, tap to move the frame, or use the arrow keys.");
  tools.append(
    hint,
    words,
    ...answers,
    smallButton(gettext("Wider"), () => size(2 * STEP, 0)),
    smallButton(gettext("Narrower"), () => size(-2 * STEP, 0)),
    smallButton(gettext("Higher"), () => size(0, 2 * STEP)),
    smallButton(gettext("Lower"), () => size(0, -2 * STEP)),
    smallButton(gettext("Cancel"), close),
  );
  layer.addEventListener("pointerdown", press);
  layer.addEventListener("keydown", keys);
  tools.addEventListener("keydown", keys);
  layer.append(frame);
  layer.after(tools);
  set(FIRST);
  bringIntoView(layer);
  frame.focus({ preventScroll: true });
}
