// The members as small pictures with their figures; their buttons stay while answers arrive, only order and contents
// change.
import { paintValues } from "../shared/canvas.js";
import { find, make, write } from "../shared/dom.js";
import { decibels } from "../shared/numbers.js";
import { inOrder, valueAt } from "./model.js";

/** @typedef {import("./model.js").Member} Member */

export const EXACT_BELOW_MSE = 1e-9; // an output that only rounding sets apart from the picture

/**
 * The members of a player. choose: what a click on one does.
 * @param {HTMLElement} element
 * @param {import("./model.js").LineupState} state
 * @param {(name: string) => void} choose
 */
export function createMembers(element, state, choose) {
  const place = find(element, ".lineup-members");
  /** @type {Map<string, ReturnType<typeof createCard>>} */
  const cards = new Map();

  function cardOf(/** @type {Member} */ member) {
    const { name, title, reason, mse } = member;
    const card = cards.get(name) ?? createCard(() => choose(name));
    cards.set(name, card);
    card.button.classList.toggle("lineup-missing", Boolean(reason));
    card.button.classList.toggle("lineup-stale", Boolean(member.stale));
    card.button.setAttribute("aria-pressed", String(name === state.chosen));
    card.canvas.hidden = Boolean(reason);
    if (!reason && state.given) paintValues(card.canvas, state.given.size, (i) => valueAt(member, i));
    write(card.title, title);
    write(card.figure, reason ?? decibels(Number(mse), EXACT_BELOW_MSE));
    return card.button;
  }

  return {
    /** @param {string} order */
    draw(order) {
      const rows = [...inOrder(state, order)].map(([group, members]) => {
        const row = make("div", { className: "lineup-row" });
        const list = make("div");
        list.append(...members.map(cardOf));
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
