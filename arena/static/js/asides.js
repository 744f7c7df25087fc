/** Beside the vote: pass a battle over, or report it. Without this module both are plain forms. */
import { say, send } from "./sending.js";
import { gettext } from "./words.js";

/**
 * Make "Skip" and "Report" live in a part of the page.
 * @param {ParentNode} root
 */
export function liveAsides(root) {
  for (const aside of root.querySelectorAll("details[data-skip]")) {
    if (aside instanceof HTMLDetailsElement) liveSkip(aside);
  }
  for (const aside of root.querySelectorAll("details[data-report]")) {
    if (aside instanceof HTMLDetailsElement) liveReport(aside);
  }
}

/** The answers are here: there is something to report, and nothing is too slow. */
export function answersAreHere() {
  for (const each of document.querySelectorAll("[data-when-released]")) each.removeAttribute("hidden");
  for (const each of document.querySelectorAll("[data-while-generating]")) each.remove();
}

/** @param {HTMLDetailsElement} aside */
function liveSkip(aside) {
  const form = aside.querySelector("form");
  if (!form) return;
  const line = aside.querySelector("[data-aside-message]");
  let isSending = false;
  aside.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !aside.open) return;
    aside.open = false;
    aside.querySelector("summary")?.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !aside.contains(event.target) && !isSending) {
      aside.open = false;
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending) return;
    isSending = true;
    const body = new FormData(form, event.submitter);
    const answer = await send(form, body, line, gettext("This battle is not skipped yet"));
    isSending = false;
    if (answer.isAccepted) location.reload();
  });
}

/**
 * Move the form of a report into a dialog.
 * @param {HTMLDetailsElement} aside
 */
function liveReport(aside) {
  const form = aside.querySelector("form");
  const summary = aside.querySelector("summary");
  if (!form || !summary) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = summary.className;
  button.setAttribute("aria-haspopup", "dialog");
  button.append(...summary.childNodes);

  const title = document.createElement("h2");
  title.className = "sheet-title";
  title.textContent = aside.dataset.title ?? gettext("Report");
  title.id = `report-title-${Math.random().toString(36).slice(2, 8)}`;
  const line = document.createElement("div");
  line.setAttribute("role", "status");
  const cancel = closer(gettext("Cancel"));
  const close = closer(gettext("Close"));
  close.hidden = true;
  const dialog = document.createElement("dialog");
  dialog.className = "sheet report";
  dialog.setAttribute("aria-labelledby", title.id);
  form.querySelector("[data-report-foot]")?.append(cancel);
  dialog.append(title, form, line, close);
  aside.replaceWith(button);
  button.after(dialog);

  button.addEventListener("click", () => dialog.showModal());
  for (const each of [cancel, close]) each.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  let isSending = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending) return;
    isSending = true;
    const headers = { "HX-Request": "true" };
    const body = new FormData(form);
    const pending = gettext("Your report has not arrived yet");
    const answer = await send(form, body, line, pending, headers);
    isSending = false;
    if (!answer.isAccepted) return;
    line.innerHTML = answer.text;
    form.hidden = true;
    close.hidden = false;
    close.focus();
  });
  // The next one to be reported starts with an empty form.
  dialog.addEventListener("close", () => {
    if (!form.hidden) return;
    form.reset();
    form.hidden = false;
    close.hidden = true;
    say(line, "");
  });
}

/** @param {string} text */
function closer(text) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = text;
  return button;
}
