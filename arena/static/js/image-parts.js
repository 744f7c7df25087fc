/** Parts that the comparison of images is built of. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** @param {string} icon */
function glyph(icon) {
  const mark = make("span", `glyph glyph-${icon}`);
  mark.setAttribute("aria-hidden", "true");
  return mark;
}

/**
 * @param {string} label
 * @param {() => void} act
 * @param {{icon?: string, text?: string}} look
 */
export function toolButton(label, act, { icon, text }) {
  const button = make("button", icon ? "icon-button" : "button button-small", text);
  button.type = "button";
  if (icon) {
    button.append(glyph(icon));
    button.title = label;
  }
  if (label !== text) button.setAttribute("aria-label", label);
  button.addEventListener("click", () => {
    // Not `disabled`: a button at its limit keeps the focus.
    if (button.getAttribute("aria-disabled") !== "true") act();
  });
  return button;
}

/**
 * @param {HTMLElement} button
 * @param {boolean} isAble
 */
export function setAble(button, isAble) {
  button.setAttribute("aria-disabled", String(!isAble));
}

/**
 * A row of tools with one name.
 * @param {string} className
 * @param {string} label
 * @param {...Node} parts
 */
export function toolGroup(className, label, ...parts) {
  const group = make("div", `compare-group ${className}`);
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", label);
  group.append(...parts);
  return group;
}

/**
 * One of several, as native radio buttons.
 * @param {string} legend
 * @param {Array<{value: string, text: string, icon: string}>} choices
 * @param {string} value
 * @param {(value: string) => void} choose
 */
export function choiceRow(legend, choices, value, choose) {
  const row = make("fieldset", "compare-modes");
  row.append(make("legend", "visually-hidden", legend));
  for (const choice of choices) {
    const label = make("label", "compare-mode");
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "compare-mode";
    radio.value = choice.value;
    radio.checked = choice.value === value;
    radio.addEventListener("change", () => choose(choice.value));
    label.append(radio, glyph(choice.icon), make("span", "", choice.text));
    row.append(label);
  }
  return row;
}

/**
 * A list to choose an answer from.
 * @param {string} label
 * @param {string[]} letters
 * @param {number} chosen
 * @param {(index: number) => void} choose
 */
export function answerSelect(label, letters, chosen, choose) {
  const select = make("select", "");
  select.setAttribute("aria-label", label);
  letters.forEach((letter, index) => {
    select.append(new Option(letter, String(index), false, index === chosen));
  });
  select.addEventListener("change", () => choose(Number(select.value)));
  return select;
}
