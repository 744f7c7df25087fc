/** One POST of a form, tried until the server has it or has said no. */
import { gettext, interpolate } from "./words.js";

/** @typedef {{isAccepted: true, text: string}} Accepted */
/** @typedef {{isAccepted: false, code: string, message: string}} Refused */

/** Waits before each further try, in milliseconds; the last one repeats. */
const WAITS_MS = [1000, 2000, 4000, 8000, 15000];

/** Longest wait for an answer to one try, in milliseconds. */
const TRY_MS = 15000;

/**
 * Say something in the line of a form; nothing empties it.
 * @param {Element | null} line
 * @param {string} text
 * @param {"warn" | "bad"} [tone]
 * @param {() => void} [retry]
 */
export function say(line, text, tone = "warn", retry) {
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
    button.textContent = gettext("Try now");
    button.addEventListener("click", retry);
    note.append(button);
  }
  line.replaceChildren(note);
}

/**
 * Send a form until there is an answer. Whoever calls sends the same body, so that the server can
 * tell a second arrival from a second vote.
 * @param {HTMLFormElement} form where to
 * @param {FormData} body what
 * @param {Element | null} line where it is told how it goes
 * @param {string} pending such as "Your vote is not recorded yet"
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Accepted | Refused>} a refusal is told in the line as well
 */
export async function send(form, body, line, pending, headers = {}) {
  say(line, "");
  for (let tries = 0; ; tries += 1) {
    const answer = await post(form.action, body, headers);
    if (answer?.ok) return { isAccepted: true, text: answer.text };
    if (answer && answer.status < 500) {
      const refused = refusal(answer);
      say(line, refused.message, "bad");
      return refused;
    }
    await pause(line, pending, WAITS_MS[Math.min(tries, WAITS_MS.length - 1)] ?? TRY_MS);
    say(line, interpolate(gettext("%(pending)s. Trying again."), { pending }));
  }
}

/**
 * Wait for the next try: its time, the network's return, or a press.
 * @param {Element | null} line
 * @param {string} pending
 * @param {number} wait milliseconds
 */
function pause(line, pending, wait) {
  return new Promise((resolve) => {
    const goOn = () => {
      window.removeEventListener("online", goOn);
      clearTimeout(timer);
      resolve(undefined);
    };
    const timer = setTimeout(goOn, wait);
    window.addEventListener("online", goOn);
    const said = gettext(
      "%(pending)s: the server cannot be reached. Trying again in %(seconds)s s.",
    );
    say(line, interpolate(said, { pending, seconds: wait / 1000 }), "warn", goOn);
  });
}

/**
 * @param {string} url
 * @param {FormData} body
 * @param {Record<string, string>} headers
 * @returns {Promise<{ok: boolean, status: number, text: string} | null>} null: the network failed
 */
async function post(url, body, headers) {
  try {
    const answer = await fetch(url, {
      method: "POST",
      body,
      headers: {
        Accept: "text/html",
        "X-CSRFToken": String(body.get("csrfmiddlewaretoken") ?? ""),
        ...headers,
      },
      signal: AbortSignal.timeout(TRY_MS),
    });
    return { ok: answer.ok, status: answer.status, text: await answer.text() };
  } catch {
    return null;
  }
}

/**
 * @param {{status: number, text: string}} answer
 * @returns {Refused}
 */
function refusal({ status, text }) {
  let code = "";
  let message = interpolate(
    gettext("This was not accepted (error %(status)s). Load the page again to see how the battle stands."),
    { status },
  );
  try {
    const told = JSON.parse(text);
    if (typeof told.message === "string" && told.message) message = told.message;
    if (typeof told.code === "string") code = told.code;
  } catch {
    // Not our JSON: a proxy answered.
  }
  return { isAccepted: false, code, message };
}
