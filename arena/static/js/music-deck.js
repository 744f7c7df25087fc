/** `<music-deck>`: the controls that all clips of a battle share. The server makes its parts. */
import { clock, STEP_S } from "./audio-clip.js";
import { deck, RATES, SHORTEST_S } from "./audio-deck.js";
import { describeKeys } from "./keys-help.js";
import { areKeysOn, listenForKeys, switchKeys } from "./music-keys.js";
import { gettext, interpolate } from "./words.js";

/** One key press changes the volume by this much. */
const VOLUME_STEP = 0.1;

/** @param {number} seconds with tenths */
const exact = (seconds) => `${clock(seconds)}.${Math.floor((seconds % 1) * 10)}`;

export class MusicDeck extends HTMLElement {
  /** A start that waits for its end. @type {number | null} */
  #mark = null;
  /** A speed that the clips are being brought to. @type {number | null} */
  #wanted = null;
  #isWired = false;

  connectedCallback() {
    if (this.#isWired) return;
    this.#isWired = true;
    /** @type {Record<string, () => void>} */
    const acts = {
      toggle: () => deck.toggle(),
      from: () => this.#startSection(),
      to: () => this.#endSection(),
      clear: () => this.#clearSection(),
      mute: () => this.#mute(),
    };
    this.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("[data-act]") : null;
      if (button instanceof HTMLElement) acts[button.dataset.act ?? ""]?.();
    });
    for (const radio of this.#rates) {
      radio.addEventListener("change", () => this.#setRate(Number(radio.value)));
    }
    const volume = this.#part("volume", HTMLInputElement);
    volume.addEventListener("input", () => deck.setLoudness(Number(volume.value), false, false));
    volume.addEventListener("change", () => deck.setLoudness(Number(volume.value), false));
    const keys = this.#part("keys", HTMLInputElement);
    keys.addEventListener("change", () => switchKeys(keys.checked));
    this.#part("help", HTMLDetailsElement).addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#closeHelp();
    });
    listenForKeys(this.#keys());
    describeKeys(gettext("Clips"), [
      [gettext("Space"), gettext("Play or pause")],
      [["1", "2", "…"], gettext("Switch to another clip")],
      [["←", "→"], gettext("Back, forward")],
      [["[", "]"], gettext("Repeat from here, to here")],
      ["L", gettext("Repeat nothing")],
      [["<", ">"], gettext("Slower, faster")],
      [["−", "+", "M"], gettext("Softer, louder, mute")],
    ]);
    deck.watch(() => this.#show());
    document.addEventListener("change", () => this.#show());
    // Before whoever sends the last events hears of it.
    addEventListener("pagehide", () => deck.pause(), { capture: true });
    this.#show();
  }

  /** @returns {Record<string, () => void>} */
  #keys() {
    /** @type {Record<string, () => void>} */
    const keys = {
      " ": () => deck.toggle(),
      ArrowLeft: () => deck.seekBy(-STEP_S),
      ArrowRight: () => deck.seekBy(STEP_S),
      "[": () => this.#startSection(),
      i: () => this.#startSection(),
      "]": () => this.#endSection(),
      o: () => this.#endSection(),
      l: () => this.#clearSection(),
      m: () => this.#mute(),
      "-": () => this.#louder(-VOLUME_STEP),
      "+": () => this.#louder(VOLUME_STEP),
      "<": () => this.#faster(-1),
      ">": () => this.#faster(1),
    };
    for (let seat = 0; seat < 6; seat += 1) keys[String(seat + 1)] = () => this.#choose(seat);
    return keys;
  }

  /**
   * @template {HTMLElement} Kind
   * @param {string} name
   * @param {new () => Kind} kind
   * @returns {Kind}
   */
  #part(name, kind) {
    const part = this.querySelector(`[data-part="${name}"]`);
    if (!(part instanceof kind)) throw new Error(`music-deck has no ${name} in it`);
    return part;
  }

  get #rates() {
    return /** @type {NodeListOf<HTMLInputElement>} */ (this.querySelectorAll("input[name=rate]"));
  }

  /**
   * Say what a key did, to those who do not see it.
   * @param {string} text
   */
  #say(text) {
    this.#part("said", HTMLElement).textContent = text;
  }

  /** @param {number} seat */
  #letter(seat) {
    return document.querySelector(`answer-pane[seat="${seat}"]`)?.getAttribute("letter") ?? "";
  }

  /** @param {number} seat */
  #nameOf(seat) {
    return interpolate(gettext("Answer %(letter)s"), { letter: this.#letter(seat) });
  }

  /** @param {number} seat */
  #choose(seat) {
    if (deck.seat !== seat && deck.choose(seat)) this.#say(this.#nameOf(seat));
  }

  #startSection() {
    const at = deck.position;
    if (deck.section && at < deck.section.to - SHORTEST_S) {
      this.#repeat(at, deck.section.to);
      return;
    }
    this.#mark = at;
    deck.setSection(null);
    this.#say(interpolate(gettext("The section starts at %(time)s"), { time: exact(at) }));
    this.#show();
  }

  #endSection() {
    this.#repeat(this.#mark ?? deck.section?.from ?? 0, deck.position);
  }

  /**
   * @param {number} from seconds
   * @param {number} to seconds
   */
  #repeat(from, to) {
    this.#mark = null;
    deck.setSection({ from, to });
    const { section } = deck;
    if (!section) return;
    const times = { from: exact(section.from), to: exact(section.to) };
    this.#say(interpolate(gettext("Repeats %(from)s to %(to)s"), times));
  }

  #clearSection() {
    if (!deck.section && this.#mark === null) return;
    this.#mark = null;
    deck.setSection(null);
    this.#say(gettext("Nothing repeats"));
    this.#show();
  }

  #mute() {
    const isMuted = !deck.isMuted && deck.volume > 0;
    deck.setLoudness(deck.volume || 1, isMuted);
    this.#say(isMuted ? gettext("Sound off") : gettext("Sound on"));
  }

  /** @param {number} by */
  #louder(by) {
    deck.setLoudness(Math.round((deck.volume + by) * 10) / 10, false);
    const volume = `${Math.round(100 * deck.volume)}%`;
    this.#say(interpolate(gettext("Volume %(volume)s"), { volume }));
  }

  /** @param {number} by steps */
  #faster(by) {
    const rate = RATES[RATES.indexOf(deck.rate) + by];
    const say = () => this.#say(interpolate(gettext("Speed %(rate)s"), { rate: deck.rate }));
    if (rate) this.#setRate(rate).then(say);
  }

  /** @param {number} rate */
  async #setRate(rate) {
    this.#wanted = rate;
    try {
      await deck.setRate(rate);
    } catch {
      this.#say(gettext("This browser cannot change the speed."));
    }
    if (this.#wanted === rate) this.#wanted = null;
    this.#show();
  }

  #closeHelp() {
    const help = this.#part("help", HTMLDetailsElement);
    help.open = false;
    help.querySelector("summary")?.focus();
  }

  #show() {
    const { isPlaying, position, duration, section } = deck;
    const isHere = deck.seats.length > 0;
    this.toggleAttribute("data-playing", isPlaying);
    this.dataset.keys = areKeysOn() ? "on" : "off";
    this.#part("keys", HTMLInputElement).checked = areKeysOn();
    const toggle = this.#part("toggle", HTMLButtonElement);
    toggle.disabled = !isHere;
    setLabel(toggle, isPlaying ? gettext("Pause") : gettext("Play"));
    for (const button of this.querySelectorAll("[data-act=from], [data-act=to]")) {
      button.toggleAttribute("disabled", !isHere);
    }
    // Not `disabled`: it keeps the focus when it has done its work.
    const canClear = section !== null || this.#mark !== null;
    this.#part("clear", HTMLElement).setAttribute("aria-disabled", String(!canClear));
    const isSilent = deck.loudness === 0;
    const answer = this.#nameOf(deck.seat);
    const name = isSilent ? interpolate(gettext("%(answer)s · muted"), { answer }) : answer;
    setText(this.#part("seat", HTMLElement), isHere ? name : "");
    setText(this.#part("time", HTMLElement), isHere ? `${clock(position)} / ${clock(duration)}` : "");
    const from = section?.from ?? this.#mark;
    setText(this.#part("from", HTMLElement), from === null ? gettext("here") : exact(from));
    setText(this.#part("to", HTMLElement), section ? exact(section.to) : gettext("here"));
    const mute = this.#part("mute", HTMLButtonElement);
    mute.setAttribute("aria-pressed", String(isSilent));
    this.toggleAttribute("data-silent", isSilent);
    const volume = this.#part("volume", HTMLInputElement);
    volume.value = String(deck.loudness);
    volume.setAttribute("aria-valuetext", `${Math.round(100 * deck.loudness)}%`);
    for (const radio of this.#rates) radio.checked = Number(radio.value) === (this.#wanted ?? deck.rate);
  }
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {HTMLElement} element
 * @param {string} label
 */
function setLabel(element, label) {
  if (element.getAttribute("aria-label") !== label) element.setAttribute("aria-label", label);
}

customElements.define("music-deck", MusicDeck);
