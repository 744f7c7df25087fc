/** `<mesh-view src name>`: a 3D answer, in the same light, frame and backdrop for every seat. */
import { watchGestures } from "./mesh-gestures.js";
import { FIRST, isSame, panned, turned, zoomed } from "./mesh-pose.js";
import { buildTools, iconButton, moveOfKey } from "./mesh-tools.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./mesh-looks.js").Mode} Mode */
/** @typedef {import("./mesh-pose.js").Pose} Pose */
/** @typedef {import("./mesh-stage.js").MeshStage} MeshStage */

/** A drag over the whole height of the frame turns the object once around. */
const DRAG_TURN = 2 * Math.PI;

/** An object that was not moved for so long is at rest (milliseconds). */
const REST_MS = 250;

/** While it moves, it tells how it stands so often (milliseconds). */
const MOVE_MS = 500;

const DEGREES = 180 / Math.PI;

/** @type {boolean | null} */
let canDraw = null;

/** @returns {boolean} whether this browser can draw 3D */
function hasWebGL() {
  if (canDraw === null) {
    const context = document.createElement("canvas").getContext("webgl2");
    canDraw = context !== null;
    // A page may have few of them, and one is needed for each seat.
    context?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return canDraw;
}

/**
 * Fires `agon:ready` when the object is drawn, `agon:failed` when its file cannot be had, and
 * `agon:mesh-moved` (bubbles) when a person moved it. A pose that is set moves it silently.
 */
export class MeshView extends HTMLElement {
  /** Whether a pointer holds the object now. */
  isHeld = false;
  /** @type {MeshStage | null} */
  #stage = null;
  /** @type {Pose} */
  #pose = FIRST;
  /** @type {Mode} */
  #mode = "textured";
  #isPanning = false;
  #rest = 0;
  #toldAt = 0;
  /** Raised with each load, so that a late one of an older content is thrown away. */
  #turn = 0;

  connectedCallback() {
    if (this.querySelector(".mesh-canvas")) return;
    if (!hasWebGL()) {
      this.#explain();
      return;
    }
    const name = this.getAttribute("name") ?? gettext("Answer");
    const frame = document.createElement("div");
    frame.className = "mesh-canvas";
    frame.tabIndex = 0;
    frame.setAttribute("role", "application");
    frame.setAttribute(
      "aria-label",
      interpolate(
        gettext("%(answer)s, a 3D model. Arrow keys turn it, with Shift they move it. Plus and minus zoom, zero resets the view."),
        { answer: name },
      ),
    );
    const hint = document.createElement("span");
    hint.className = "mesh-hint";
    hint.dataset.free = gettext("Swipe to turn · tap to hold");
    hint.dataset.held = gettext("Held · tap to let go");
    hint.setAttribute("aria-hidden", "true");
    frame.append(hint);
    frame.addEventListener("keydown", (event) => {
      const move = event.target === frame ? moveOfKey(event) : null;
      if (!move) return;
      event.preventDefault();
      this.#move(move);
    });
    watchGestures(frame, {
      turn: (right, down) =>
        this.#move((pose) => turned(pose, right * DRAG_TURN, down * DRAG_TURN)),
      pan: (right, down) => this.#move((pose) => panned(pose, right, down)),
      zoom: (factor) => this.#move((pose) => zoomed(pose, factor)),
      isPanning: () => this.#isPanning,
      isFocused: () => this.matches(":focus-within"),
      hold: (isHeld) => {
        this.isHeld = isHeld;
      },
    });
    const tools = buildTools(
      name,
      (move) => this.#move(move),
      (isPanning) => {
        this.#isPanning = isPanning;
      },
    );
    // Where there is little room, fingers come first and the buttons are one tap away.
    const buttons = interpolate(gettext("Buttons for %(answer)s"), { answer: name });
    const more = iconButton("buttons", buttons, () => {
      const isOpen = tools.toggleAttribute("data-open");
      more.setAttribute("aria-expanded", String(isOpen));
    });
    more.classList.add("mesh-more");
    more.setAttribute("aria-expanded", "false");
    this.replaceChildren(frame, more, tools);
    this.#load(frame);
  }

  disconnectedCallback() {
    this.#turn += 1;
    clearTimeout(this.#rest);
    this.#stage?.dispose();
    this.#stage = null;
    this.isHeld = false;
    this.replaceChildren();
  }

  /** Whether the object has been drawn. */
  get isReady() {
    return this.#stage !== null;
  }

  get seat() {
    return Number(this.closest("answer-pane")?.getAttribute("seat"));
  }

  get pose() {
    return this.#pose;
  }

  set pose(pose) {
    if (isSame(pose, this.#pose)) return;
    this.#pose = pose;
    this.#stage?.look(pose);
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#tellPose(), REST_MS);
    if (performance.now() - this.#toldAt >= MOVE_MS) this.#tellPose();
  }

  #tellPose() {
    this.#toldAt = performance.now();
    this.engage("orbit", {
      azimuth_deg: this.#pose.azimuth * DEGREES,
      polar_deg: this.#pose.polar * DEGREES,
      distance: this.#pose.distance,
    });
  }

  get mode() {
    return this.#mode;
  }

  set mode(mode) {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#stage?.show(mode);
    this.engage("view", { mode });
  }

  /**
   * Tell what was done with this answer.
   * @param {string} kind
   * @param {Record<string, unknown>} values
   */
  engage(kind, values) {
    this.dispatchEvent(
      new CustomEvent("agon:engaged", { bubbles: true, detail: { seat: this.seat, kind, ...values } }),
    );
  }

  /** @param {(pose: Pose) => Pose} change */
  #move(change) {
    if (!this.#stage) return;
    this.pose = change(this.#pose);
    this.querySelector(".mesh-canvas")?.setAttribute("data-moved", "");
    this.dispatchEvent(new CustomEvent("agon:mesh-moved", { bubbles: true }));
  }

  /** @param {HTMLElement} frame */
  async #load(frame) {
    this.#turn += 1;
    const turn = this.#turn;
    try {
      const { openStage } = await import("./mesh-stage.js");
      const stage = await openStage(frame, this.getAttribute("src") ?? "", {
        pose: this.#pose,
        mode: this.#mode,
        onLost: () => this.#tellLost(frame),
        onBack: () => frame.querySelector(".mesh-lost")?.remove(),
      });
      if (turn !== this.#turn) {
        stage.dispose();
        return;
      }
      this.#stage = stage;
      // Both may have changed while the file came.
      stage.look(this.#pose);
      stage.show(this.#mode);
      this.#settle("ready");
    } catch (error) {
      if (turn !== this.#turn) return;
      console.warn("The 3D model could not be loaded:", error);
      this.#settle("failed");
    }
  }

  /**
   * The browser took the drawing away, as phones do in the background.
   * @param {HTMLElement} frame
   */
  #tellLost(frame) {
    const note = document.createElement("div");
    note.className = "mesh-lost";
    note.setAttribute("role", "status");
    const text = document.createElement("p");
    text.textContent = gettext(
      "The browser stopped drawing this object. It should come back by itself.",
    );
    const again = document.createElement("button");
    again.type = "button";
    again.className = "button";
    again.textContent = gettext("Draw it again");
    again.addEventListener("click", () => {
      note.remove();
      this.#stage?.dispose();
      this.#stage = null;
      this.#load(frame);
      frame.focus({ preventScroll: true });
    });
    note.append(text, again);
    frame.append(note);
  }

  /** @param {"ready" | "failed"} state */
  #settle(state) {
    this.dataset.state = state;
    this.dispatchEvent(new CustomEvent(`agon:${state}`));
  }

  #explain() {
    const note = document.createElement("div");
    note.className = "pane-message";
    const text = document.createElement("p");
    text.textContent = gettext(
      "This browser cannot draw 3D: WebGL is missing or switched off. Open this page in another browser, or choose an arena of another kind.",
    );
    note.append(text);
    this.replaceChildren(note);
    this.dataset.state = "unsupported";
  }
}

customElements.define("mesh-view", MeshView);
