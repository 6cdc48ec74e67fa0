// Technical words that are buttons: each [data-explain] opens two sentences and the formula in the view's .explanation.
import { find, findAll } from "./dom.js";

/**
 * @param {HTMLElement} element
 * @param {Record<string, string>} explanations HTML by the word of the button
 */
export function explainWords(element, explanations) {
  const note = find(element, ".explanation");
  const buttons = findAll(element, "[data-explain]");
  for (const button of buttons) {
    const word = String(button.dataset.explain);
    button.addEventListener("click", () => {
      const open = note.dataset.of === word && !note.hidden;
      note.hidden = open;
      note.dataset.of = word;
      note.innerHTML = explanations[word];
      for (const other of buttons) other.setAttribute("aria-expanded", String(other === button && !open));
    });
  }
}
