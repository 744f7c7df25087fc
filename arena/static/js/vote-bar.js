/** The vote bar: one vote, one key, tried until the server has it or has said no. */
import { keep, recall } from "./storage.js";

/** Waits before each further try, in milliseconds; the last one repeats. */
const WAITS_MS = [1000, 2000, 4000, 8000, 15000];

/** Longest wait for an answer to one try, in milliseconds. */
const TRY_MS = 15000;

/** @param {EventTarget | null} target */
function isWriting(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select"))
  );
}

/**
 * Make the vote form live.
 * @param {HTMLFormElement} form
 * @param {(html: string) => void} onReveal called with the reveal's HTML when the vote is recorded
 * @returns {{enable: () => void}}
 */
export function liveVoteBar(form, onReveal) {
  const buttons = /** @type {HTMLButtonElement[]} */ ([
    ...form.querySelectorAll("button[name=choice]"),
  ]);
  const line = form.querySelector("[data-vote-message]");
  const shortcuts = form.querySelector("input[data-shortcuts]");
  let isOpen = false;
  let isSending = false;
  /** @type {(() => void) | null} */
  let tryNow = null;

  /**
   * @param {string} text
   * @param {"warn" | "bad"} [tone]
   * @param {() => void} [retry]
   */
  function say(text, tone = "warn", retry) {
    if (!line) return;
    if (!text) {
      line.replaceChildren();
      return;
    }
    const note = document.createElement("div");
    note.className = `note note-${tone}`;
    const words = document.createElement("span");
    words.textContent = text;
    note.append(words);
    if (retry) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button button-small";
      button.textContent = "Try now";
      button.addEventListener("click", retry);
      note.append(button);
    }
    line.replaceChildren(note);
  }

  /** @param {boolean} able */
  function setAble(able) {
    for (const button of buttons) button.disabled = !able;
  }

  /** @param {HTMLButtonElement} button */
  async function cast(button) {
    if (!isOpen || isSending) return;
    isSending = true;
    const body = new FormData(form);
    body.set("choice", button.value);
    setAble(false);
    button.dataset.pending = "";
    say("");
    for (let tries = 0; ; tries += 1) {
      const answer = await post(body);
      if (answer && answer.ok) {
        isOpen = false;
        onReveal(await answer.text());
        return;
      }
      if (answer && answer.status < 500) {
        say(await refusal(answer), "bad");
        break;
      }
      const wait = WAITS_MS[Math.min(tries, WAITS_MS.length - 1)] ?? TRY_MS;
      await new Promise((resolve) => {
        tryNow = () => resolve(undefined);
        say(
          `Your vote is not recorded yet: the server cannot be reached. Trying again in ${wait / 1000} s.`,
          "warn",
          tryNow,
        );
        setTimeout(resolve, wait);
      });
      tryNow = null;
      say("Your vote is not recorded yet. Trying again.");
    }
    delete button.dataset.pending;
    isSending = false;
    setAble(true);
    button.focus();
  }

  /**
   * @param {FormData} body
   * @returns {Promise<Response | null>} null when the network failed
   */
  async function post(body) {
    try {
      return await fetch(form.action, {
        method: "POST",
        body,
        headers: {
          Accept: "text/html",
          "X-CSRFToken": String(body.get("csrfmiddlewaretoken") ?? ""),
        },
        signal: AbortSignal.timeout(TRY_MS),
      });
    } catch {
      return null;
    }
  }

  /**
   * @param {Response} answer
   * @returns {Promise<string>}
   */
  async function refusal(answer) {
    try {
      const { message } = await answer.json();
      if (typeof message === "string" && message) return message;
    } catch {
      // Not our JSON: a proxy answered.
    }
    return `Your vote was not accepted (error ${answer.status}). Load the page again to see how the battle stands.`;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter instanceof HTMLButtonElement) cast(event.submitter);
  });
  window.addEventListener("online", () => tryNow?.());

  if (shortcuts instanceof HTMLInputElement) {
    shortcuts.checked = recall("shortcuts") !== "off";
    const show = () => {
      form.dataset.keys = shortcuts.checked ? "on" : "off";
    };
    shortcuts.addEventListener("change", () => {
      keep("shortcuts", shortcuts.checked ? "on" : "off");
      show();
    });
    show();
    document.addEventListener("keydown", (event) => {
      if (!isOpen || !shortcuts.checked || event.repeat || event.defaultPrevented) return;
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      if (document.querySelector("dialog[open]")) return;
      const button = buttons.find((each) => each.dataset.key === event.key.toLowerCase());
      if (button) cast(button);
    });
  }

  return {
    enable() {
      if (isOpen || isSending) return;
      isOpen = true;
      setAble(true);
    },
  };
}
