// The row of example pictures: one pressed at a time, the same in every view, also in those that are seen later.
import { find, findAll } from "../players/shared/dom.js";
import { pictureShown } from "../players/shared/page.js";
import { registered } from "../players/shared/registry.js";

/**
 * Mount a row of buttons; it triggers `select` with the name of a picture.
 * @param {HTMLElement} element
 * @param {object} _
 * @param {import("../players/shared/connection.js").Gradio} gradio
 */
export function mount(element, _, { trigger }) {
  const buttons = findAll(element, "button");
  const mark = (/** @type {string | null} */ name) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.name === name));
  };
  find(element, ".examples-row").addEventListener("click", (event) => {
    const name = /** @type {Element} */ (event.target).closest("button")?.dataset.name;
    if (name === undefined) return;
    pictureShown(name);
    trigger("select", { name });
  });
  document.addEventListener("picture-chosen", (event) => mark(/** @type {CustomEvent} */ (event).detail));
  const permalink = registered("permalink");
  if (permalink?.picture) mark(permalink.picture());
  // a person's own picture is none of these
  const uploaded = (/** @type {Event} */ event) => {
    if (/** @type {Element} */ (event.target).matches("input[type=file]")) mark(null);
  };
  document.addEventListener("change", uploaded, true);
}
