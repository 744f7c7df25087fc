/** Marks a time range of a clip: the part that repeats, the last seconds heard, or any other. */
import { heard } from "./mark-engaged.js";
import { goodOrBad, paneOf, smallButton } from "./mark-list.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./mark-list.js").Desk} Desk */
/** @typedef {import("./mark-list.js").Tool} Tool */

/** Seconds that "just now" lasts. */
const JUST_NOW_S = 5;

/** @param {number} seconds */
function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  const rest = ((tenths % 600) / 10).toFixed(tenths % 10 === 0 ? 0 : 1);
  return `${Math.floor(tenths / 600)}:${rest.padStart(rest.includes(".") ? 4 : 2, "0")}`;
}

/** @param {number} position */
function durationOf(position) {
  return Number(paneOf(position)?.querySelector("[data-final]")?.getAttribute("duration")) || 0;
}

/**
 * @param {string} label
 * @param {number} most seconds
 */
function field(label, most) {
  const input = document.createElement("input");
  input.type = "number";
  input.className = "input";
  input.min = "0";
  input.max = String(most);
  input.step = "any";
  input.inputMode = "decimal";
  const holder = document.createElement("label");
  holder.className = "small mark-second";
  holder.append(label, input);
  return { input, holder };
}

/**
 * @param {Desk} desk
 * @returns {Tool}
 */
export function rangeTool(desk) {
  return {
    build(position, letter, into) {
      const duration = durationOf(position);
      const from = field(gettext("From (seconds)"), duration);
      const to = field(gettext("To (seconds)"), duration);
      const problem = document.createElement("p");
      problem.className = "small field-error";
      problem.setAttribute("role", "alert");
      /**
       * @param {number} start
       * @param {number} end
       */
      const fill = (start, end) => {
        from.input.value = String(Math.round(10 * Math.max(0, start)) / 10);
        to.input.value = String(Math.round(10 * Math.min(duration, end)) / 10);
      };
      const justNow = () => {
        const now = heard.positions.get(position) || Math.min(JUST_NOW_S, duration);
        fill(now - JUST_NOW_S, now);
      };
      const repeated = smallButton(gettext("Take the part that repeats"), () => {
        if (heard.loop) fill(heard.loop.from_s, heard.loop.to_s);
      });
      const show = () => {
        repeated.hidden = heard.loop === null;
      };
      document.addEventListener("agon:remembered", show);
      show();
      justNow();
      const hint = document.createElement("p");
      hint.className = "small";
      const seconds = gettext("Seconds of clip %(letter)s, from 0 to %(duration)s.");
      hint.textContent = interpolate(seconds, { letter, duration });
      const last = gettext("Take the last %(n)s seconds I heard");
      into.append(
        hint,
        repeated,
        smallButton(interpolate(last, { n: JUST_NOW_S }), justNow),
        from.holder,
        to.holder,
        ...goodOrBad((isGood) => {
          const [start, end] = [from.input.valueAsNumber, to.input.valueAsNumber];
          const isRange = start >= 0 && end <= duration && end - start >= 0.01;
          problem.textContent = isRange
            ? ""
            : interpolate(
                gettext("Write a start and a later end, from 0 to %(duration)s seconds."),
                { duration },
              );
          if (isRange) desk.add(position, { from_s: start, to_s: end }, isGood);
          else from.input.focus();
        }),
        problem,
      );
    },
    words(mark) {
      return `${clock(mark.place.from_s)}–${clock(mark.place.to_s)}`;
    },
    draw() {},
  };
}
