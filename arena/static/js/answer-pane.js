/** `<answer-pane seat letter kind>`: one seat's answer, from skeleton to final content. */
import { openLightbox } from "./lightbox.js";
import { equip, markWide } from "./text-blocks.js";
import { TextStream } from "./text-stream.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./protocol.js").FinalOutput} FinalOutput */
/** @typedef {import("./protocol.js").TextMessage} TextMessage */

/** @returns {Promise<void>} after the next paint */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
  });
}

/**
 * Make a player element, which says itself when it is ready or has failed.
 * @param {"audio-clip" | "mesh-view"} tag
 * @param {FinalOutput} output
 * @param {string} name
 */
function player(tag, output, name) {
  const element = document.createElement(tag);
  element.setAttribute("src", output.url ?? "");
  element.setAttribute("name", name);
  if (output.peaks) element.setAttribute("peaks", JSON.stringify(output.peaks));
  if (output.duration_s) element.setAttribute("duration", String(output.duration_s));
  return element;
}

/**
 * Fires `agon:shown` (bubbles) when its final content is really there.
 */
export class AnswerPane extends HTMLElement {
  /** @type {Node | null} */
  #skeleton = null;
  /** @type {TextStream | null} */
  #stream = null;
  /** What was streamed so far, as the model wrote it. */
  #source = "";
  /** Raised with each new content, so that a late load of an older one says nothing. */
  #turn = 0;

  connectedCallback() {
    const skeleton = this.querySelector("[data-skeleton]");
    if (skeleton) this.#skeleton ??= skeleton.cloneNode(true);
    this.addEventListener("click", this.#onClick);
  }

  get seat() {
    return Number(this.getAttribute("seat"));
  }

  get letter() {
    return this.getAttribute("letter") ?? "";
  }

  get name() {
    return interpolate(gettext("Answer %(letter)s"), { letter: this.letter });
  }

  get #body() {
    const body = this.querySelector("[data-pane-body]");
    if (!(body instanceof HTMLElement)) throw new Error("answer-pane has no [data-pane-body] in it");
    return body;
  }

  /**
   * Show the next streamed piece, and tell (`agon:streamed`, bubbles) what was written so far.
   * @param {TextMessage} message
   */
  write(message) {
    if (!this.#stream) {
      this.#stream = new TextStream();
      this.#body.replaceChildren(this.#stream.element);
    }
    this.#stream.take(message);
    this.#tellStreamed(this.#source + message.text);
  }

  /** @param {string} source */
  #tellStreamed(source) {
    this.#source = source;
    const detail = { seat: this.seat, source };
    this.dispatchEvent(new CustomEvent("agon:streamed", { bubbles: true, detail }));
  }

  /** Go back to the skeleton, because the answers start again. */
  restart() {
    this.#turn += 1;
    this.#stream = null;
    this.#tellStreamed("");
    this.#body.replaceChildren(...(this.#skeleton ? [this.#skeleton.cloneNode(true)] : []));
  }

  /**
   * Put the final content in place.
   * @param {FinalOutput} output
   */
  release(output) {
    const { name } = this;
    /** @type {HTMLElement} */
    let content;
    if (output.kind === "text") {
      const stream = this.#stream ?? new TextStream();
      stream.settle(output.html ?? "");
      content = stream.element;
    } else if (output.kind === "image") {
      content = document.createElement("button");
      content.setAttribute("type", "button");
      content.className = "picture";
      content.dataset.picture = "";
      content.setAttribute("aria-label", interpolate(gettext("%(answer)s: open the image larger"), { answer: name }));
      const image = document.createElement("img");
      image.alt = interpolate(gettext("Image made as answer %(letter)s"), { letter: this.letter });
      image.src = output.url ?? "";
      content.append(image);
    } else {
      content = player(output.kind === "music" ? "audio-clip" : "mesh-view", output, name);
    }
    content.dataset.final = "";
    this.#stream = null;
    // What was streamed stays where it is, and with it the place that is being read.
    if (!content.isConnected) this.#body.replaceChildren(content);
    this.adopt();
  }

  /** Watch the final content that is in the pane, made here or by the server. */
  adopt() {
    const content = this.querySelector("[data-final]");
    if (!(content instanceof HTMLElement)) return;
    this.#turn += 1;
    const turn = this.#turn;
    const shown = () => {
      if (turn === this.#turn) this.dispatchEvent(new CustomEvent("agon:shown", { bubbles: true }));
    };
    const failed = () => {
      if (turn === this.#turn) this.#offerRetry(content);
    };
    const image = content.querySelector(":scope > img");
    if (content.localName === "audio-clip" || content.localName === "mesh-view") {
      const state = content.dataset.state;
      if (state === "ready") shown();
      else if (state === "failed") failed();
      content.addEventListener("agon:ready", shown, { once: true });
      content.addEventListener("agon:failed", failed, { once: true });
    } else if (image instanceof HTMLImageElement) {
      image.decode().then(painted).then(shown, failed);
    } else {
      equip(content);
      new ResizeObserver(() => markWide(content)).observe(content);
      painted().then(shown);
    }
  }

  /** @param {HTMLElement} content */
  #offerRetry(content) {
    const note = document.createElement("div");
    note.className = "pane-message";
    note.setAttribute("role", "alert");
    const text = document.createElement("p");
    text.textContent = interpolate(
      gettext("Answer %(letter)s could not be loaded. Nothing is lost; it is kept on the server."),
      { letter: this.letter },
    );
    const retry = document.createElement("button");
    retry.type = "button";
    retry.className = "button";
    retry.textContent = gettext("Load it again");
    retry.addEventListener("click", () => {
      const again = /** @type {HTMLElement} */ (content.cloneNode(false));
      delete again.dataset.state;
      const image = content.querySelector(":scope > img");
      if (image instanceof HTMLImageElement) {
        const other = document.createElement("img");
        other.alt = image.alt;
        other.src = image.src;
        again.append(other);
      }
      this.#body.replaceChildren(again);
      this.adopt();
    });
    note.append(text, retry);
    this.#body.replaceChildren(note);
  }

  /** @param {MouseEvent} event */
  #onClick = (event) => {
    const picture = event.target instanceof Element ? event.target.closest("[data-picture]") : null;
    const image = picture?.querySelector("img");
    if (image) openLightbox(image, this.name);
  };
}

customElements.define("answer-pane", AnswerPane);
