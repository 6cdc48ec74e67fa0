// The autoencoders as small pictures with their figures; their buttons stay while answers arrive, only order and contents
// change.
import { paintValues } from "../shared/canvas.js";
import { find, make, write } from "../shared/dom.js";
import { decibels } from "../shared/numbers.js";
import { inOrder, valueAt } from "./model.js";

/** @typedef {import("./model.js").Autoencoder} Autoencoder */

export const EXACT_BELOW_MSE = 1e-9; // an output that only rounding sets apart from the picture

/**
 * The autoencoders of a player. choose: what a click on one does.
 * @param {HTMLElement} element
 * @param {import("./model.js").LineupState} state
 * @param {(name: string) => void} choose
 */
export function createAutoencoders(element, state, choose) {
  const place = find(element, ".lineup-autoencoders");
  /** @type {Map<string, ReturnType<typeof createCard>>} */
  const cards = new Map();

  function cardOf(/** @type {Autoencoder} */ autoencoder) {
    const { name, title, reason, mse } = autoencoder;
    const card = cards.get(name) ?? createCard(() => choose(name));
    cards.set(name, card);
    card.button.classList.toggle("lineup-missing", Boolean(reason));
    card.button.classList.toggle("lineup-stale", Boolean(autoencoder.stale));
    card.button.setAttribute("aria-pressed", String(name === state.chosen));
    card.canvas.hidden = Boolean(reason);
    if (!reason && state.given) paintValues(card.canvas, state.given.size, (i) => valueAt(autoencoder, i));
    write(card.title, title);
    write(card.figure, reason ?? decibels(Number(mse), EXACT_BELOW_MSE));
    return card.button;
  }

  return {
    /** @param {string} order */
    draw(order) {
      const rows = [...inOrder(state, order)].map(([group, autoencoders]) => {
        const row = make("div", { className: "lineup-row" });
        const list = make("div");
        list.append(...autoencoders.map(cardOf));
        if (group) row.append(make("span", { className: "ns-name", textContent: group }));
        row.append(list);
        return row;
      });
      place.replaceChildren(...rows);
    },
    markChosen() {
      for (const [name, { button }] of cards) button.setAttribute("aria-pressed", String(name === state.chosen));
    },
  };
}

/** @param {() => void} clicked */
function createCard(clicked) {
  const button = make("button", { type: "button" });
  const canvas = make("canvas");
  const title = make("b");
  const figure = make("span");
  canvas.setAttribute("aria-hidden", "true");
  button.append(canvas, title, figure);
  button.addEventListener("click", clicked);
  return { button, canvas, title, figure };
}
