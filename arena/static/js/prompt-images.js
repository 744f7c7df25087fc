// @ts-check
/** Pictures of a prompt by button, by paste or by drop; the plain file inputs do the sending. */
import { keepImages, keptImages } from "./prompt-images-kept.js";
import { gettext, interpolate, ngettext } from "./words.js";

/** @typedef {import("./prompt-images-kept.js").Kept} Kept */

/** One place for a picture: its file input, and what is shown of it. */
class Slot {
  /** @type {string} */
  #url = "";
  /** @type {File | null} */
  #shown = null;

  /**
   * @param {HTMLElement} element
   * @param {() => void} emptied
   * @param {() => void} described
   */
  constructor(element, emptied, described) {
    this.element = element;
    const file = element.querySelector("input[type=file]");
    const alt = element.querySelector("input[type=text]");
    if (!(file instanceof HTMLInputElement && alt instanceof HTMLInputElement)) {
      throw new Error("a place for a picture has a file input and a text input");
    }
    this.input = file;
    this.alt = alt;
    this.preview = document.createElement("img");
    this.preview.className = "attach-preview";
    this.remove = document.createElement("button");
    this.remove.type = "button";
    this.remove.className = "button";
    this.remove.textContent = gettext("Remove");
    this.remove.addEventListener("click", () => {
      this.empty();
      emptied(); // and the pressed button is gone: the next thing to do has the focus
    });
    alt.addEventListener("change", described);
  }

  /** @returns {File | null} */
  get file() {
    return this.input.files?.[0] ?? null;
  }

  /**
   * @param {File} file
   * @param {string} alt
   */
  fill(file, alt = "") {
    const moved = new DataTransfer();
    moved.items.add(file);
    this.input.files = moved.files;
    this.alt.value = alt;
    this.#forgetError();
    this.show();
  }

  empty() {
    this.input.value = "";
    this.alt.value = "";
    this.#forgetError();
    this.show();
  }

  show() {
    const file = this.file;
    if (file && file === this.#shown) return;
    this.#shown = file;
    URL.revokeObjectURL(this.#url);
    this.#url = file ? URL.createObjectURL(file) : "";
    this.element.classList.toggle("is-filled", Boolean(file));
    this.element.hidden = !file && !this.element.querySelector("[data-slot-error]");
    if (file) {
      this.preview.src = this.#url;
      this.preview.alt = file.name;
      this.remove.setAttribute("aria-label", interpolate(gettext("Remove %(name)s"), { name: file.name }));
      this.element.prepend(this.preview);
      this.element.append(this.remove);
    } else {
      this.preview.remove();
      this.remove.remove();
    }
  }

  #forgetError() {
    for (const error of this.element.querySelectorAll("[data-slot-error]")) error.remove();
    this.element.classList.remove("has-error");
    this.input.removeAttribute("aria-invalid");
  }
}

class Pictures {
  /** @param {HTMLFieldSetElement} fieldset */
  constructor(fieldset) {
    this.fieldset = fieldset;
    this.form = /** @type {HTMLFormElement} */ (fieldset.closest("form"));
    this.accepted = new Set((fieldset.dataset.accept ?? "").split(","));
    this.maxMb = Number(fieldset.dataset.maxMb);
    this.slots = [...fieldset.querySelectorAll("[data-slot]")].map(
      (element) =>
        new Slot(
          /** @type {HTMLElement} */ (element),
          () => {
            this.changed();
            this.add.focus();
          },
          () => this.keep(),
        ),
    );
    this.foot = document.createElement("div");
    this.foot.className = "attach-foot";
    this.add = document.createElement("button");
    this.add.type = "button";
    this.add.className = "button attach-add";
    this.said = document.createElement("p");
    this.said.className = "field-error";
    this.said.setAttribute("role", "alert");
  }

