/** A board that stays current: one event for each change, one quiet note. */
import { gettext, interpolate } from "./words.js";

/** Least time between two refreshes, in milliseconds: a busy board must stay readable. */
const QUIET_MS = 2000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60000;

const board = document.querySelector("[data-board]");
const rows = document.getElementById("board-rows");
const note = document.querySelector("[data-live]");
if (board instanceof HTMLElement && rows) follow(board.dataset.board ?? "", rows);

/**
 * @param {string} slug
 * @param {HTMLElement} rows
 */
function follow(slug, rows) {
  let wait = FIRST_WAIT_MS;
  let lastAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pending;
  let lastHtml = "";

  function changed() {
    clearTimeout(pending);
    pending = setTimeout(
      () => {
        lastAt = Date.now();
        document.body.dispatchEvent(new CustomEvent("agon:board-changed"));
      },
      Math.max(0, lastAt + QUIET_MS - Date.now()),
    );
  }

  function open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws/boards/${slug}/`);
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT_MS;
      if (note instanceof HTMLElement) note.dataset.state = "open";
    });
    socket.addEventListener("message", changed);
    socket.addEventListener("close", () => {
      if (note instanceof HTMLElement) delete note.dataset.state;
      setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    });
  }

  // A reader whose focus is inside the table keeps the table; the next change comes soon enough.
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === rows && rows.contains(document.activeElement)) event.preventDefault();
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target !== rows || !(event instanceof CustomEvent)) return;
    const html = String(event.detail.serverResponse ?? "");
    if (html === lastHtml) event.detail.shouldSwap = false;
    lastHtml = html;
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== rows || !note) return;
    const { lang } = document.documentElement;
    const parts = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const time = new Date().toLocaleTimeString(lang, parts);
    note.textContent = interpolate(gettext("Live · updated %(time)s"), { time });
  });

  open();
}
