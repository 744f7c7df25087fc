/** `<mesh-view src name>`: a 3D answer, in the same light, frame and backdrop for every seat. */

/** @typedef {import("./mesh-stage.js").MeshStage} MeshStage */

/** One press turns by this angle (radians) and zooms by this factor. */
const TURN = Math.PI / 12;
const ZOOM = 1.2;

/** @type {Array<[string, string, (stage: MeshStage) => void]>} */
const TOOLS = [
  ["left", "Turn left", (stage) => stage.turn(-TURN, 0)],
  ["right", "Turn right", (stage) => stage.turn(TURN, 0)],
  ["in", "Zoom in", (stage) => stage.zoom(1 / ZOOM)],
  ["out", "Zoom out", (stage) => stage.zoom(ZOOM)],
  ["reset", "Reset the view", (stage) => stage.reset()],
];

/** @type {Record<string, (stage: MeshStage) => void>} */
const KEYS = {
  ArrowLeft: (stage) => stage.turn(-TURN, 0),
  ArrowRight: (stage) => stage.turn(TURN, 0),
  ArrowUp: (stage) => stage.turn(0, -TURN),
  ArrowDown: (stage) => stage.turn(0, TURN),
  "+": (stage) => stage.zoom(1 / ZOOM),
  "=": (stage) => stage.zoom(1 / ZOOM),
  "-": (stage) => stage.zoom(ZOOM),
  0: (stage) => stage.reset(),
};

/** @returns {boolean} whether this browser can draw 3D */
function hasWebGL() {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

/**
 * Fires `agon:ready` when the object is drawn, `agon:failed` when its file cannot be had.
 */
export class MeshView extends HTMLElement {
  /** @type {MeshStage | null} */
  #stage = null;

  connectedCallback() {
    if (this.querySelector(".mesh-canvas")) return;
    const name = this.getAttribute("name") ?? "Answer";
    if (!hasWebGL()) {
      this.#explain();
      return;
    }
    const frame = document.createElement("div");
    frame.className = "mesh-canvas";
    frame.tabIndex = 0;
    frame.setAttribute("role", "application");
    frame.setAttribute(
      "aria-label",
      `${name}, a 3D model. Arrow keys turn it, plus and minus zoom, zero resets the view.`,
    );
    frame.addEventListener("keydown", (event) => {
      const move = KEYS[event.key];
      if (!move || !this.#stage || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      move(this.#stage);
    });
    this.replaceChildren(frame, this.#tools(name));
    this.#load(frame);
  }

  disconnectedCallback() {
    this.#stage?.dispose();
    this.#stage = null;
  }

  /** @param {HTMLElement} frame */
  async #load(frame) {
    try {
      const { openStage } = await import("./mesh-stage.js");
      const stage = await openStage(frame, this.getAttribute("src") ?? "");
      if (!this.isConnected) {
        stage.dispose();
        return;
      }
      this.#stage = stage;
      this.#settle("ready");
    } catch (error) {
      console.warn("The 3D model could not be loaded:", error);
      this.#settle("failed");
    }
  }

  /** @param {"ready" | "failed"} state */
  #settle(state) {
    this.dataset.state = state;
    this.dispatchEvent(new CustomEvent(`agon:${state}`));
  }

  /** @param {string} name */
  #tools(name) {
    const tools = document.createElement("div");
    tools.className = "mesh-tools";
    tools.setAttribute("role", "group");
    tools.setAttribute("aria-label", `View of ${name}`);
    for (const [icon, label, act] of TOOLS) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "icon-button";
      button.setAttribute("aria-label", label);
      button.title = label;
      const glyph = document.createElement("span");
      glyph.className = `glyph glyph-${icon}`;
      glyph.setAttribute("aria-hidden", "true");
      button.append(glyph);
      button.addEventListener("click", () => {
        if (this.#stage) act(this.#stage);
      });
      tools.append(button);
    }
    return tools;
  }

  #explain() {
    const note = document.createElement("div");
    note.className = "pane-message";
    const text = document.createElement("p");
    text.textContent =
      "This browser cannot draw 3D: WebGL is missing or switched off. Open this page in another browser, or choose an arena of another kind.";
    note.append(text);
    this.replaceChildren(note);
    this.dataset.state = "unsupported";
  }
}

customElements.define("mesh-view", MeshView);
