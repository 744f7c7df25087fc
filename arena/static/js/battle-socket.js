/** The battle's socket: resumes after the last message, never starts anything again. */

/** @typedef {import("./protocol.js").ServerMessage} ServerMessage */
/** @typedef {import("./protocol.js").PageMessage} PageMessage */
/**
 * @typedef {object} Watcher
 * @property {() => void} opened a connection stands; what was sent through an older one may be lost
 * @property {() => void} closed no connection will come again
 * @property {(message: ServerMessage) => void} message
 */

/** First and longest wait before another try, in milliseconds. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;

/** Close codes from 4000 on are the server's refusal: trying again would not help. */
const FIRST_REFUSAL = 4000;

/** @typedef {ReturnType<typeof connectBattle>} BattleSocket */

/**
 * Open the socket and keep it open until `close` is called.
 * @param {string} path
 * @param {object} on
 * @param {(message: ServerMessage) => void} on.message
 * @param {(state: "open" | "lost" | "refused") => void} on.state
 */
export function connectBattle(path, on) {
  /** @type {WebSocket | null} */
  let socket = null;
  let lastId = "0";
  let wait = FIRST_WAIT_MS;
  let isClosed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** Seats that are on screen; told again after a reconnect, as the first telling may be lost. */
  const shown = /** @type {Set<number>} */ (new Set());
  /** @type {Watcher[]} */
  const watchers = [];

  function open() {
    clearTimeout(timer);
    if (isClosed) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const current = new WebSocket(
      `${scheme}//${location.host}${path}?after=${encodeURIComponent(lastId)}`,
    );
    socket = current;
    current.addEventListener("open", () => {
      wait = FIRST_WAIT_MS;
      on.state("open");
      for (const seat of shown) send({ kind: "shown", seat });
      for (const watcher of watchers) watcher.opened();
    });
    current.addEventListener("message", (event) => {
      // What an abandoned socket still brings comes again through the new one.
      if (current !== socket) return;
      const message = /** @type {ServerMessage} */ (JSON.parse(String(event.data)));
      if (message.id !== undefined) lastId = String(message.id);
      on.message(message);
      for (const watcher of watchers) watcher.message(message);
    });
    current.addEventListener("close", (event) => {
      if (isClosed || current !== socket) return;
      if (event.code >= FIRST_REFUSAL) {
        end();
        on.state("refused");
        return;
      }
      on.state("lost");
      timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    });
  }

  /**
   * @param {PageMessage} message
   * @returns {boolean} whether a connection took it
   */
  function send(message) {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  }

  function end() {
    isClosed = true;
    clearTimeout(timer);
    for (const watcher of watchers) watcher.closed();
  }

  window.addEventListener("offline", () => {
    if (!isClosed) on.state("lost");
  });
  // A socket that lived through a change of network may be dead without knowing it.
  window.addEventListener("online", () => {
    if (isClosed) return;
    const abandoned = socket;
    open();
    abandoned?.close();
  });
  open();

  return {
    send,
    /** @param {Watcher} watcher */
    watch(watcher) {
      watchers.push(watcher);
    },
    /**
     * Tell the server that a seat's final content is on screen.
     * @param {number} seat
     */
    tellShown(seat) {
      shown.add(seat);
      send({ kind: "shown", seat });
    },
    /** Forget what was shown, because the answers start again. */
    forgetShown() {
      shown.clear();
    },
    close() {
      end();
      socket?.close(1000);
    },
  };
}
