/** The button that ends the writing of all answers. */
import { send } from "./sending.js";
import { gettext } from "./words.js";

/**
 * Make the button live.
 * @param {HTMLElement} page
 * @returns {{offer: () => void, end: () => void}} `offer` shows it, `end` takes it away
 */
export function liveStop(page) {
  const form = page.querySelector("form[data-stop]");
  const button = form?.querySelector("button");
  if (!(form instanceof HTMLFormElement) || !button) return { offer() {}, end() {} };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const line = form.querySelector("[data-stop-line]");
    await send(form, new FormData(form), line, gettext("The answers are not stopped yet"));
    // A gateway that was being started may have missed it.
    button.disabled = false;
  });
  return {
    offer() {
      form.hidden = false;
    },
    end() {
      form.remove();
    },
  };
}
