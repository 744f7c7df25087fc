/** What the browser remembers of listening: the loudness for good, what was heard for this visit. */
import { keep, recall } from "./storage.js";

/** @typedef {import("./audio-heard.js").Interval} Interval */

/** @returns {{volume: number, isMuted: boolean}} */
export function recallLoudness() {
  const kept = Number.parseFloat(recall("volume") ?? "1");
  return { volume: kept >= 0 && kept <= 1 ? kept : 1, isMuted: recall("muted") === "yes" };
}

/** @param {{volume: number, isMuted: boolean}} loudness */
export function keepLoudness({ volume, isMuted }) {
  keep("volume", String(volume));
  keep("muted", isMuted ? "yes" : "no");
}

/**
 * @param {string} src
 * @param {Interval[]} heard
 */
export function keepHeard(src, heard) {
  try {
    sessionStorage.setItem(`agon:heard:${src}`, JSON.stringify(heard));
  } catch {
    // It is then only forgotten when the page is loaded again.
  }
}

/**
 * @param {string} src
 * @returns {Interval[]}
 */
export function recallHeard(src) {
  try {
    return JSON.parse(sessionStorage.getItem(`agon:heard:${src}`) ?? "[]");
  } catch {
    return [];
  }
}
