/** The battle's socket: resumes after the last message, never starts anything again. */

/** @typedef {import("./protocol.js").ServerMessage} ServerMessage */

/** First and longest wait before another try, in milliseconds. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;

/** Close codes from 4000 on are the server's refusal: trying again would not help. */
const FIRST_REFUSAL = 4000;

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
      for (const seat of shown) tell(seat);
    });
    current.addEventListener("message", (event) => {
      // What an abandoned socket still brings comes again through the new one.
      if (current !== socket) return;
      const message = /** @type {ServerMessage} */ (JSON.parse(String(event.data)));
      if (message.id !== undefined) lastId = String(message.id);
      on.message(message);
    });
    current.addEventListener("close", (event) => {
      if (isClosed || current !== socket) return;
      if (event.code >= FIRST_REFUSAL) {
        isClosed = true;
        on.state("refused");
        return;
      }
      on.state("lost");
      timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    });
  }

  /** @param {number} seat */
  function tell(seat) {
    if (socket?.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify({ kind: "shown", seat }));
    }
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
    /**
     * Tell the server that a seat's final content is on screen.
     * @param {number} seat
     */
    tellShown(seat) {
      shown.add(seat);
      tell(seat);
    },
    /** Forget what was shown, because the answers start again. */
    forgetShown() {
      shown.clear();
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      socket?.close(1000);
    },
  };
}
