/** Says what is still to be heard or seen before the vote: in each answer's head, at the vote bar. */
import { areKeysOn } from "./shortcuts.js";
import { gettext, interpolate, ngettext } from "./words.js";

/** @typedef {import("./protocol.js").Missing} Missing */

/** Where a letter is text. */
const WRITING = "textarea, select, input:not([type=checkbox], [type=radio], [type=range])";

/** What is missing now. @type {Missing[]} */
let known = [];

/**
 * Say what is missing, and no more when nothing is.
 * @param {HTMLElement} page
 * @param {Missing[]} missing
 */
export function tellMissing(page, missing) {
  const before = known;
  known = missing.filter((one) => one.kind !== "shown");
  if (!before.length && !known.length) return;
  for (const pane of page.querySelectorAll("answer-pane")) {
    const seat = Number(pane.getAttribute("seat"));
    const own = known.filter((one) => one.seat === seat);
    headOf(pane).textContent = own.map(inHead).join(", ");
  }
  const form = document.querySelector("form[data-vote]");
  if (form) noteOf(form).textContent = known.length ? beforeVote(known.map(atBar).join(" · ")) : "";
  const line = form?.querySelector("[data-vote-message]");
  if (line?.querySelector("[data-early]")) line.replaceChildren();
  announce(page, before, known);
}

/**
 * Whoever presses a key of a vote too early is told what is missing.
 * @param {HTMLFormElement} form
 */
export function answerEarlyKeys(form) {
  document.addEventListener("keydown", (event) => {
    if (!known.length || event.defaultPrevented || event.repeat || !areKeysOn()) return;
    if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target instanceof Element && event.target.matches(WRITING)) return;
    const key = CSS.escape(event.key.toLowerCase());
    if (form.querySelector(`button[data-key="${key}"]:disabled`)) tellEarly(form);
  });
}

/** @param {HTMLFormElement} form */
function tellEarly(form) {
  const note = document.createElement("div");
  note.className = "note";
  note.dataset.early = "";
  note.textContent = known.map((one) => one.message).join(" ");
  form.querySelector("[data-vote-message]")?.replaceChildren(note);
}

/**
 * Say aloud what begins and what is done, and not each second.
 * @param {HTMLElement} page
 * @param {Missing[]} before
 * @param {Missing[]} now
 */
function announce(page, before, now) {
  const status = page.querySelector("[data-announce]");
  const isSame = before.length === now.length;
  if (status && !isSame && now.length) {
    status.textContent = beforeVote(now.map((one) => one.message).join(" "));
  }
}

/** @param {Element} pane */
function headOf(pane) {
  const found = pane.querySelector(".pane-gate");
  if (found) return found;
  const made = document.createElement("span");
  made.className = "pane-gate";
  pane.querySelector(".pane-title")?.after(made);
  return made;
}

/** @param {Element} form */
function noteOf(form) {
  const found = form.querySelector(".gate-note");
  if (found) return found;
  const made = document.createElement("p");
  made.className = "gate-note";
  form.querySelector("[data-vote-message]")?.before(made);
  return made;
}

/** @param {string} what */
function beforeVote(what) {
  return interpolate(gettext("Before you vote: %(what)s"), { what });
}

/** @param {Missing} one */
function inHead({ kind, have, needed }) {
  if (kind === "views") {
    return interpolate(gettext("Seen from %(have)s of %(needed)s sides"), { have, needed });
  }
  const n = Math.ceil(needed - have);
  return interpolate(ngettext("%(n)s more second to go", "%(n)s more seconds to go", n), { n });
}

/** @param {Missing} one */
function atBar({ kind, seat, have, needed }) {
  const letter = "ABCDEF"[seat] ?? "";
  if (kind === "views") {
    const said = gettext("turn %(letter)s, seen from %(have)s of %(needed)s sides");
    return interpolate(said, { letter, have, needed });
  }
  const n = Math.ceil(needed - have);
  const said = ngettext("%(n)s more second of %(letter)s", "%(n)s more seconds of %(letter)s", n);
  return interpolate(said, { n, letter });
}
