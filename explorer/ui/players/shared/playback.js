// Playing a sequence: what moves on, how fast, and the button that says so.
import { find } from "./dom.js";

/** @typedef {(advance: (seconds: number) => void) => () => void} Clock starts to call `advance`; gives what stops it */

/**
 * A clock that ticks so many times a second.
 * @param {() => number} rate ticks per second, read when it starts
 * @returns {Clock}
 */
export const ticking = (rate) => (advance) => {
  const seconds = 1 / rate();
  const timer = setInterval(() => advance(seconds), 1000 * seconds);
  return () => clearInterval(timer);
};

/**
 * A clock that ticks with every frame that the browser draws.
 * @returns {Clock}
 */
export const everyFrame = () => (advance) => {
  let before = performance.now();
  let frame = 0;
  const tick = (/** @type {number} */ now) => {
    frame = requestAnimationFrame(tick); // first, so that advance can stop it
    const seconds = (now - before) / 1000;
    before = now;
    advance(seconds);
  };
  frame = requestAnimationFrame(tick);
  return () => cancelAnimationFrame(frame);
};

/** Whether a sequence plays, and how it goes on. */
export class Playback {
  /**
   * @param {object} sequence
   * @param {Clock} sequence.clock
   * @param {(seconds: number) => void} sequence.advance go on by so much time; stop where it ends
   * @param {() => boolean} sequence.canPlay whether there is anything to play
   * @param {() => boolean} sequence.atEnd
   * @param {() => void} sequence.rewind
   * @param {(playing: boolean) => void} sequence.show say whether it plays
   */
  constructor(sequence) {
    this.sequence = sequence;
    this.playing = false;
    this.cancel = () => {};
  }

  /**
   * Play, from the beginning when it is at the end, or stop. Playing again takes the clock's present rate.
   * @param {boolean} on
   */
  play(on) {
    const { clock, advance, canPlay, atEnd, rewind, show } = this.sequence;
    this.cancel();
    this.cancel = () => {};
    this.playing = on;
    show(on);
    if (!on || !canPlay()) return;
    if (atEnd()) rewind();
    this.cancel = clock(advance);
  }

  toggle() {
    this.play(!this.playing);
  }
}

/**
 * Show on a button whether it plays or pauses.
 * @param {Element} button with one path
 * @param {boolean} playing
 */
export function showPlaying(button, playing) {
  find(button, "path", SVGPathElement).setAttribute("d", playing ? "M3 2h4v12H3zM9 2h4v12H9z" : "M4 2v12l10-6z");
  button.setAttribute("aria-label", playing ? "Pause" : "Play");
}

/**
 * Let the space bar toggle, where it does not press something else.
 * @param {HTMLElement} element
 * @param {Playback} playback
 * @param {string} others selector of what has its own use of the space bar
 */
export function listenForSpace(element, playback, others) {
  element.addEventListener("keydown", (event) => {
    if (event.key !== " " || /** @type {Element} */ (event.target).closest(others)) return;
    event.preventDefault();
    playback.toggle();
  });
}