  start() {
    this.add.textContent = gettext("Add a picture");
    const or = document.createElement("span");
    or.className = "small";
    or.textContent = gettext("or paste one, or drop it here");
    this.foot.append(this.add, or);
    this.fieldset.append(this.foot, this.said);
    this.add.addEventListener("click", () => this.choose());
    this.form.addEventListener("paste", (event) => this.paste(event));
    this.acceptDrops(this.form.querySelector(".prompt-box") ?? this.form);
    this.show();
    if (this.fieldset.hasAttribute("data-again")) void this.restore();
    else void keepImages([]);
  }

  /** What the browser dropped with the page that was sent comes back from where it was kept. */
  async restore() {
    for (const { file, alt, place } of await keptImages()) {
      const slot = this.slots[place];
      // One that was refused is not put back: its error says what to do.
      if (slot && !slot.element.querySelector("[data-slot-error]")) slot.fill(file, alt);
    }
    this.changed();
  }

  choose() {
    const picker = document.createElement("input");
    picker.type = "file";
    picker.accept = [...this.accepted].join(",");
    picker.multiple = this.slots.length > 1;
    picker.addEventListener("change", () => this.take([...(picker.files ?? [])]));
    picker.click();
  }

  /** @param {ClipboardEvent} event */
  paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    // Words that were copied with a picture of themselves are meant as words.
    if (!files.length || event.clipboardData?.types.includes("text/plain")) return;
    event.preventDefault();
    this.take(files);
  }

  /** @param {Element} target */
  acceptDrops(target) {
    const carriesFiles = (/** @type {DragEvent} */ event) =>
      event.dataTransfer?.types.includes("Files") ?? false;
    target.addEventListener("dragover", (event) => {
      if (!(event instanceof DragEvent) || !carriesFiles(event)) return;
      event.preventDefault();
      target.classList.add("is-target");
    });
    target.addEventListener("dragleave", (event) => {
      const to = event instanceof DragEvent ? event.relatedTarget : null;
      if (!(to instanceof Node && target.contains(to))) target.classList.remove("is-target");
    });
    target.addEventListener("drop", (event) => {
      if (!(event instanceof DragEvent) || !carriesFiles(event)) return;
      event.preventDefault();
      target.classList.remove("is-target");
      this.take([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** @param {File[]} files */
  take(files) {
    const problems = [];
    for (const file of files) {
      const free = this.slots.find((slot) => !slot.file);
      if (!this.accepted.has(file.type)) {
        problems.push(
          interpolate(gettext("%(name)s is not a JPEG, PNG, WebP or GIF file."), { name: file.name }),
        );
      } else if (file.size > this.maxMb * 1024 * 1024) {
        problems.push(
          interpolate(gettext("%(name)s has %(mb)s MB; up to %(most)s MB are taken."), {
            name: file.name,
            mb: Math.ceil(file.size / 1024 / 1024),
            most: this.maxMb,
          }),
        );
      } else if (!free) {
        const n = this.slots.length;
        problems.push(
          interpolate(
            ngettext(
              "Only one picture is taken. Remove it first.",
              "Only %(n)s pictures are taken. Remove one first.",
              n,
            ),
            { n },
          ),
        );
        break;
      } else {
        free.fill(file);
      }
    }
    this.changed();
    this.said.textContent = problems.join(" ");
  }

  changed() {
    this.said.textContent = "";
    this.show();
    this.keep();
  }

  keep() {
    /** @type {Kept[]} */
    const kept = [];
    this.slots.forEach(({ file, alt }, place) => {
      if (file) kept.push({ file, alt: alt.value, place });
    });
    void keepImages(kept);
  }

  show() {
    for (const slot of this.slots) slot.show();
    this.foot.hidden = this.slots.every((slot) => slot.file);
  }
}

for (const fieldset of document.querySelectorAll("fieldset[data-attach]")) {
  if (fieldset instanceof HTMLFieldSetElement) new Pictures(fieldset).start();
}
