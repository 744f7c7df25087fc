/** Answers of different length in windows of one height, which move by the same share. */
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./answer-pane.js").AnswerPane} AnswerPane */

/**
 * @param {HTMLElement} stage
 * @param {AnswerPane[]} panes
 * @returns {{isOn: () => boolean, set: (isOn: boolean) => void}}
 */
export function readTogether(stage, panes) {
  let isOn = false;
  /** Where each window was put from here: the scroll event of that is nobody's wish. */
  const put = /** @type {Map<Element, number>} */ (new Map());

  /** @param {Element} window */
  const room = (window) => Math.max(window.scrollHeight - window.clientHeight, 1);

  const windows = () =>
    panes.map((pane) => pane.querySelector("[data-pane-body]")).filter((body) => body !== null);

  /** @param {Event} event */
  const follow = (event) => {
    if (!isOn || !(event.target instanceof Element) || !windows().includes(event.target)) return;
    const moved = event.target;
    const expected = put.get(moved);
    put.delete(moved);
    if (expected !== undefined && Math.abs(moved.scrollTop - expected) < 1.5) return;
    const share = moved.scrollTop / room(moved);
    for (const other of windows()) {
      if (other === moved) continue;
      const before = other.scrollTop;
      other.scrollTop = share * room(other);
      if (other.scrollTop !== before) put.set(other, other.scrollTop);
    }
  };
  // A scroll does not bubble, but it is seen on its way down.
  stage.addEventListener("scroll", follow, { capture: true, passive: true });

  return {
    isOn: () => isOn,
    set(wanted) {
      isOn = wanted;
      put.clear();
      stage.toggleAttribute("data-together", isOn);
      for (const [index, body] of windows().entries()) {
        if (isOn) {
          body.setAttribute("tabindex", "0");
          body.setAttribute("role", "region");
          const words = { letter: panes[index]?.letter ?? "" };
          const label = interpolate(gettext("Answer %(letter)s, scrolls together"), words);
          body.setAttribute("aria-label", label);
        } else {
          for (const name of ["tabindex", "role", "aria-label"]) body.removeAttribute(name);
        }
      }
    },
  };
}
