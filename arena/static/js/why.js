/** `<why-form data-kind>`: why the voter chose so, saved by itself, with marks in the answers. */
import "./mark-engaged.js";
import { MarkList } from "./mark-list.js";
import { Autosave } from "./why-save.js";
import { gettext } from "./words.js";

/** @typedef {import("./mark-list.js").Desk} Desk */
/** @typedef {import("./mark-list.js").Tool} Tool */

/** @type {Record<string, () => Promise<(desk: Desk) => Tool>>} */
const TOOLS = {
  span: async () => (await import("./mark-text.js")).textTool,
  region: async () => (await import("./mark-image.js")).imageTool,
  range: async () => (await import("./mark-range.js")).rangeTool,
  view: async () => (await import("./mark-view.js")).viewTool,
};

class WhyForm extends HTMLElement {
  #isWired = false;

  connectedCallback() {
    const form = this.querySelector("form");
    if (form && !this.#isWired) {
      this.#isWired = true;
      this.#wire(form);
    }
  }

  /** @param {HTMLFormElement} form */
  async #wire(form) {
    const state = /** @type {import("./mark-list.js").State} */ (
      JSON.parse(form.querySelector("script")?.textContent ?? "")
    );
    const status = form.querySelector("[data-why-status]");
    /**
     * @param {string} text
     * @param {"" | "warn" | "bad"} [tone]
     */
    const say = (text, tone = "") => {
      if (!(status instanceof HTMLElement)) return;
      status.textContent = text;
      status.dataset.tone = tone;
    };
    const list = new MarkList(form, state, () => autosave.later());
    const autosave = new Autosave(form, () => whole(form, list), say);
    form.addEventListener("input", () => autosave.later());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!autosave.isDirty && nothingSaid(form, list)) say(gettext("Nothing to save yet."));
      else autosave.now();
    });
    if (await autosave.sendLeftOver()) {
      location.reload();
      return;
    }
    const { kind } = this.dataset;
    const load = kind ? TOOLS[kind] : undefined;
    if (!load) return;
    const tool = (await load())({
      state,
      add: (position, place, isGood) => {
        const mark = { position, kind: /** @type {any} */ (kind), place, is_good: isGood, note: "" };
        const before = list.marks.length;
        say(list.add(mark));
        return list.marks.length > before;
      },
    });
    for (const section of seatSections(form)) {
      const into = section.querySelector("[data-mark-tools]");
      if (!(into instanceof HTMLElement)) continue;
      tool.build(Number(section.dataset.position), section.dataset.seat ?? "", into);
    }
    list.use(tool);
    this.dataset.ready = "";
  }
}

/** @param {HTMLFormElement} form */
function seatSections(form) {
  return /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-position]")]);
}

/**
 * All that is said now, as it is sent.
 * @param {HTMLFormElement} form
 * @param {MarkList} list
 * @returns {string}
 */
function whole(form, list) {
  const data = new FormData(form);
  return JSON.stringify({
    text: data.get("text") ?? "",
    seats: seatSections(form).map((section) => {
      const position = Number(section.dataset.position);
      return {
        position,
        text: data.get(`seat-${position}-text`) ?? "",
        tags: data.getAll(`seat-${position}-tags`),
      };
    }),
    marks: list.marks,
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {MarkList} list
 */
function nothingSaid(form, list) {
  const data = new FormData(form);
  data.delete("csrfmiddlewaretoken");
  return list.marks.length === 0 && [...data.values()].every((value) => !String(value).trim());
}

customElements.define("why-form", WhyForm);
