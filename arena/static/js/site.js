/** What every page has: theme, menu, copy buttons, focus on an error summary. */
import { keep } from "./storage.js";
import { gettext } from "./words.js";

const root = document.documentElement;

/** @returns {boolean} whether the page is shown dark now */
function isDark() {
  if (root.dataset.theme) return root.dataset.theme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

const toggle = document.querySelector("[data-theme-toggle]");

/** Say the theme to assistive technology. */
function showTheme() {
  toggle?.setAttribute("aria-pressed", String(isDark()));
}

toggle?.setAttribute("aria-label", gettext("Dark theme"));
toggle?.addEventListener("click", () => {
  const theme = isDark() ? "light" : "dark";
  root.dataset.theme = theme;
  keep("theme", theme);
  showTheme();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
showTheme();

const menu = /** @type {HTMLDetailsElement | null} */ (document.querySelector("[data-menu]"));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu?.open) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});
document.addEventListener("click", (event) => {
  if (menu?.open && event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
});

const said = document.createElement("p");
said.className = "visually-hidden";
said.setAttribute("role", "status");
document.body.append(said);

document.addEventListener("click", async (event) => {
  const target = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (!(target instanceof HTMLElement)) return;
  try {
    await navigator.clipboard.writeText(target.dataset.copy ?? "");
  } catch {
    said.textContent = gettext("Copying is not allowed by this browser. Select the text instead.");
    return;
  }
  target.dataset.copied = "";
  said.textContent = gettext("Copied");
  setTimeout(() => {
    delete target.dataset.copied;
    said.textContent = "";
  }, 2000);
});

const summary = document.querySelector("[data-focus]");
if (summary instanceof HTMLElement) summary.focus();

// What scrolls sideways must be reachable with the keyboard.
for (const block of document.querySelectorAll(".prose pre, .prose table")) {
  if (block.scrollWidth > block.clientWidth) block.setAttribute("tabindex", "0");
}
