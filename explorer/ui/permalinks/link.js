// The words of a link, from what is on the page; explorer/permalinks/codec.py reads them. It knows no document.

/**
 * @typedef {object} Entry one name of a view, in the order of the address
 * @property {string} name
 * @property {unknown} usual its default
 * @property {[string, string]} [only] another name, and the value of it without which this one means nothing
 */

/**
 * @typedef {object} Schema what masthead.py says of the names of all views
 * @property {number} version
 * @property {number} corner added to a place's hundredths, so that no word has a sign
 * @property {string} first the view that needs no word
 * @property {Record<string, Entry[]>} views
 * @property {Record<string, string[]>} controls names in the order in which the page reports their values
 * @property {Record<string, Record<string, boolean>>} sections by view: whether each is unfolded by default
 * @property {string[]} hideable
 * @property {string} picture the default example
 * @property {Record<string, string>} pictures title of each example
 */

/**
 * @typedef {object} PageState what is on the page, as far as a link can say it
 * @property {string} view
 * @property {string} picture name of an example
 * @property {boolean} upload the person's own picture is shown instead
 * @property {string[]} hide
 * @property {Record<string, Record<string, any>>} values by view and name; what is not there has its default
 * @property {Record<string, string[] | null>} opened unfolded sections by view; null as by default
 */

/**
 * The page as it is without a link.
 * @param {Schema} schema
 * @returns {PageState}
 */
export function createState(schema) {
  const views = Object.keys(schema.views);
  return {
    view: schema.first,
    picture: schema.picture,
    upload: false,
    hide: [],
    values: Object.fromEntries(views.map((view) => [view, {}])),
    opened: Object.fromEntries(views.map((view) => [view, null])),
  };
}

/**
 * A place in the plane as six digits, as in explorer/permalinks/codec.py.
 * @param {Schema} schema
 * @param {number[]} place
 */
const placeWord = ({ corner }, place) =>
  place.map((v) => String(Math.round(100 * v) + corner).padStart(3, "0")).join("");

/**
 * A value as it is written in a link, null without one; a list may be typed with spaces.
 * @param {Schema} schema
 * @param {any} value
 * @param {unknown} [usual]
 */
export function wordOf(schema, value, usual) {
  if (value === null || value === undefined || value === "") return null;
  if (Array.isArray(value?.[0]))
    return value.map((/** @type {number[]} */ place) => placeWord(schema, place)).join(",");
  if (Array.isArray(usual) && typeof value === "string") {
    return value
      .trim()
      .split(/[,\s]+/)
      .join(",");
  }
  return String(value);
}

/**
 * Names of the sections of a view that are unfolded by default.
 * @param {Schema} schema
 * @param {string} view
 */
export const usuallyOpened = (schema, view) =>
  Object.entries(schema.sections[view]).flatMap(([name, unfolded]) => (unfolded ? [name] : []));

/**
 * The names and words of the link to what is on the page; defaults need none.
 * @param {Schema} schema
 * @param {PageState} state
 * @returns {[string, string][]}
 */
export function wordsOf(schema, { view, picture, upload, hide, values, opened }) {
  const entries = schema.views[view];
  /** @type {Record<string, any>} */
  const shown = { ...values[view], picture };
  const of = (/** @type {string} */ name) => shown[name] ?? entries.find((entry) => entry.name === name)?.usual;
  const counts = (/** @type {Entry | undefined} */ entry) => !entry?.only || of(entry.only[0]) === entry.only[1];
  /** @type {[string, string][]} */
  const written = [];
  for (const entry of entries) {
    const word = wordOf(schema, shown[entry.name], entry.usual);
    if (word !== null && word !== wordOf(schema, entry.usual) && counts(entry)) written.push([entry.name, word]);
  }
  if (view !== schema.first) written.unshift(["view", view]);
  const unfolded = opened[view];
  if (unfolded && String(unfolded) !== String(usuallyOpened(schema, view))) {
    written.push(["open", unfolded.join(",") || "none"]);
  }
  if (upload && counts(entries.find(({ name }) => name === "picture"))) written.push(["upload", "1"]);
  if (hide.length) written.push(["hide", hide.join(",")]);
  return written;
}

/** @param {string} word */
const escaped = (word) => encodeURIComponent(word).replaceAll("%2C", ",").replaceAll("%20", "+");

/**
 * A query without its question mark.
 * @param {[string, string | number][]} pairs
 */
export const queryOf = (pairs) => pairs.map(([name, word]) => `${name}=${escaped(String(word))}`).join("&");

/**
 * Note that a section has been folded or unfolded.
 * @param {Schema} schema
 * @param {PageState} state
 * @param {string} view
 * @param {string} section
 * @param {boolean} unfolded
 */
export function fold(schema, state, view, section, unfolded) {
  const had = state.opened[view] ?? usuallyOpened(schema, view);
  const all = Object.keys(schema.sections[view]);
  state.opened[view] = all.filter((name) => (name === section ? unfolded : had.includes(name)));
}

/**
 * What is on the page and not in the link to it, one sentence each.
 * @param {Schema} schema
 * @param {PageState} state
 */
export function notInLink(schema, state) {
  const { view, picture, values } = state;
  const lines = [];
  if (wordsOf(schema, state).some(([name]) => name === "upload")) {
    lines.push(`Your own picture is not in the link; it opens with “${schema.pictures[picture]}”.`);
  }
  const { "field.density": density, "field.points": points } = values[view];
  if (density === "drawn" && points?.length === 0) {
    lines.push("An empty drawing is not in the link; it opens with the face.");
  }
  return lines;
}
