// The numbers and sentences beside the field and the walkers.
import { find, findAll, write } from "../shared/dom.js";
import { clamp, numberText } from "../shared/numbers.js";
import { FACTORS, moveAt } from "./density.js";
import { isDrawn } from "./model.js";
import { fieldSentence, walkedSentence } from "./words.js";

/** @typedef {import("./model.js").ScoreFieldState} ScoreFieldState */
/** @typedef {import("./model.js").ScoreFieldView} ScoreFieldView */
/** @typedef {import("./model.js").WalkFrame} WalkFrame */

/** Unit of the longest arrow's length, by view; none for the others. @type {Record<string, string>} */
const UNITS = { eps: " σ", score: " per unit" };

/**
 * The words about the field; gives what writes them.
 * @param {HTMLElement} element
 * @param {ScoreFieldState} state
 * @param {ScoreFieldView} view
 * @param {HTMLInputElement} slider
 */
export function createFieldReadout(element, state, view, slider) {
  const node = (/** @type {string} */ name) => find(element, `#score-field-${name}`);
  const [level, longestNode, words, clear] = ["sigma-value", "longest", "sentence", "clear"].map(node);
  const rows = Object.entries(FACTORS).map(([name, factor]) => {
    const row = find(element, `[data-view=${name}]`);
    const input = find(row, "input", HTMLInputElement);
    return { name, factor, input, times: find(row, "[data-factor]"), length: find(row, "[data-length]") };
  });
  const sources = findAll(element, "[name=score-field-source-shown]", HTMLInputElement);
  const writeErrors = createErrors(element, state, view);

  return (/** @type {{ hills: number, longest: number }} */ { hills, longest }) => {
    const { sigma, shown } = view;
    write(level, numberText(sigma));
    const move = state.pattern ? Math.hypot(...moveAt(state, view, ...view.probe, sigma)) : 0;
    for (const { name, factor, input, times, length } of rows) {
      const value = factor(sigma);
      write(times, `${value < 0 ? "−" : ""}${numberText(Math.abs(value))}`);
      write(length, move ? numberText(Math.abs(value) * move) : "0");
      input.checked = name === shown;
    }
    const length = numberText(longest * Math.abs(FACTORS[shown](sigma)));
    write(longestNode, longest ? `longest arrow ${length}${UNITS[shown] ?? ""}` : "");
    for (const input of sources) {
      input.checked = input.value === view.source;
      input.disabled = input.value !== "exact" && !state.learned;
      const label = /** @type {HTMLElement} */ (input.parentElement);
      label.title = input.disabled ? "Nothing has been learned yet: press Learn" : "";
    }
    clear.hidden = !isDrawn(state);
    const text = fieldSentence(state, view, hills);
    write(words, text);
    slider.setAttribute("aria-valuetext", `sigma ${numberText(sigma)}. ${text}`);
    writeErrors();
  };
}

/**
 * The figures of what has been learned; gives what writes them.
 * @param {HTMLElement} element
 * @param {ScoreFieldState} state
 * @param {ScoreFieldView} view
 */
function createErrors(element, state, view) {
  const error = find(element, "#score-field-error");
  const gap = find(element, "#score-field-gap");
  return () => {
    const { learned, history } = state;
    const newest = history.at(-1);
    if (!learned || !newest) {
      write(error, "not yet");
      write(gap, "not yet");
      return;
    }
    const { sigmas } = learned;
    const last = sigmas.length - 1;
    const share = Math.log(view.sigma / sigmas[0]) / Math.log(sigmas[last] / sigmas[0]);
    write(error, `${numberText(100 * learned.error[clamp(Math.round(share * last), 0, last)])} % at this σ`);
    write(gap, `gap ${(newest.dsm - newest.explicit).toFixed(2)}`);
  };
}

/**
 * The words about the walkers; gives what writes them.
 * @param {HTMLElement} element
 * @param {ScoreFieldState} state
 */
export function createWalkersReadout(element, state) {
  const stats = { single: find(element, "[data-stat=single]"), annealed: find(element, "[data-stat=annealed]") };
  const words = find(element, "#score-field-walked");

  /** @param {WalkFrame | undefined} frame @param {number | undefined} sigma */
  function figure(frame, sigma) {
    const level = sigma ? `σ ${numberText(sigma)}` : "estimate";
    return frame ? `${level} · off by ${frame.distance.toFixed(2)}` : "";
  }

  return (/** @type {Record<import("./model.js").Kind, WalkFrame | undefined>} */ frames) => {
    const { walk } = state;
    write(stats.single, figure(frames.single, walk?.sigma));
    write(stats.annealed, figure(frames.annealed, walk?.sigmas.annealed[frames.annealed?.i ?? 0]));
    write(words, walkedSentence(state, frames));
  };
}
