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
 * @typedef {{kind: "text", id?: string | number, seat: number, text: string, keep?: number[], html?: string, wait?: boolean}} TextMessage
 *   `text` as the model wrote it; how to show it: see arena/generation/profiles/growing.py
 * @typedef {{kind: "restart", id?: string | number}} RestartMessage
 * @typedef {{kind: "released", id?: string | number, seats: FinalOutput[]}} ReleasedMessage
 * @typedef {{kind: "voteable", id?: string | number}} VoteableMessage
 * @typedef {{kind: "void", id?: string | number, message: string}} VoidMessage
 * @typedef {object} Missing what a seat still needs before the vote
 * @property {number} seat
 * @property {"shown" | "heard" | "seen" | "views"} kind
 * @property {number} needed seconds, or eighths of a turn
 * @property {number} have
 * @property {string} message what to do, as a sentence
 *
 * @typedef {{kind: "engaged", id?: undefined, page: string, number: number, missing: Missing[]}} EngagedMessage
 * @typedef {{kind: "refused", id?: undefined, page?: string, code: string, message: string}} RefusedMessage
 * @typedef {ProgressMessage | TextMessage | RestartMessage | ReleasedMessage | VoteableMessage | VoidMessage | EngagedMessage | RefusedMessage} ServerMessage
 *
 * @typedef {{number: number, ms: number, seat: number | null, kind: string, [value: string]: unknown}} EngagementEvent
 *   see arena/votes/engagement/intake.py
 * @typedef {{kind: "shown", seat: number} | {kind: "events", page: string, events: EngagementEvent[]}} PageMessage
 */

export {};
