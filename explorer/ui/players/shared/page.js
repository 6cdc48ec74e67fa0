// What a player and the rest of the page say to each other.

/**
 * @typedef {object} OpenedLink what the link that opened the page says
 * @property {string} view
 * @property {Record<string, any>} values by the names of explorer/permalinks/schema.py; defaults are not in it
 */

/** @type {(link: OpenedLink) => void} */
export let openLink;

/** Resolved by explorer/ui/permalinks/masthead.js when what the link says is on the page. */
export const linkOpened = new Promise((/** @type {(link: OpenedLink) => void} */ resolve) => (openLink = resolve));

/**
 * What the link says of a view, {} without one.
 * @param {string} view
 */
export const fromLink = (view) => linkOpened.then((link) => (link.view === view ? link.values : {}));

/**
 * Tell the address how a view is looked at, by the names of explorer/permalinks/schema.py; null is the default.
 * @param {string} view
 * @param {Record<string, unknown>} values
 */
export const reportView = (view, values) =>
  document.dispatchEvent(new CustomEvent("view-changed", { detail: { view, values } }));

/**
 * Tell the page whose picture an answer is for; an id that is no example's stands for the person's own.
 * @param {string} name
 */
export const pictureShown = (name) => document.dispatchEvent(new CustomEvent("picture-chosen", { detail: name }));
