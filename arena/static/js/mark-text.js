/** Marks words of a text answer: selected on the page, or chosen from a list of its sentences. */
import { align, drawnPart, spanOf } from "./mark-align.js";
import { bringIntoView, goodOrBad, paneOf } from "./mark-list.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./mark-list.js").Desk} Desk */
/** @typedef {import("./mark-list.js").Mark} Mark */
/** @typedef {import("./mark-list.js").Tool} Tool */

/** Characters of a sentence in the list, and of a mark's words. */
const MOST_SHOWN = 90;

const LINES = "p, li, h3, h4, h5, h6, pre, td, th, .math";

/** @param {string} text */
function short(text) {
  const words = text.trim().replace(/\s+/g, " ");
  return words.length > MOST_SHOWN ? `${words.slice(0, MOST_SHOWN - 1).trimEnd()}…` : words;
}

/** The text of an answer as it is drawn, and where each part of it is on the page. */
class Drawn {
  /** @type {{node: Text, start: number}[]} */
  nodes = [];
  text = "";

  /** @param {Element} root */
  constructor(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!(node instanceof Text)) continue;
      this.nodes.push({ node, start: this.text.length });
      this.text += node.data;
    }
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  range(from, to) {
    const range = new Range();
    const first = this.nodes.findLast((one) => one.start <= from);
    const last = this.nodes.findLast((one) => one.start < to);
    if (!first || !last) return range;
    range.setStart(first.node, from - first.start);
    range.setEnd(last.node, to - last.start);
    return range;
  }

  /**
   * @param {Range} range
   * @returns {[number, number]}
   */
  part(range) {
    let [from, to] = [this.text.length, 0];
    for (const { node, start } of this.nodes) {
      if (!range.intersectsNode(node)) continue;
      from = Math.min(from, start + (node === range.startContainer ? range.startOffset : 0));
      const end = node === range.endContainer ? range.endOffset : node.length;
      to = Math.max(to, start + end);
    }
    return [from, to];
  }

  /** @returns {[number, number][]} sentences, and lines of code */
  passages() {
    /** @type {[number, number][]} */
    const found = [];
    const sentences = new Intl.Segmenter(document.documentElement.lang || "en", {
      granularity: "sentence",
    });
    for (let index = 0; index < this.nodes.length; ) {
      const first = this.nodes[index];
      const line = first?.node.parentElement?.closest(LINES);
      let next = index + 1;
      while (line && this.nodes[next]?.node.parentElement?.closest(LINES) === line) next += 1;
      const from = first?.start ?? 0;
      const to = this.nodes[next]?.start ?? this.text.length;
      index = next;
      if (!line) continue;
      const text = this.text.slice(from, to);
      const parts =
        line.localName === "pre"
          ? [...text.matchAll(/[^\n]+/g)].map((one) => ({ index: one.index, segment: one[0] }))
          : sentences.segment(text);
      for (const { index: at, segment } of parts) {
        if (segment.trim()) found.push([from + at, from + at + segment.trimEnd().length]);
      }
    }
    return found;
  }
}

/**
 * @param {string} name
 * @param {Range[]} ranges
 */
function highlight(name, ranges) {
  // A browser without it still has the list.
  if ("highlights" in CSS) CSS.highlights.set(name, new Highlight(...ranges));
}

/**
 * @param {Desk} desk
 * @returns {Tool}
 */
