/** The picture of a clip: its waveform, what was played and heard, the section, the position. */

const SVG = "http://www.w3.org/2000/svg";

/** Bars in a waveform: few enough to be read as a shape on a phone. */
const BARS = 100;

/**
 * Loudest value in each of `count` equal parts.
 * @param {number[]} peaks
 * @param {number} count
 * @returns {number[]}
 */
export function resample(peaks, count) {
  if (peaks.length === 0) return Array(count).fill(0.3);
  return Array.from({ length: count }, (_, bar) => {
    const from = Math.floor((bar * peaks.length) / count);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / count));
    return Math.max(...peaks.slice(from, to));
  });
}

/**
 * @param {string} text JSON of heights 0..1
 * @returns {string} the outline of all bars
 */
function outline(text) {
  /** @type {number[]} */
  let peaks = [];
  try {
    peaks = JSON.parse(text || "[]");
  } catch {
    // A waveform is an aid; without it the bars are level.
  }
  return resample(peaks, BARS)
    .map((peak, index) => {
      // The root shows soft passages, too, by one rule for all clips.
      const height = Math.max(4, Math.sqrt(Math.min(1, peak)) * 96);
      return `M${index + 0.2} ${50 - height / 2}h0.6v${height}h-0.6z`;
    })
    .join("");
}

/**
 * @param {string} className
 * @param {string} d
 */
function drawing(className, d) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("viewBox", `0 0 ${BARS} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
}

/** @param {string} className */
function mark(className) {
  const element = document.createElement("span");
  element.className = className;
  element.setAttribute("aria-hidden", "true");
  return element;
}

/** @param {number} share */
const percent = (share) => `${100 * share}%`;

/** The parts of a waveform, and what they show. */
export class Wave {
  #played;
  #head = mark("wave-head");
  #section = mark("wave-section");
  #heard = mark("wave-heard");
  #drawn = "";

  /** @param {string} peaks JSON of heights 0..1 */
  constructor(peaks) {
    const bars = outline(peaks);
    this.#played = drawing("wave-bars is-played", bars);
    this.#section.hidden = true;
    this.parts = [this.#section, drawing("wave-bars", bars), this.#played, this.#heard, this.#head];
  }

  /** @param {number} share of the clip, 0..1 */
  showPosition(share) {
    this.#played.style.clipPath = `inset(0 ${percent(1 - share)} 0 0)`;
    this.#head.style.left = percent(share);
  }

  /** @param {{from: number, to: number} | null} section shares of the clip */
  showSection(section) {
    this.#section.hidden = !section;
    if (!section) return;
    this.#section.style.left = percent(section.from);
    this.#section.style.width = percent(section.to - section.from);
  }

  /** @param {Array<[number, number]>} heard shares of the clip */
  showHeard(heard) {
    const drawn = JSON.stringify(heard);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#heard.replaceChildren(
      ...heard.map(([from, to]) => {
        const part = document.createElement("span");
        part.style.left = percent(from);
        part.style.width = percent(to - from);
        return part;
      }),
    );
  }
}
