/** What is asked before the names, and what can be done when they are shown. */
import { describeKeys } from "./keys-help.js";
import { send } from "./sending.js";
import { listenForKeys } from "./shortcuts.js";
import { keep, recall } from "./storage.js";
import { gettext } from "./words.js";

/**
 * Make the panel of details live.
 * @param {HTMLElement} section
 * @param {(html: string) => void} onAnswer called with the reveal when the answers are recorded
 */
export function liveDetails(section, onAnswer) {
  const form = section.querySelector("form[data-details-form]");
  const button = section.querySelector("button[data-show-names]");
  if (!(form instanceof HTMLFormElement) || !(button instanceof HTMLButtonElement)) return;
  const line = section.querySelector("[data-details-message]");
  const never = section.querySelector("input[data-never-ask]");
  describeKeys(gettext("Before the names"), [
    [gettext("Tab"), gettext("Next question")],
    [["←", "→"], gettext("Another answer")],
    [gettext("Delete"), gettext("Take an answer back")],
    [gettext("Enter"), gettext("Show who they were")],
  ]);
  takesBack(form);
  let isSending = false;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending) return;
    isSending = true;
    button.dataset.pending = "";
    const pending = gettext("Your answers are not recorded yet");
    const answer = await send(form, new FormData(form), line, pending);
    isSending = false;
    delete button.dataset.pending;
    if (answer.isAccepted) {
      if (never instanceof HTMLInputElement && never.checked) keep("details", "no");
      describeKeys(gettext("Before the names"), []);
      onAnswer(answer.text);
    } else if (answer.code === "already_revealed") {
      // An earlier try arrived although its answer did not: the page knows.
      location.reload();
    }
  });
}

/**
 * Let a chosen radio be taken back: nothing here must be answered.
 * @param {HTMLFormElement} form
 */
function takesBack(form) {
  /** @type {HTMLInputElement | null} */
  let wasChecked = null;
  form.addEventListener("pointerdown", (event) => {
    const label = event.target instanceof Element ? event.target.closest("label") : null;
    const radio = label?.querySelector("input[type=radio]");
    wasChecked = radio instanceof HTMLInputElement && radio.checked ? radio : null;
  });
  form.addEventListener("click", (event) => {
    if (event.target === wasChecked && wasChecked) wasChecked.checked = false;
    if (event.target instanceof HTMLInputElement) wasChecked = null;
  });
  form.addEventListener("keydown", (event) => {
    const { target } = event;
    if (!(target instanceof HTMLInputElement) || target.type !== "radio") return;
    if (event.key === "Delete" || event.key === "Backspace") target.checked = false;
  });
}

/**
 * Make the reveal live: its key, and the way back to the questions.
 * @param {HTMLElement} section
 */
export function liveReveal(section) {
  const next = section.querySelector("a[data-next]");
  if (next instanceof HTMLAnchorElement) {
    describeKeys(gettext("After the vote"), [["N", gettext("Next battle")]]);
    listenForKeys((key) => (key === "n" ? () => next.click() : null));
  }
  const ask = section.querySelector("[data-ask-again]");
  if (!(ask instanceof HTMLElement) || recall("details") !== "no") return;
  ask.hidden = false;
  ask.querySelector("button")?.addEventListener("click", () => {
    keep("details", "yes");
    ask.textContent = gettext("You will be asked again before the names are shown.");
  });
}
