/** Dragging on the ballot; whatever it does, taps, keys and buttons do as well. */

/**
 * Where a chip is let go: alike with another, before another, at the end, or off the ballot.
 * @typedef {{alike: string} | {before: string} | {end: true} | {back: true}} Drop
 */

/** Pixels before a press becomes a drag. */
const SLOP_PX = 6;
/** How far above or below the order a chip may be let go. */
const REACH_PX = 40;
/** The middle of a group, on which a chip becomes alike with it; beside it is before or after. */
const MIDDLE_SHARE = 0.6;

/**
 * Let the chips of a ballot be dragged.
 * @param {HTMLElement} pool of those not placed
 * @param {HTMLElement} track of groups, best first
 * @param {() => boolean} isAble
 * @param {(letter: string, drop: Drop) => void} onDrop
 */
export function liveDragging(pool, track, isAble, onDrop) {
  for (const chip of pool.querySelectorAll("button")) {
    chip.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && event.isPrimary && isAble()) follow(chip, event);
    });
  }

  /**
   * @param {HTMLButtonElement} chip
   * @param {PointerEvent} start
   */
  function follow(chip, start) {
    const over = new AbortController();
    const { signal } = over;
    let isDragged = false;

    /** @param {PointerEvent} event */
    const move = (event) => {
      const [x, y] = [event.clientX - start.clientX, event.clientY - start.clientY];
      if (!isDragged && Math.hypot(x, y) < SLOP_PX) return;
      if (!isDragged) {
        isDragged = true;
        chip.setPointerCapture(event.pointerId);
        chip.classList.add("is-dragged");
      }
      chip.style.translate = `${x}px ${y}px`;
      mark(dropAt(chip.value, event.clientX, event.clientY));
    };

    /** @param {Drop | null} drop */
    const end = (drop) => {
      over.abort();
      chip.classList.remove("is-dragged");
      chip.style.translate = "";
      mark(null);
      if (!isDragged) return;
      // The click that ends a drag is no press of the chip.
      chip.addEventListener("click", stop, { capture: true, once: true });
      setTimeout(() => chip.removeEventListener("click", stop, { capture: true }));
      if (drop) onDrop(chip.value, drop);
    };

    // On the page: a quick hand has left the chip before the first move is told.
    document.addEventListener("pointermove", move, { signal });
    document.addEventListener(
      "pointerup",
      (event) => end(isDragged ? dropAt(chip.value, event.clientX, event.clientY) : null),
      { signal },
    );
    document.addEventListener("pointercancel", () => end(null), { signal });
    document.addEventListener("keydown", (event) => event.key === "Escape" && end(null), { signal });
  }

  /**
   * @param {string} letter that is dragged
   * @param {number} x
   * @param {number} y
   * @returns {Drop | null}
   */
  function dropAt(letter, x, y) {
    const area = track.getBoundingClientRect();
    const isOnTrack =
      y > area.top - REACH_PX && y < area.bottom + REACH_PX && x > area.left - REACH_PX;
    const home = pool.getBoundingClientRect();
    if (!pool.hidden && x < home.right && y > home.top - REACH_PX && y < home.bottom + REACH_PX) {
      return { back: true };
    }
    if (!isOnTrack) return null;
    for (const item of groups()) {
      const other = lettersOf(item).find((one) => one !== letter);
      if (!other) continue;
      const box = item.getBoundingClientRect();
      if (y > box.bottom + REACH_PX / 4) continue; // of a row above
      const side = (box.width * (1 - MIDDLE_SHARE)) / 2;
      if (x < box.left + side || y < box.top - REACH_PX) return { before: other };
      if (x <= box.right - side) return { alike: other };
    }
    return { end: true };
  }

  /** @param {Drop | null} drop */
  function mark(drop) {
    const named = drop && ("alike" in drop ? drop.alike : "before" in drop ? drop.before : "");
    for (const item of groups()) {
      const isIt = Boolean(named) && lettersOf(item).includes(named || "");
      item.dataset.drop = isIt && drop ? ("alike" in drop ? "alike" : "before") : "";
    }
    track.dataset.drop = drop && "end" in drop ? "end" : "";
    pool.dataset.drop = drop && "back" in drop ? "back" : "";
  }

  function groups() {
    return /** @type {NodeListOf<HTMLElement>} */ (track.querySelectorAll("[data-rank]"));
  }
}

/** @param {Element} item */
function lettersOf(item) {
  return [...item.querySelectorAll("button")].map((chip) => chip.value);
}

/** @param {Event} event */
function stop(event) {
  event.stopPropagation();
  event.preventDefault();
}
