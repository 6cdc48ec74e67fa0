// Keeps the address in step with what is on the page, opens what a link says, and hands links out. Nothing here asks the
// server but the one question what a link means, when the page is opened.
import { find } from "../players/shared/dom.js";
import { linkOpened, openLink } from "../players/shared/page.js";
import { register, registered } from "../players/shared/registry.js";
import { createState, fold, notInLink, queryOf, wordsOf } from "./link.js";
import { createNotice } from "./notice.js";

/** @typedef {import("./link.js").Schema} Schema */
/** @typedef {{ view: string, picture: string, values: Record<string, any>, opened: string[] | null, notice: string }} Opening */

const WRITE_MS = 400; // between two writings of the address; browsers refuse more than some three a second
const OPEN_MS = 8000; // after which a link that nobody can read opens the page as it is without

/** @param {string} name a word of Gradio's own, such as __theme */
const isGradios = (name) => name.startsWith("__");

class Masthead {
  /**
   * @param {HTMLElement} element
   * @param {{ value: Opening | null }} props
   * @param {Schema} schema
   */
  constructor(element, props, schema) {
    this.props = props;
    this.schema = schema;
    this.state = createState(schema);
    this.given = new URLSearchParams(location.search);
    this.hasWords = [...this.given.keys()].some((name) => !isGradios(name));
    this.open = false; // whether the link has been opened: before, the address is left as it is
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.writing = undefined;
    this.copyButton = find(element, "#copy-link");
    this.showAll = find(element, "#show-all");
    this.say = createNotice(element, () => this.copyButton.focus());
    this.hide((this.given.get("hide") ?? "").split(","));
    this.listen();
    if (this.hasWords) setTimeout(() => this.settle(), OPEN_MS);
    else this.settle(); // there is nothing to wait for
  }

  listen() {
    const { state, schema } = this;
    this.copyButton.addEventListener("click", () => this.copy());
    this.showAll.addEventListener("click", () => {
      this.hide([]);
      this.changed();
      this.copyButton.focus();
    });
    document.addEventListener("view-changed", (event) => {
      const { view, values } = /** @type {CustomEvent} */ (event).detail;
      Object.assign(state.values[view], values);
      this.changed();
    });
    // An example has been chosen, or an answer has come in for one, or for the person's own picture.
    document.addEventListener("picture-chosen", (event) => {
      if (!this.open) return;
      const name = /** @type {CustomEvent} */ (event).detail;
      state.upload = !(name in schema.pictures);
      if (!state.upload) state.picture = name;
      this.changed();
    });
  }

  /** The link to what is on the page. */
  link() {
    const words = queryOf([["v", this.schema.version], ...wordsOf(this.schema, this.state)]);
    return `${location.origin}${location.pathname}?${words}`;
  }

  /** Write the address before long. */
  changed() {
    if (!this.open || this.writing !== undefined) return;
    this.writing = setTimeout(() => {
      this.writing = undefined;
      const words = wordsOf(this.schema, this.state);
      const gradios = [...this.given].filter(([name]) => isGradios(name));
      /** @type {[string, string | number][]} */
      const version = words.length ? [["v", this.schema.version]] : [];
      const query = queryOf([...gradios, ...version, ...words]);
      const address = location.pathname + (query && `?${query}`) + location.hash;
      if (address === location.pathname + location.search + location.hash) return;
      history.replaceState(history.state, "", address);
    }, WRITE_MS);
  }

  async copy() {
    const address = this.link();
    const missing = notInLink(this.schema, this.state);
    this.say("");
    try {
      await navigator.clipboard.writeText(address); // not there on plain http
      this.say(["Copied.", ...missing].join(" "), { stays: missing.length > 0 });
    } catch {
      this.say([...missing, "Copy this link:"].join(" "), { address });
    }
  }

  /**
   * Hide parts of the page, as a lesson's link says; masthead.py does so before this module has been loaded.
   * @param {string[]} names
   */
  hide(names) {
    this.state.hide = this.schema.hideable.filter((name) => names.includes(name));
    document.documentElement.dataset.hide = this.state.hide.join(" ");
    this.showAll.hidden = !this.state.hide.length;
  }

  /** @param {Opening} [answer] */
  settle(answer) {
    if (this.open) return;
    this.open = true;
    delete document.documentElement.dataset.opening;
    const { view, values } = this.state;
    openLink({ view, values: { ...values[view] } });
    if (answer?.notice) this.say(answer.notice);
  }

  /** Take the answer of restore.py; the view counts as opened when its tab is the chosen one. */
  take() {
    const answer = this.props.value;
    if (!answer || this.open) return;
    const { state } = this;
    Object.assign(state, { view: answer.view, picture: answer.picture });
    Object.assign(state.values[state.view], answer.values);
    state.opened[state.view] = answer.opened;
    document.dispatchEvent(new CustomEvent("picture-chosen", { detail: answer.picture }));
    const tab = `#views [data-tab-id="${state.view}"][aria-selected=true]`;
    const chosen = () => (document.querySelector(tab) ? this.settle(answer) : requestAnimationFrame(chosen));
    chosen();
  }

  /** What the page's events call, by the names that masthead.py has for them before this module has been loaded. */
  get handles() {
    const { state, schema } = this;
    return {
      opened: linkOpened,
      link: () => this.link(),
      failed: () => this.settle(),
      viewed: (/** @type {string} */ view) => {
        if (this.open) state.view = view;
        this.changed();
      },
      took: (/** @type {string} */ view, /** @type {unknown[]} */ values) => {
        schema.controls[view].forEach((name, n) => (state.values[view][name] = values[n]));
        this.changed();
      },
      unfolded: (/** @type {string} */ view, /** @type {string} */ section, /** @type {boolean} */ unfolded) => {
        fold(schema, state, view, section, unfolded);
        this.changed();
      },
      picture: () => (state.upload ? "" : state.picture),
    };
  }
}

/**
 * Mount the masthead, and do what the page's events have called for before.
 * @param {HTMLElement} element
 * @param {{ value: Opening | null }} props
 * @param {import("../players/shared/connection.js").Gradio} gradio
 * @param {Schema} schema
 */
export function mount(element, props, gradio, schema) {
  const early = registered("permalink")?.early ?? [];
  const masthead = new Masthead(element, props, schema);
  /** @type {Record<string, any>} */
  const handles = register("permalink", masthead.handles);
  gradio.watch("value", () => masthead.take());
  masthead.take();
  for (const [name, values] of early) handles[name](...values);
}
