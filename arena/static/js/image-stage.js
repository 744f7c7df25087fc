/** The stage of a comparison: the images of a battle under one and the same transform. */
import { watchGestures } from "./image-gestures.js";
import { make } from "./image-parts.js";
import * as geometry from "./image-view.js";

/** @typedef {import("./image-view.js").Point} Point */
/** @typedef {{letter: string, title: string, model: string, image: HTMLImageElement}} Answer */
/** @typedef {"side" | "swipe" | "blink"} Mode */

/** Half the width of the strip, in CSS pixels, from which the divider is dragged. */
const GRIP_PX = 24;

export class ImageStage {
  element = make("div", "compare-stage");
  /** @type {HTMLElement[]} */
  #figures = [];
  /** @type {HTMLElement[]} */
  #frames = [];
  #answers;
  #onChange;
  /** @type {Mode} */
  #mode = "side";
  /** Index of the answer that blinking shows now. */
  #shown = 0;
  /** Indices of the answers left and right of the divider. */
  #pair = [0, 1];
  #split = 0.5;
  /** @type {import("./image-view.js").View | null} null shows the whole image, whatever the frame's size */
  #view = null;
  #watcher = new ResizeObserver(() => this.#render());

  /**
   * @param {Answer[]} answers
   * @param {() => void} onChange called after everything that changes what is seen
   */
  constructor(answers, onChange) {
    this.#answers = answers;
    this.#onChange = onChange;
    this.#build();
    this.#watcher.observe(this.element);
  }

  dispose() {
    this.#watcher.disconnect();
  }

  // ── what is seen ──────────────────────────────────────────────────────────────────────────

  get mode() {
    return this.#mode;
  }

  set mode(mode) {
    this.#mode = mode;
    this.#render();
  }

  get shown() {
    return this.#shown;
  }

  set shown(index) {
    this.#shown = index % this.#answers.length;
    this.#render();
  }

  get pair() {
    return this.#pair;
  }

  /** How far the divider stands from the left edge of what is seen of the images: 0 to 1. */
  get split() {
    return this.#split;
  }

  set split(part) {
    this.#split = Math.min(1, Math.max(0, part));
    this.#render();
  }

