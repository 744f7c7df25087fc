/** The battle page: from the first progress to the reveal. */
import { AnswerPane } from "./answer-pane.js";
import { connectBattle } from "./battle-socket.js";
import { followEngagement } from "./engagement.js";
import { answerEarlyKeys, tellMissing } from "./gate.js";
import { answersAreHere, liveAsides } from "./asides.js";
import { liveDetails, liveReveal } from "./details.js";
import { liveKeysHelp } from "./keys-help.js";
import { liveStop } from "./stop.js";
import { liveVoteBar } from "./vote-bar.js";
import { gettext, interpolate, ngettext } from "./words.js";

/** @typedef {import("./protocol.js").ServerMessage} ServerMessage */
/** @typedef {import("./protocol.js").ProgressMessage} ProgressMessage */

/** Seconds of waiting after which an estimate is worth a line. */
const ESTIMATE_AFTER_S = 8;

const page = document.querySelector("[data-battle]");
if (page instanceof HTMLElement) start(page);

/** @param {HTMLElement} page */
function start(page) {
  const panes = /** @type {AnswerPane[]} */ ([...page.querySelectorAll("answer-pane")]);
  namePanes(page);
  liveKeysHelp();
  liveAsides(document);
  const form = document.querySelector("form[data-vote]");
  const foot = document.querySelector("[data-details], [data-reveal]");
  if (foot instanceof HTMLElement) liveFoot(page, foot);
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
  let isReleased = false;
  const said = panes.length > 2 ? ofAll() : ofBoth();

  /**
   * @param {string} text
   * @param {"" | "lost"} [state]
   */
  const say = (text, state = "") => {
    if (!(line instanceof HTMLElement)) return;
    line.textContent = text;
    line.dataset.state = state;
  };

  const stop = liveStop(page);
  const votes = liveVoteBar(form, (html) => {
    socket.close();
    goOn(page, html);
  });

  const socket = connectBattle(page.dataset.socket ?? "", {
    state(state) {
      if (state === "open") say(lineText);
      else if (state === "lost") {
        if (!isVoteable) say(gettext("Connection lost; nothing is lost; trying again"), "lost");
      } else say(gettext("This battle cannot be reached from here. Load the page again."), "lost");
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
        if (lineText !== said.writing) {
          lineText = said.writing;
          say(lineText);
        }
        panes.find((pane) => pane.seat === message.seat)?.write(message);
        stop.offer();
        break;
      case "restart":
        socket.forgetShown();
        for (const pane of panes) pane.restart();
        if (bar) bar.value = 0;
        lineText = said.restart;
        say(lineText);
        break;
      case "released":
        // Told again after a reconnect: what plays there goes on.
        if (isReleased) break;
        isReleased = true;
        stop.end();
        if (bar) bar.value = 1;
        lineText = gettext("Showing the answers");
        say(lineText);
        answersAreHere();
        for (const output of message.seats) {
          panes.find((pane) => pane.seat === output.seat)?.release(output);
        }
        break;
      case "engaged":
        tellMissing(page, message.missing);
        if (isVoteable || message.missing.some((one) => one.kind === "shown")) break;
        lineText = said.here;
        say(lineText);
        break;
      case "voteable":
        if (isVoteable) break;
        isVoteable = true;
        if (bar) bar.value = 1;
        lineText = said.voteable;
        say(lineText);
        if (announce) announce.textContent = lineText;
        votes.enable();
        document.querySelector("[data-follow-up]")?.removeAttribute("hidden");
        break;
      case "void":
        socket.close();
        showVoid(page, message.message);
        break;
    }
  }
}

/** What is said of two answers. */
function ofBoth() {
  return {
    writing: gettext("Both models are writing, at one pace"),
    restart: gettext("One answer did not arrive whole. Both start again."),
    here: gettext("Both answers are here."),
    voteable: gettext("Both answers are here. You can vote now."),
  };
}

/** What is said of more than two. */
function ofAll() {
  return {
    writing: gettext("All models are writing, at one pace"),
    restart: gettext("One answer did not arrive whole. All start again."),
    here: gettext("All answers are here."),
    voteable: gettext("All answers are here. You can vote now."),
  };
}

/**
 * What a wait is for, in words.
 * @param {ProgressMessage} progress
 * @param {number} waited seconds since the page was opened
 */
function progressText(progress, waited) {
  if (progress.ahead > 0) {
    const n = progress.ahead;
    return interpolate(ngettext("%(n)s battle before yours", "%(n)s battles before yours", n), { n });
  }
  if (progress.fraction >= 1) return gettext("Preparing the answers to be shown alike");
  if (waited > ESTIMATE_AFTER_S) {
    if (progress.fraction < 0.1) {
      const seconds = Math.round(waited);
      return interpolate(gettext("The models are at work; %(seconds)s s so far"), { seconds });
    }
    const seconds = Math.ceil((waited * (1 - progress.fraction)) / progress.fraction / 5) * 5;
    return interpolate(gettext("The models are at work; about %(seconds)s s left"), { seconds });
  }
  return gettext("The models are at work");
}

/**
 * Put what the server answered in the place of the vote bar or of the details.
 * @param {HTMLElement} page
 * @param {string} html
 */
function goOn(page, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const section = template.content.querySelector("[data-details], [data-reveal]");
  const before = document.querySelector("[data-verdict], [data-details]");
  if (!(section instanceof HTMLElement) || !before) {
    location.reload();
    return;
  }
  const isReveal = section.hasAttribute("data-reveal");
  section.classList.add(isReveal ? "reveal-fresh" : "details-fresh");
  before.replaceWith(section);
  page.dataset.stage = isReveal ? "voted" : "judged";
  page.querySelector("[data-progress]")?.remove();
  document.querySelector("[data-follow-up]")?.remove();
  window.htmx?.process(section);
  namePanes(page);
  liveAsides(section);
  liveFoot(page, section);
  const first = section.querySelector(isReveal ? "h2" : "[data-show-names]");
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (first instanceof HTMLElement) first.focus({ preventScroll: true });
  // The answers stay in sight while they are spoken of.
  const block = isReveal ? "start" : "nearest";
  section.scrollIntoView({ behavior: isCalm ? "auto" : "smooth", block });
}

/**
 * Make what stands below the answers live.
 * @param {HTMLElement} page
 * @param {HTMLElement} section
 */
function liveFoot(page, section) {
  if (section.hasAttribute("data-reveal")) liveReveal(section);
  else liveDetails(section, (html) => goOn(page, html));
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
  page.querySelector(".jump")?.remove();
  const template = page.querySelector("template[data-void]");
  const stage = page.querySelector(".stage");
  if (!(template instanceof HTMLTemplateElement) || !stage) return;
  const box = document.importNode(template.content, true);
  const text = box.querySelector("[data-void-message]");
  if (text) text.textContent = message;
  box.querySelector("[data-ended]")?.setAttribute("role", "alert");
  stage.replaceWith(box);
}
