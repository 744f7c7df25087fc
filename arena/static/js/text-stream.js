/** A text answer that is being written: shows what the server rendered, block by block. */
import { equip, markWide } from "./text-blocks.js";

/** @typedef {import("./protocol.js").TextMessage} TextMessage */

/** Where plain words go, in the server's HTML: a character that no answer contains. */
const CARET = "\ue000";

/** What `equip` adds to blocks, and the server does not know. */
const ADDED = new Set(["tabindex", "role", "aria-label"]);

export class TextStream {
  /** The element to put into the pane. */
  element = document.createElement("div");
  /** @type {Text | null} */
  #caret = null;

  constructor() {
    this.element.className = "prose answer stream";
    this.element.dir = "auto";
  }

  /**
   * Show the next piece. Its HTML is the server's, rendered and sanitised as the final answer's is.
   * @param {TextMessage} message
   */
  take(message) {
    if (message.wait) return;
    if (message.html === undefined) {
      this.#caret?.appendData(message.text);
      const code = this.#caret?.parentElement?.closest("pre");
      if (code) markWide(this.element);
      return;
    }
    const [blocks = 0, items] = message.keep ?? [];
    const came = parsed(message.html);
    if (items === undefined) {
      cut(this.element, blocks);
    } else {
      cut(this.element, blocks + 1);
      const list = this.element.children[blocks];
      const more = came.firstElementChild;
      if (list && more) {
        cut(list, items);
        list.append(...more.childNodes);
        more.remove();
      }
    }
    this.element.append(came);
    this.#caret = takeCaret(this.element);
    equip(this.element);
  }

  /**
   * Become the final answer. Blocks that look so already stay as they are, with what is selected.
   * @param {string} html
   */
  settle(html) {
    this.#caret = null;
    const wanted = [...parsed(html).children];
    cut(this.element, wanted.length);
    wanted.forEach((block, index) => {
      const shown = this.element.children[index];
      if (!shown) this.element.append(block);
      else if (!isSame(shown, block)) shown.replaceWith(block);
    });
    this.element.classList.remove("stream");
    equip(this.element);
  }
}

/** @param {string} html */
function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

/**
 * Keep the first children of an element.
 * @param {Element} element
 * @param {number} count
 */
function cut(element, count) {
  if (count >= element.children.length) return;
  const first = element.children[count];
  while (first?.nextSibling) first.nextSibling.remove();
  first?.remove();
}

/**
 * Take the caret out of the text that it is in, and return that text.
 * @param {Element} element
 * @returns {Text | null}
 */
function takeCaret(element) {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = /** @type {Text} */ (texts.currentNode);
    if (!text.data.endsWith(CARET)) continue;
    text.deleteData(text.length - 1, 1);
    return text;
  }
  return null;
}

/**
 * Whether two blocks show the same, apart from what was added here and blanks between blocks.
 * @param {Node} one
 * @param {Node} other
 * @returns {boolean}
 */
function isSame(one, other) {
  if (!(one instanceof Element) || !(other instanceof Element)) {
    return one.nodeType === other.nodeType && one.nodeValue === other.nodeValue;
  }
  const names = one.getAttributeNames().filter((name) => !ADDED.has(name));
  if (one.localName !== other.localName || names.length !== other.attributes.length) return false;
  if (names.some((name) => one.getAttribute(name) !== other.getAttribute(name))) return false;
  const [ours, theirs] = [shownNodes(one), shownNodes(other)];
  return (
    ours.length === theirs.length &&
    ours.every((node, index) => {
      const match = theirs[index];
      return match !== undefined && isSame(node, match);
    })
  );
}

/** @param {Element} element */
function shownNodes(element) {
  element.normalize();
  return [...element.childNodes].filter((node) =>
    node instanceof Text
      ? element.closest("code, span") || node.data.trim()
      : !(node instanceof HTMLElement && node.dataset.added !== undefined),
  );
}
