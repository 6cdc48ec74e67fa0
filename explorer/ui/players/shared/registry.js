// The players that are on the page, by name: what Gradio's events (explorer/ui/streaming/events.py) call, and what a
// person at the console can look into. The one global of the page's scripts is `players`.

/**
 * @typedef {object} Handles what every player lets the page's events do
 * @property {() => number} ticket say busy, and number the next question
 * @property {() => void} busy say busy: a compute control has been changed
 * @property {() => void} settled say ready: the server refused, what was there stays
 * @property {() => number} newest the number of the newest question
 */

/** @type {{ players?: Record<string, any> }} */
const page = /** @type {any} */ (globalThis);
const players = (page.players ??= {});

/**
 * Make a player known under its name.
 * @template {object} P
 * @param {string} name
 * @param {P} player
 */
export function register(name, player) {
  players[name] = player;
  return player;
}

/**
 * The player of that name, undefined before it is mounted.
 * @param {string} name
 */
export const registered = (name) => players[name];
