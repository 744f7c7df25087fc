/**
 * Tells the server what the voter does with the answers before the vote: `agon:engaged` of the
 * players and whether the page is visible, numbered, in batches, again until the server has them.
 */

/** @typedef {import("./battle-socket.js").BattleSocket} BattleSocket */
/** @typedef {import("./protocol.js").EngagementEvent} EngagementEvent */
/** @typedef {import("./protocol.js").Missing} Missing */
/** @typedef {import("./protocol.js").ServerMessage} ServerMessage */

/** Longest wait of an event for others of its batch, and that of one that may open the vote. */
const WAIT_MS = 1000;
const SHORT_WAIT_MS = 150;

/** Wait after the server said that it was too much. */
const REFUSED_WAIT_MS = 3000;

/** Events in a batch; the server takes 50. */
const MOST = 40;

/** Of a movement, one pose in so many milliseconds is kept. */
const MOVEMENT_MS = 500;

/** A page that is looked at says so every 15 s, up to 10 minutes after the last thing done. */
const LOOK_MS = 15000;
const MOST_LOOKS = 40;

/**
 * Begin when the answers are released, end with the battle.
 * @param {BattleSocket} socket
 */
export function followEngagement(socket) {
  const page = randomName();
  let next = 1;
  /** Highest number that was sent through the connection that stands. */
  let sent = 0;
  /** What the server has not acknowledged. @type {EngagementEvent[]} */
  let waiting = [];
  /** @type {Missing[]} */
  let missing = [];
  let isOn = false;
  let looksLeft = MOST_LOOKS;
  /** When the next batch is due. */
  let due = Infinity;
  let timer = 0;
  let glance = 0;
  /** When a movement was last kept, by kind and seat. @type {Map<string, number>} */
  const kept = new Map();

  /**
   * @param {string} kind
   * @param {number | null} seat
   * @param {Record<string, unknown>} values
   */
  function note(kind, seat, values) {
    if (!isOn) return;
    const ms = Math.round(performance.now());
    const said = rounded(values);
    if (!said) return;
    if (kind === "orbit" || kind === "scroll") thinOut(kind, seat);
    waiting.push({ number: next, ms, seat, kind, ...said });
    next += 1;
    if (kind !== "visible") looksLeft = MOST_LOOKS;
    flushIn(missing.some((one) => one.seat === seat) ? SHORT_WAIT_MS : WAIT_MS);
  }

  /**
   * Take the last pose of a movement out when one shortly before it was kept.
   * @param {string} kind
   * @param {number | null} seat
   */
  function thinOut(kind, seat) {
    const at = waiting.findLastIndex((one) => one.seat === seat);
    const last = waiting[at];
    if (!last || last.kind !== kind || last.number <= sent) return;
    const key = `${kind} ${seat}`;
    if (last.ms - (kept.get(key) ?? -Infinity) < MOVEMENT_MS) waiting.splice(at, 1);
    else kept.set(key, last.ms);
  }

  /** @param {number} ms */
  function flushIn(ms) {
    const now = performance.now();
    if (now + ms >= due) return;
    due = now + ms;
    clearTimeout(timer);
    timer = setTimeout(flush, ms);
  }

  function flush() {
    clearTimeout(timer);
    due = Infinity;
    if (!isOn) return;
    const events = waiting.filter((one) => one.number > sent).slice(0, MOST);
    const last = events.at(-1);
    if (!last || !socket.send({ kind: "events", page, events })) return;
    sent = last.number;
    if (waiting.at(-1) !== last) flushIn(SHORT_WAIT_MS);
  }

  /** What was sent through a lost connection, or refused for now, is sent again. */
  function startAgain() {
    sent = (waiting[0]?.number ?? next) - 1;
  }

  /** Whoever has only to look is told as soon as it is enough. */
  function planGlance() {
    clearTimeout(glance);
    const left = missing.filter((one) => one.kind === "seen").map((one) => one.needed - one.have);
    if (!left.length || document.visibilityState !== "visible") return;
    glance = setTimeout(tellVisibility, Math.min(...left) * 1000 + SHORT_WAIT_MS);
  }

  function tellVisibility() {
    note(document.visibilityState, null, {});
    flush();
  }

  function end() {
    isOn = false;
    waiting = [];
    clearTimeout(timer);
    clearTimeout(glance);
  }

  /** @param {ServerMessage} message */
  function receive(message) {
    if (message.kind === "released" && !isOn) {
      isOn = true;
      tellVisibility();
    } else if (message.kind === "engaged" && message.page === page) {
      waiting = waiting.filter((one) => one.number > message.number);
      missing = message.missing;
      planGlance();
    } else if (message.kind === "refused" && message.page === page) {
      if (message.code === "wait") {
        startAgain();
        flushIn(REFUSED_WAIT_MS);
      } else if (message.code === "battle_ended" || message.code === "too_many") end();
      else {
        console.warn("Events of this page were not recorded:", message.message);
        waiting = waiting.filter((one) => one.number > sent);
      }
    }
  }

  socket.watch({
    opened() {
      startAgain();
      flush();
    },
    closed: end,
    message: receive,
  });
  document.addEventListener("agon:engaged", (event) => {
    if (!(event instanceof CustomEvent)) return;
    const { seat, kind, ...values } = event.detail;
    note(kind, seat ?? null, values);
  });
  // Whatever is told then is answered with what is still missing.
  document.addEventListener("agon:shown", tellVisibility);
  document.addEventListener("visibilitychange", tellVisibility);
  window.addEventListener("pagehide", () => {
    note("hidden", null, {});
    flush();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) tellVisibility();
  });
  setInterval(() => {
    if (document.visibilityState !== "visible" || looksLeft <= 0) return;
    looksLeft -= 1;
    note("visible", null, {});
  }, LOOK_MS);
}

/** @returns {string} a name that no other page has */
function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => (byte % 36).toString(36)).join("") + Date.now().toString(36);
}

/**
 * @param {Record<string, unknown>} values
 * @returns {Record<string, unknown> | null} with thousandths at most; null when a number is none
 */
function rounded(values) {
  /** @type {Record<string, unknown>} */
  const said = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    if (typeof value === "number") {
      if (!Number.isFinite(value)) return null;
      // A player may be a thousandth before the beginning.
      const number = Math.round(value * 1000) / 1000;
      said[name] = name.endsWith("_s") ? Math.max(0, number) : number;
    } else said[name] = value;
  }
  return said;
}