  /** CSS pixels for one pixel of the image, with its limits; null while nothing is laid out. */
  get zoom() {
    const sizes = this.#sizes();
    if (!sizes) return null;
    const { least, most } = geometry.zoomLimits(sizes);
    const now = this.#current(sizes).zoom;
    return { now, isFit: !this.#view, isLeast: now <= least, isMost: now >= most };
  }

  get canMove() {
    const sizes = this.#sizes();
    return sizes !== null && this.#current(sizes).zoom > geometry.fitZoom(sizes);
  }

  /**
   * Put an answer on one side of the divider; the two sides always differ.
   * @param {0 | 1} side 0 is left
   * @param {number} index
   */
  choose(side, index) {
    const other = this.#pair[1 - side];
    if (other === index) this.#pair[1 - side] = this.#pair[side] ?? 0;
    this.#pair[side] = index;
    this.#render();
  }

  // ── moves ─────────────────────────────────────────────────────────────────────────────────

  fit() {
    this.#view = null;
    this.#render();
  }

  /**
   * @param {number} zoom
   * @param {Point} [point] stays where it is; without one, the middle
   */
  zoomTo(zoom, point) {
    const sizes = this.#sizes();
    if (!sizes) return;
    const middle = { x: sizes.frameWidth / 2, y: sizes.frameHeight / 2 };
    this.#show(geometry.zoomedAt(this.#current(sizes), sizes, zoom, point ?? middle), sizes);
  }

  /** @param {1 | -1} direction 1 comes nearer */
  step(direction) {
    const sizes = this.#sizes();
    if (sizes) this.zoomTo(geometry.nextStop(this.#current(sizes).zoom, direction, sizes));
  }

  /**
   * @param {number} dx CSS pixels
   * @param {number} dy
   */
  move(dx, dy) {
    const sizes = this.#sizes();
    if (sizes) this.#show(geometry.moved(this.#current(sizes), sizes, dx, dy), sizes);
  }

  // ── inside ────────────────────────────────────────────────────────────────────────────────

  #build() {
    const stage = this.element;
    stage.tabIndex = 0;
    stage.setAttribute("role", "group");
    stage.dataset.count = String(this.#answers.length);
    for (const { letter, title, model, image } of this.#answers) {
      const figure = make("figure", "compare-figure");
      figure.dataset.seat = letter;
      const caption = make("figcaption", "compare-caption");
      const medallion = make("span", "medallion", letter);
      medallion.setAttribute("aria-hidden", "true");
      const name = make("span", "", title);
      caption.append(...(letter ? [medallion] : []), name);
      if (model) caption.append(make("span", "compare-model", model));
      const frame = make("div", "compare-frame");
      const copy = document.createElement("img");
      copy.src = image.currentSrc || image.src;
      copy.alt = image.alt;
      copy.draggable = false;
      frame.append(copy);
      figure.append(caption, frame);
      stage.append(figure);
      this.#figures.push(figure);
      this.#frames.push(frame);
    }
    const divider = make("div", "compare-divider");
    divider.setAttribute("aria-hidden", "true");
    const grip = make("span", "compare-grip");
    grip.append(make("span", "glyph glyph-swipe"));
    divider.append(grip);
    stage.append(divider);
    const { imageWidth, imageHeight } = this.#imageSize();
    stage.style.setProperty("--image-width", `${imageWidth}px`);
    stage.style.setProperty("--image-height", `${imageHeight}px`);
    this.#watch();
  }

  #watch() {
    watchGestures(this.element, (event) => this.#frameAt(event), {
      zoom: (factor, point) => this.zoomTo((this.zoom?.now ?? 1) * factor, point),
      move: (dx, dy) => this.move(dx, dy),
      tap: () => {
        if (this.#mode === "blink") this.shown += 1;
      },
      doubleTap: (point) => {
        if (this.#view && this.#view.zoom >= 1) this.fit();
        else this.zoomTo(1, point);
      },
      grabsDivider: ({ x }) => {
        if (this.#mode !== "swipe") return false;
        return !this.canMove || Math.abs(x - this.#splitAt(this.#split)) <= GRIP_PX;
      },
      divide: ({ x }) => {
        const sizes = this.#sizes();
        if (!sizes) return;
        const [from, to] = geometry.covered(this.#current(sizes), sizes);
        this.split = (x - from) / (to - from);
      },
    });
  }

  /** One size for all, should they differ: no answer is shown larger than another. */
  #imageSize() {
    const images = this.#answers.map(({ image }) => image);
    return {
      imageWidth: Math.max(...images.map((image) => image.naturalWidth)),
      imageHeight: Math.max(...images.map((image) => image.naturalHeight)),
    };
  }

  /** @returns {import("./image-view.js").Sizes | null} null while nothing is laid out */
  #sizes() {
    const frame = this.#frames[0];
    if (!frame?.clientWidth || !frame.clientHeight) return null;
    return {
      frameWidth: frame.clientWidth,
      frameHeight: frame.clientHeight,
      ...this.#imageSize(),
    };
  }

  /** @param {MouseEvent} event */
  #frameAt({ clientX, clientY }) {
    const rects = this.#frames.map((frame) => frame.getBoundingClientRect());
    const under = rects.find(
      ({ left, right, top, bottom }) =>
        clientX >= left && clientX < right && clientY >= top && clientY < bottom,
    );
    return under ?? rects[0] ?? this.element.getBoundingClientRect();
  }

  /** @param {import("./image-view.js").Sizes} sizes */
  #current(sizes) {
    return this.#view ? geometry.held(this.#view, sizes) : geometry.fitted(sizes);
  }

  /**
   * @param {import("./image-view.js").View} view
   * @param {import("./image-view.js").Sizes} sizes
   */
  #show(view, sizes) {
    this.#view = geometry.isFitted(view, sizes) ? null : view;
    this.#render();
  }

  /** @param {number} part */
  #splitAt(part) {
    const sizes = this.#sizes();
    if (!sizes) return 0;
    const [from, to] = geometry.covered(this.#current(sizes), sizes);
    return from + (to - from) * part;
  }

  #render() {
    const stage = this.element;
    stage.dataset.mode = this.#mode;
    this.#figures.forEach((figure, index) => {
      const side = this.#mode === "swipe" ? this.#pair.indexOf(index) : -1;
      figure.dataset.side = ["left", "right"][side] ?? "";
      const isShown =
        this.#mode === "side" || (this.#mode === "swipe" ? side >= 0 : index === this.#shown);
      figure.dataset.shown = String(isShown);
    });
    const sizes = this.#sizes();
    if (!sizes) return;
    const view = this.#current(sizes);
    const { x, y } = geometry.corner(view, sizes);
    // One property for all: the images cannot come apart.
    stage.style.setProperty("--move", `translate(${x}px, ${y}px) scale(${view.zoom})`);
    stage.style.setProperty("--split", `${this.#splitAt(this.#split)}px`);
    stage.classList.toggle("is-sharp", view.zoom >= geometry.SHARP_FROM);
    stage.classList.toggle("is-movable", this.canMove);
    this.#onChange();
  }
}
