// A player's place in the page: what Gradio hands to it, its status line, and what makes it busy.
import { find, write } from "./dom.js";
import { Exchange } from "./exchange.js";
import { linkOpened } from "./page.js";
import { fetchPart } from "./wire_format.js";

/**
 * @typedef {object} Gradio what Gradio gives to a component's script
 * @property {(name: string, call: () => void) => void} watch calls when the server has changed a property
 * @property {(event: string, data?: object) => void} trigger
 */

/** @typedef {{ value: import("./exchange.js").Answer | null }} Props of a player's component */

/**
 * @typedef {object} Connection how a player is connected
 * @property {(part: import("./wire_format.js").Part) => unknown} takePart
 * @property {(answer: import("./exchange.js").Answer) => void} showProgress
 * @property {string} [controls] selector of the compute controls
 * @property {string} [upload] selector of the upload button
 * @property {string} [begin] selector of the button that begins the first computation
 */

/**
 * The status line of a player: a few words, how far it has come, and whether it is busy.
 * @param {HTMLElement} element
 */
export function statusLine(element) {
  const words = find(element, ".ns-status");
  const line = find(element, ".ns-progress");
  return (/** @type {string} */ text, /** @type {number} */ share, busy = text !== "ready") => {
    write(words, text);
    line.style.setProperty("--share", String(share));
    element.classList.toggle("ns-busy", busy);
  };
}

/**
 * Connect a player to its component's value, which may have come before the player.
 * @param {HTMLElement} element
 * @param {Props} props
 * @param {Gradio} gradio
 * @param {Connection} connection
 */
export function connect(element, props, gradio, { takePart, showProgress, controls, upload, begin }) {
  const exchange = new Exchange({ fetchPart, takePart, showProgress, setStatus: statusLine(element) });
  const offer = () => exchange.offer(props.value);
  gradio.watch("value", offer);
  offer();
  if (controls) followControls(exchange, controls);
  if (upload) {
    followUpload(exchange, upload);
    takeDrops(element, upload);
  }
  if (begin) linkOpened.then(() => whenSeen(element, () => pressUntilHeard(exchange, props, begin)));
  return exchange;
}

/**
 * Say that the page is busy in the same moment as a control is moved, not when Gradio gets round to it.
 * @param {Exchange} exchange
 * @param {string} controls
 */
function followControls(exchange, controls) {
  const moved = (/** @type {Event} */ event) => {
    if (/** @type {Element} */ (event.target).closest(controls)) exchange.busy();
  };
  document.addEventListener("input", moved, true);
}

/**
 * Call once, when an element is first seen: most visitors start on another page.
 * @param {Element} element
 * @param {() => void} call
 */
export function whenSeen(element, call) {
  new IntersectionObserver(([entry], observer) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    call();
  }).observe(element);
}

const PRESS_AGAIN_MS = 500;

/**
 * Press a button until a ticket has been taken: a press before Gradio listens is lost, and the button may come later
 * than the player.
 * @param {Exchange} exchange
 * @param {Props} props
 * @param {string} button
 */
export function pressUntilHeard(exchange, props, button) {
  if (props.value || exchange.issued) return;
  /** @type {HTMLElement | null} */ (document.querySelector(button))?.click();
  setTimeout(() => pressUntilHeard(exchange, props, button), PRESS_AGAIN_MS);
}

/**
 * Follow an upload through the input inside `button`: busy at once, settled when it is refused on the way up.
 * @param {Exchange} exchange
 * @param {string} button
 */
function followUpload(exchange, button) {
  const toasts = () => document.querySelectorAll(".toast-body").length;
  const chosen = (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (!input.matches(`${button} input[type=file]`) || !input.files?.length) return;
    exchange.busy();
    const before = toasts();
    const begun = exchange.received.generation;
    const watcher = new MutationObserver(() => {
      const unanswered = exchange.received.generation === begun;
      if (unanswered && toasts() <= before) return;
      if (unanswered) exchange.settled(); // no answer will come
      watcher.disconnect();
    });
    watcher.observe(document.body, { childList: true, subtree: true });
  };
  document.addEventListener("change", chosen, true);
}

/**
 * Pictures can be dropped anywhere on a player, or pasted while it is shown: both take the way of the upload button.
 * @param {HTMLElement} element
 * @param {string} button
 */
function takeDrops(element, button) {
  const offer = (/** @type {FileList | undefined} */ files) => {
    const input = /** @type {HTMLInputElement | null} */ (document.querySelector(`${button} input[type=file]`));
    if (!files?.length || !input || !element.checkVisibility()) return;
    const transfer = new DataTransfer();
    transfer.items.add(files[0]);
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("ns-drop");
  });
  element.addEventListener("dragleave", () => element.classList.remove("ns-drop"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("ns-drop");
    offer(event.dataTransfer?.files);
  });
  document.addEventListener("paste", (event) => offer(event.clipboardData?.files));
}