export function textTool(desk) {
  /** @type {Map<number, {drawn: string, places: Int32Array}>} */
  const aligned = new Map();

  /** @param {number} position */
  function answer(position) {
    const root = paneOf(position)?.querySelector("[data-final]");
    const source = desk.state.texts[position] ?? "";
    if (!root) return null;
    const drawn = new Drawn(root);
    let known = aligned.get(position);
    if (known?.drawn !== drawn.text) {
      known = { drawn: drawn.text, places: align(drawn.text, source) };
      aligned.set(position, known);
    }
    return { root, source, drawn, places: known.places };
  }

  /** @param {Mark} mark */
  function rangeOf(mark) {
    const own = answer(mark.position);
    const part = own && drawnPart(own.source, own.places, mark.place.start, mark.place.end);
    return own && part ? own.drawn.range(...part) : null;
  }

  /**
   * @param {number} position
   * @param {[number, number]} part of the drawn text
   * @param {boolean} isGood
   */
  function mark(position, part, isGood) {
    const own = answer(position);
    const span = own && spanOf(own.source, own.places, ...part);
    if (span) desk.add(position, span, isGood);
  }

  watchSelection((position, range, isGood) => {
    const own = answer(position);
    if (own) mark(position, own.drawn.part(range), isGood);
  });

  return {
    build(position, letter, into) {
      const select = document.createElement("select");
      const name = interpolate(gettext("A sentence of answer %(letter)s"), { letter });
      select.setAttribute("aria-label", name);
      /** @type {[number, number][]} */
      let passages = [];
      const show = () => {
        const own = answer(position);
        const part = passages[select.selectedIndex];
        highlight("why-here", own && part ? [own.drawn.range(...part)] : []);
      };
      select.addEventListener("change", show);
      const hint = document.createElement("p");
      hint.className = "small";
      hint.textContent = gettext("Choose a sentence here, or select words in the answer itself.");
      into.append(
        hint,
        select,
        ...goodOrBad((isGood) => {
          const part = passages[select.selectedIndex];
          if (part) mark(position, part, isGood);
        }),
      );
      into.closest("details")?.addEventListener("toggle", (event) => {
        const isOpen = event.currentTarget instanceof HTMLDetailsElement && event.currentTarget.open;
        if (!isOpen) {
          highlight("why-here", []);
          return;
        }
        const own = answer(position);
        passages = own?.drawn.passages() ?? [];
        const chosen = select.selectedIndex;
        select.replaceChildren(
          ...passages.map((part) => new Option(short(own?.drawn.text.slice(...part) ?? ""))),
        );
        select.selectedIndex = Math.min(Math.max(chosen, 0), passages.length - 1);
        show();
      });
    },
    words(mark) {
      const words = short(rangeOf(mark)?.toString() || mark.place.quote);
      return interpolate(gettext("“%(words)s”"), { words });
    },
    draw(marks) {
      for (const isGood of [true, false]) {
        const ranges = marks.filter((one) => one.is_good === isGood).map(rangeOf);
        highlight(
          isGood ? "why-good" : "why-bad",
          ranges.filter((range) => range !== null),
        );
      }
    },
    find(mark) {
      bringIntoView(rangeOf(mark)?.startContainer.parentElement);
    },
  };
}

/**
 * Offer the two answers beside each selection inside one answer.
 * @param {(position: number, range: Range, isGood: boolean) => void} pick
 */
function watchSelection(pick) {
  const offer = document.createElement("div");
  offer.className = "mark-offer";
  offer.hidden = true;
  offer.setAttribute("role", "group");
  /** @type {{position: number, range: Range} | null} */
  let chosen = null;

  const close = () => {
    chosen = null;
    offer.hidden = true;
  };
  offer.append(
    ...goodOrBad((isGood) => {
      if (!chosen) return;
      const { position, range } = chosen;
      const hadFocus = offer.matches(":focus-within");
      close();
      getSelection()?.removeAllRanges();
      if (hadFocus) focusAnswer(position);
      pick(position, range, isGood);
    }),
  );
  // A press on a button would take the selection away before its click.
  offer.addEventListener("pointerdown", (event) => event.preventDefault());
  offer.addEventListener("mousedown", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !chosen) return;
    const { position } = chosen;
    const hadFocus = offer.matches(":focus-within");
    close();
    getSelection()?.removeAllRanges();
    if (hadFocus) focusAnswer(position);
  });
  document.addEventListener("selectionchange", () => {
    const selection = getSelection();
    if (offer.matches(":focus-within")) return;
    const range = selection && selection.rangeCount > 0 ? selection.getRangeAt(0) : null;
    const holder = range && elementOf(range.commonAncestorContainer)?.closest("[data-final]");
    const pane = holder?.closest("answer-pane");
    const body = holder?.parentElement;
    if (!range || !pane || !body || !range.toString().trim()) {
      close();
      return;
    }
    chosen = { position: Number(pane.getAttribute("seat")), range: range.cloneRange() };
    const letter = pane.getAttribute("letter") ?? "";
    const name = interpolate(gettext("Mark the selected words in %(letter)s"), { letter });
    offer.setAttribute("aria-label", name);
    if (offer.parentElement !== body) body.append(offer);
    offer.hidden = false;
    const [box, frame] = [range.getBoundingClientRect(), body.getBoundingClientRect()];
    const room = frame.width - offer.offsetWidth;
    offer.style.insetBlockStart = `${box.bottom - frame.top + 6}px`;
    offer.style.left = `${Math.max(0, Math.min(box.left - frame.left, room))}px`;
  });
}

/** @param {Node} node */
function elementOf(node) {
  return node instanceof Element ? node : node.parentElement;
}

/** @param {number} position */
function focusAnswer(position) {
  const root = paneOf(position)?.querySelector("[data-final]");
  if (!(root instanceof HTMLElement)) return;
  root.tabIndex = -1;
  root.focus({ preventScroll: true });
}
