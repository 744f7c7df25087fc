/** How far each final answer was on the screen: told as `agon:engaged`, kind `scroll`. */

/** @typedef {import("./answer-pane.js").AnswerPane} AnswerPane */

/** Shortest time between two tellings, in milliseconds. */
const EVERY_MS = 1000;
/** Smallest step that is worth telling, as a share of the answer. */
const STEP = 0.01;

/**
 * Tell, for each answer, the furthest share that was on the screen; it only rises.
 * @param {AnswerPane[]} panes
 */
export function watchReading(panes) {
  const seen = /** @type {Map<AnswerPane, number>} */ (new Map());
  const told = /** @type {Map<AnswerPane, number>} */ (new Map());
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const tell = () => {
    timer = undefined;
    look();
    for (const [pane, share] of seen) {
      const before = told.get(pane) ?? 0;
      if (share < before + STEP && !(share === 1 && before < 1)) continue;
      told.set(pane, share);
      const detail = { seat: pane.seat, kind: "scroll", share };
      pane.dispatchEvent(new CustomEvent("agon:engaged", { bubbles: true, detail }));
    }
  };
  // With every scroll: who goes to the end and back within a second has been there.
  const look = () => {
    if (document.visibilityState !== "visible") return;
    for (const pane of panes) seen.set(pane, Math.max(shareSeen(pane), seen.get(pane) ?? 0));
  };
  const soon = () => {
    look();
    timer ??= setTimeout(tell, EVERY_MS);
  };
  addEventListener("scroll", soon, { capture: true, passive: true });
  addEventListener("resize", soon);
  document.addEventListener("visibilitychange", soon);
  document.addEventListener("agon:shown", soon);
  soon();
}

/**
 * @param {AnswerPane} pane
 * @returns {number} 0..1: how much of the final answer lies above the lowest line that is seen now
 */
function shareSeen(pane) {
  const answer = pane.querySelector(".answer[data-final]");
  const window = pane.querySelector("[data-pane-body]");
  if (!answer || !window) return 0;
  const bar = document.querySelector("[data-verdict]");
  const bottom = Math.min(
    bar ? bar.getBoundingClientRect().top : innerHeight,
    innerHeight,
    window.getBoundingClientRect().bottom,
  );
  const box = answer.getBoundingClientRect();
  if (!box.height || bottom <= box.top) return 0;
  return Math.round(Math.min((bottom - box.top) / box.height, 1) * 1000) / 1000;
}
