/** The prompt form: arena choice, suggestions that fill the box, a count near the limit. */
import { interpolate, ngettext } from "./words.js";

/** Part of the limit from which the characters left are shown. */
const COUNT_FROM = 0.8;

for (const form of document.querySelectorAll("form[data-prompt-form]")) {
  if (form instanceof HTMLFormElement) enhance(form);
}

/** @param {HTMLFormElement} form */
function enhance(form) {
  const box = form.querySelector("textarea");
  if (!box) return;

  for (const radio of form.querySelectorAll("input[type=radio][data-action]")) {
    if (!(radio instanceof HTMLInputElement)) continue;
    const choose = () => {
      if (radio.checked && radio.dataset.action) form.action = radio.dataset.action;
    };
    radio.addEventListener("change", choose);
    // A browser may restore an earlier choice when one goes back.
    window.addEventListener("pageshow", choose);
  }

  const chosen = form.querySelector("input[data-suggested]");
  if (chosen instanceof HTMLInputElement) {
    let suggestedText = "";
    for (const button of form.querySelectorAll("button[data-suggest]")) {
      if (!(button instanceof HTMLButtonElement)) continue;
      button.addEventListener("click", (event) => {
        event.preventDefault();
        suggestedText = button.textContent?.trim() ?? "";
        box.value = suggestedText;
        chosen.value = button.value;
        chosen.disabled = false;
        box.dispatchEvent(new Event("input"));
        box.focus();
        box.scrollIntoView({ block: "center" });
      });
    }
    // Once edited, it is the visitor's own prompt and no longer the suggested one.
    box.addEventListener("input", () => {
      if (box.value !== suggestedText) chosen.disabled = true;
    });
  }

  const count = form.querySelector("[data-count]");
  const limit = Number(form.dataset.max);
  if (count && limit > 0) {
    const before = count.textContent;
    box.addEventListener("input", () => {
      // Python counts code points, not UTF-16 units.
      const used = [...box.value].length;
      const left = limit - used;
      count.classList.toggle("count-over", left < 0);
      const [over, rest] = [Math.max(-left, 0), Math.max(left, 0)];
      const tooMany = ngettext("%(n)s character too many", "%(n)s characters too many", over);
      const room = ngettext("%(n)s character left", "%(n)s characters left", rest);
      if (left < 0) count.textContent = interpolate(tooMany, { n: over });
      else count.textContent = used > limit * COUNT_FROM ? interpolate(room, { n: rest }) : before;
    });
  }

  // A link to the box; with a script, to the place in it.
  form.querySelector("a[data-edit]")?.addEventListener("click", (event) => {
    const found = form.querySelector("[data-find]")?.textContent ?? "";
    const start = box.value.indexOf(found);
    if (!found || start < 0) return;
    event.preventDefault();
    box.focus();
    box.setSelectionRange(start, start + found.length);
  });

  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}
