/** The battle page: from the first progress to the reveal. */
import { AnswerPane } from "./answer-pane.js";
import { connectBattle } from "./battle-socket.js";
import { followEngagement } from "./engagement.js";
import { answerEarlyKeys, tellMissing } from "./gate.js";
import { liveVoteBar } from "./vote-bar.js";

/** @typedef {import("./protocol.js").ServerMessage} ServerMessage */
/** @typedef {import("./protocol.js").ProgressMessage} ProgressMessage */

/** Seconds of waiting after which an estimate is worth a line. */
const ESTIMATE_AFTER_S = 8;

const page = document.querySelector("[data-battle]");
if (page instanceof HTMLElement) start(page);

const WRITING = "Both models are writing, at one pace";

/** @param {HTMLElement} page */
function start(page) {
  const panes = /** @type {AnswerPane[]} */ ([...page.querySelectorAll("answer-pane")]);
  namePanes(page);
  const form = document.querySelector("form[data-vote]");
  if (page.dataset.stage === "voted" || !(form instanceof HTMLFormElement)) {
    for (const pane of panes) pane.adopt();
    return;
  }

  const startedAt = performance.now();
  const bar = /** @type {HTMLProgressElement | null} */ (page.querySelector("progress"));
  const line = page.querySelector("[data-progress-text]");
  const announce = page.querySelector("[data-announce]");
  let lineText = line?.textContent ?? "";
  let isVoteable = false;

  /**
   * @param {string} text
   * @param {"" | "lost"} [state]
   */
  const say = (text, state = "") => {
    if (!(line instanceof HTMLElement)) return;
    line.textContent = text;
    line.dataset.state = state;
  };

  const votes = liveVoteBar(form, (html) => {
    socket.close();
    reveal(page, html);
  });

  const socket = connectBattle(page.dataset.socket ?? "", {
    state(state) {
      if (state === "open") say(lineText);
      else if (state === "lost") {
        if (!isVoteable) say("Connection lost; nothing is lost; trying again", "lost");
      } else say("This battle cannot be reached from here. Load the page again.", "lost");
    },
    message: receive,
  });

  followEngagement(socket);
  answerEarlyKeys(form);

  page.addEventListener("agon:shown", (event) => {
    if (event.target instanceof AnswerPane) socket.tellShown(event.target.seat);
  });
  for (const pane of panes) pane.adopt();

  /** @param {ServerMessage} message */
  function receive(message) {
    switch (message.kind) {
      case "progress":
        if (bar) bar.value = message.fraction;
        lineText = progressText(message, (performance.now() - startedAt) / 1000);
        say(lineText);
        break;
      case "text":
        if (lineText !== WRITING) {
          lineText = WRITING;
          say(lineText);
        }
        panes.find((pane) => pane.seat === message.seat)?.write(message);
        break;
      case "restart":
        socket.forgetShown();
        for (const pane of panes) pane.restart();
        if (bar) bar.value = 0;
        lineText = "One answer did not arrive whole. Both start again.";
        say(lineText);
        break;
      case "released":
        if (bar) bar.value = 1;
        lineText = "Showing the answers";
        say(lineText);
        for (const output of message.seats) {
          panes.find((pane) => pane.seat === output.seat)?.release(output);
        }
        break;
      case "engaged":
        tellMissing(page, message.missing);
        if (isVoteable || message.missing.some((one) => one.kind === "shown")) break;
        lineText = `${panes.length > 2 ? "All" : "Both"} answers are here.`;
        say(lineText);
        break;
      case "voteable":
        if (isVoteable) break;
        isVoteable = true;
        if (bar) bar.value = 1;
        lineText = `${panes.length > 2 ? "All" : "Both"} answers are here. You can vote now.`;
        say(lineText);
        if (announce) announce.textContent = lineText;
        votes.enable();
        break;
      case "void":
        socket.close();
        showVoid(page, message.message);
        break;
    }
  }
}

/**
 * What a wait is for, in words.
 * @param {ProgressMessage} progress
 * @param {number} waited seconds since the page was opened
 */
function progressText(progress, waited) {
  if (progress.ahead > 0) {
    return `${progress.ahead} battle${progress.ahead === 1 ? "" : "s"} before yours`;
  }
  if (progress.fraction >= 1) return "Preparing both answers to be shown alike";
  if (waited > ESTIMATE_AFTER_S) {
    const whole = Math.round(waited);
    if (progress.fraction < 0.1) return `The models are at work; ${whole} s so far`;
    const left = Math.ceil((waited * (1 - progress.fraction)) / progress.fraction / 5) * 5;
    return `The models are at work; about ${left} s left`;
  }
  return "The models are at work";
}

/**
 * Put the reveal in the place of the vote bar.
 * @param {HTMLElement} page
 * @param {string} html
 */
function reveal(page, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const section = template.content.querySelector("[data-reveal]");
  const bar = document.querySelector("[data-verdict]");
  if (!(section instanceof HTMLElement) || !bar) {
    location.reload();
    return;
  }
  section.classList.add("reveal-fresh");
  bar.replaceWith(section);
  page.querySelector("[data-progress]")?.remove();
  window.htmx?.process(section);
  namePanes(page);
  const heading = section.querySelector("h2");
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  heading?.focus({ preventScroll: true });
  section.scrollIntoView({ behavior: isCalm ? "auto" : "smooth", block: "start" });
}

/**
 * Write the models' names on the panes, once a reveal is on the page.
 * @param {HTMLElement} page
 */
function namePanes(page) {
  for (const card of document.querySelectorAll("[data-reveal] [data-model-name]")) {
    if (!(card instanceof HTMLElement)) continue;
    const name = page.querySelector(
      `answer-pane[letter="${CSS.escape(card.dataset.seat ?? "")}"] [data-pane-name]`,
    );
    if (name) name.textContent = card.dataset.modelName ?? "";
  }
}

/**
 * Say that the battle ended without a result.
 * @param {HTMLElement} page
 * @param {string} message
 */
function showVoid(page, message) {
  document.querySelector("[data-verdict]")?.remove();
  page.querySelector("[data-progress]")?.remove();
  const stage = page.querySelector(".stage");
  const box = document.createElement("div");
  box.className = "void";
  box.setAttribute("role", "alert");
  const title = document.createElement("h2");
  title.textContent = "This battle could not be finished";
  const text = document.createElement("p");
  text.textContent = message;
  const calm = document.createElement("p");
  calm.className = "small";
  calm.textContent = "No vote is recorded, and the models are not judged by it.";
  const next = document.createElement("a");
  next.className = "button button-primary";
  next.href = page.dataset.again ?? "/";
  next.textContent = "Start another battle";
  box.append(title, text, calm, next);
  stage?.replaceWith(box);
}
