/** The vote bar: one vote, one key, tried until the server has it or has said no. */
import { liveBallot } from "./ballot.js";
import { describeKeys } from "./keys-help.js";
import { send } from "./sending.js";
import { listenForKeys } from "./shortcuts.js";
import { recall } from "./storage.js";
import { gettext } from "./words.js";

/**
 * Make the vote form live.
 * @param {HTMLFormElement} form
 * @param {(html: string) => void} onAnswer called with what the server answers to the vote: what
 *   it asks more, or the reveal
 * @returns {{enable: () => void}}
 */
export function liveVoteBar(form, onAnswer) {
  const buttons = /** @type {HTMLButtonElement[]} */ ([
    ...form.querySelectorAll("button[name=choice]"),
  ]);
  const line = form.querySelector("[data-vote-message]");
  let isOpen = false;
  let isSending = false;
  const ballot = liveBallot(form, show);

  /** A button without a value, such as that of an order not yet whole, waits for it. */
  function show() {
    const able = isOpen && !isSending;
    for (const button of buttons) button.disabled = !able || !button.value;
    ballot?.setAble(able);
  }

  /** @param {HTMLButtonElement} button */
  async function cast(button) {
    if (!isOpen || isSending || !button.value) return;
    isSending = true;
    const body = new FormData(form);
    body.set("choice", button.value);
    if (recall("details") === "no") body.set("details", "no");
    button.dataset.pending = "";
    show();
    const answer = await send(form, body, line, gettext("Your vote is not recorded yet"));
    isSending = false;
    if (answer.isAccepted) {
      isOpen = false;
      describeKeys(gettext("Your vote"), []);
      onAnswer(answer.text);
      return;
    }
    delete button.dataset.pending;
    show();
    button.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter instanceof HTMLButtonElement) cast(event.submitter);
  });
  listenForKeys((key) => {
    if (!isOpen || isSending) return null;
    const button = buttons.find((each) => each.dataset.key === key && each.value);
    return button ? () => cast(button) : ballot?.find(key);
  });
  describeKeys(gettext("Your vote"), [
    ...(ballot?.keys ?? []),
    ...buttons.map((button) => /** @type {[string, string]} */ ([keyOf(button), wordsOf(button)])),
  ]);

  return {
    enable() {
      if (isOpen || isSending) return;
      isOpen = true;
      show();
    },
  };
}

/** @param {HTMLButtonElement} button */
function keyOf(button) {
  const key = button.dataset.key ?? "";
  return key.length === 1 ? key.toUpperCase() : key;
}

/** @param {HTMLButtonElement} button */
function wordsOf(button) {
  return button.querySelector("span")?.textContent?.trim() ?? "";
}
