/** What an answer's blocks can do: code is copied, and what is wider than the pane scrolls. */
import { gettext, interpolate } from "./words.js";

const WIDE = "pre, .table, div.math";
/** How long a button says that it copied, in milliseconds. */
const SAID_MS = 2000;

/** @type {HTMLElement | null} */
let status = null;

/** @param {string} text */
function say(text) {
  if (!status) {
    status = document.createElement("p");
    status.className = "visually-hidden";
    status.setAttribute("role", "status");
    document.body.append(status);
  }
  status.textContent = text;
}

/**
 * Give every code block its copy button; those that have one keep it.
 * @param {Element} answer
 */
export function equip(answer) {
  for (const head of answer.querySelectorAll(".code-head")) {
    if (head.querySelector(".code-copy")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "code-copy";
    button.dataset.added = "";
    button.textContent = gettext("Copy");
    button.setAttribute("aria-label", gettext("Copy code"));
    button.addEventListener("click", () => copy(button));
    head.append(button);
  }
  markWide(answer);
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const code = button.closest(".code")?.querySelector("code");
  if (!code) return;
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
  } catch {
    // Without HTTPS a browser has no clipboard for pages; the selection is one key away from it.
    getSelection()?.selectAllChildren(code);
    say(gettext("Copying is not allowed by this browser. The code is selected instead."));
    return;
  }
  button.textContent = gettext("Copied");
  say(gettext("Copied"));
  setTimeout(() => {
    button.textContent = gettext("Copy");
    say("");
  }, SAID_MS);
}

/**
 * What scrolls sideways must be reachable with the keyboard, and nothing else.
 * @param {Element} answer
 */
export function markWide(answer) {
  for (const block of answer.querySelectorAll(WIDE)) {
    if (block.scrollWidth > block.clientWidth + 1) {
      block.setAttribute("tabindex", "0");
      // A group, as each code block would be a landmark of its own otherwise.
      block.setAttribute("role", "group");
      block.setAttribute("aria-label", nameOf(block));
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) block.removeAttribute(name);
    }
  }
}

/** @param {Element} block */
function nameOf(block) {
  if (block.localName !== "pre") {
    return block.className === "table" ? gettext("Table") : gettext("Formula");
  }
  const language = block.parentElement?.querySelector(".code-head span")?.textContent;
  return language ? interpolate(gettext("Code, %(language)s"), { language }) : gettext("Code");
}
