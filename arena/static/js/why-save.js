/** Saves what the voter writes, by itself, until the server has it or has said no. */
import { keep, recall } from "./storage.js";
import { gettext, interpolate } from "./words.js";

/** Milliseconds of quiet after which a change is sent. */
const PAUSE_MS = 1500;

/** Waits before each further try, in milliseconds; the last one repeats. */
const WAITS_MS = [2000, 4000, 8000, 15000];

/** Longest wait for an answer to one try, in milliseconds. */
const TRY_MS = 15000;

/** A browser sends no more than 64 KiB after its page was left (Fetch, "keepalive"). */
const MOST_KEPT_ALIVE = 60_000;

export class Autosave {
  #url;
  #token;
  #body;
  #say;
  /** What the server has. */
  #saved;
  #timer = 0;
  #isSending = false;
  #isFailing = false;
  /** @type {(() => void) | null} */
  #tryNow = null;
  #abort = new AbortController();

  /**
   * @param {HTMLFormElement} form whose address and token are used
   * @param {() => string} body what is to be saved, now
   * @param {(text: string, tone?: "warn" | "bad") => void} say
   */
  constructor(form, body, say) {
    this.#url = form.action;
    this.#token = new FormData(form).get("csrfmiddlewaretoken");
    this.#body = body;
    this.#say = say;
    this.#saved = body();
    addEventListener("online", () => this.#tryNow?.());
    addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && this.isDirty) this.now();
    });
  }

  get isDirty() {
    return this.#body() !== this.#saved;
  }

  /** Send what another visit could not; true when the page then shows less than was written. */
  async sendLeftOver() {
    const left = recall(this.#key);
    if (!left) return false;
    const answer = await this.#send(left);
    if (!answer || answer.status >= 500) return false;
    keep(this.#key, "");
    return answer.ok && left !== this.#saved;
  }

  /** Save after a pause. */
  later() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.now(), PAUSE_MS);
  }

  /** Save now; what changes meanwhile is sent after it. */
  async now() {
    clearTimeout(this.#timer);
    if (this.#isSending) {
      this.#tryNow?.();
      return;
    }
    this.#isSending = true;
    for (let tries = 0; this.isDirty; ) {
      const body = this.#body();
      if (!this.#isFailing) this.#say(gettext("Saving…"));
      const answer = await this.#send(body);
      if (answer?.ok) {
        this.#saved = body;
        this.#isFailing = false;
        tries = 0;
        keep(this.#key, "");
      } else if (answer && answer.status < 500) {
        this.#say(await refusal(answer), "bad");
        this.#isSending = false;
        return;
      } else {
        await this.#wait(WAITS_MS[Math.min(tries, WAITS_MS.length - 1)] ?? PAUSE_MS);
        tries += 1;
      }
    }
    this.#isSending = false;
    this.#say(gettext("Saved"));
  }

  get #key() {
    return `why:${new URL(this.#url).pathname}`;
  }

  /** @param {number} wait milliseconds */
  async #wait(wait) {
    this.#isFailing = true;
    keep(this.#key, this.#body());
    const said = gettext(
      "Not saved yet: the server cannot be reached. What you wrote is kept in this browser. Trying again in %(seconds)s s.",
    );
    this.#say(interpolate(said, { seconds: wait / 1000 }), "warn");
    await new Promise((resolve) => {
      this.#tryNow = () => resolve(undefined);
      setTimeout(resolve, wait);
    });
    this.#tryNow = null;
  }

  #leave() {
    clearTimeout(this.#timer);
    if (!this.isDirty) return;
    const body = this.#body();
    if (this.#isFailing) keep(this.#key, body);
    // An older try that came later would be the newer version.
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#send(body, body.length < MOST_KEPT_ALIVE);
  }

  /**
   * @param {string} body
   * @param {boolean} [keepalive] go on when the page is gone
   * @returns {Promise<Response | null>} null when the network failed
   */
  async #send(body, keepalive = false) {
    try {
      return await fetch(this.#url, {
        method: "POST",
        body,
        keepalive,
        headers: {
          Accept: "application/json",
          "Content-Type": "application/json",
          "X-CSRFToken": String(this.#token ?? ""),
        },
        signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(TRY_MS)]),
      });
    } catch {
      return null;
    }
  }
}

/**
 * @param {Response} answer
 * @returns {Promise<string>}
 */
async function refusal(answer) {
  try {
    const { message } = await answer.json();
    if (typeof message === "string" && message) {
      return interpolate(gettext("Not saved. %(why)s"), { why: message });
    }
  } catch {
    // Not our JSON: a proxy answered.
  }
  const said = gettext("Not saved (error %(status)s). Load the page again.");
  return interpolate(said, { status: answer.status });
}
