/**
 * The messages between a battle page and the server, as types only.
 *
 * @typedef {"text" | "image" | "music" | "mesh"} Kind
 *
 * @typedef {object} FinalOutput what a pane shows in the end; sanitised by the server
 * @property {number} seat
 * @property {Kind} kind
 * @property {string} [html]
 * @property {string} [url]
 * @property {number[]} [peaks] loudness over time, each 0..1
 * @property {number} [duration_s]
 *
 * @typedef {{kind: "progress", id?: string | number, fraction: number, ahead: number}} ProgressMessage
 * @typedef {{kind: "text", id?: string | number, seat: number, text: string}} TextMessage
 * @typedef {{kind: "restart", id?: string | number}} RestartMessage
 * @typedef {{kind: "released", id?: string | number, seats: FinalOutput[]}} ReleasedMessage
 * @typedef {{kind: "voteable", id?: string | number}} VoteableMessage
 * @typedef {{kind: "void", id?: string | number, message: string}} VoidMessage
 * @typedef {ProgressMessage | TextMessage | RestartMessage | ReleasedMessage | VoteableMessage | VoidMessage} ServerMessage
 */

export {};
