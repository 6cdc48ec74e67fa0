// The strips of the whole trajectory: one canvas per row, as dozens of small ones would cost every frame of a drag more
// than the four pictures do.
import { contextOf } from "../shared/canvas.js";
import { find, findAll, make } from "../shared/dom.js";
import { numberText } from "../shared/numbers.js";
import { columnPositions, sigmaAt, single } from "./model.js";
import { paintEstimate, paintMixture } from "./pictures.js";

/** @typedef {import("./model.js").NoiseSliderState} NoiseSliderState */
/** @typedef {import("./model.js").Base} Base */

const COLUMNS = 16;
const NARROW = "(max-width: 640px)"; // a window in which half as many columns are shown
const MAX_CELL_PX = 96;

/**
 * Paint one cell of a row.
 * @type {Record<string, (canvas: HTMLCanvasElement, state: NoiseSliderState, base: Base, level: number) => void>}
 */
const PAINTERS = {
  ve: (canvas, _, base, level) => paintMixture(canvas, base, sigmaAt(base, level)),
  vp: (canvas, _, base, level) => {
    const sigma = sigmaAt(base, level);
    paintMixture(canvas, base, sigma, 1 / Math.sqrt(1 + sigma * sigma));
  },
  denoised: (canvas, state, _, level) => paintEstimate(canvas, state, single(level)),
};

/**
 * The strips of a player.
 * @param {HTMLElement} element
 * @param {NoiseSliderState} state
 * @param {{ schedule: () => string, moveTo: (position: number) => void }} player
 */
export function createStrips(element, state, { schedule, moveTo }) {
  const narrow = matchMedia(NARROW);
  const scratch = make("canvas");
  const strips = findAll(element, ".ns-strip").map((node) => fill(node, moveTo));
  const scale = find(element, ".ns-scale");
  const labels = Array.from({ length: COLUMNS }, () => make("span"));
  scale.append(...labels);
  /** @type {number[]} */
  let positions = [];
  let marked = -1;

  /** Show which column the slider is at. */
  function markColumn() {
    const distance = (/** @type {number} */ position) => Math.abs(position - state.position);
    const nearest = positions.reduce(
      (best, position, i) => (distance(position) < distance(positions[best]) ? i : best),
      0,
    );
    if (nearest === marked) return;
    marked = nearest;
    for (const { buttons } of strips)
      buttons.forEach((button, i) => {
        button.classList.toggle("ns-here", i === nearest);
        button.tabIndex = i === nearest ? 0 : -1;
      });
  }

  /** @param {string[]} [rows] */
  function draw(rows = Object.keys(PAINTERS)) {
    const base = /** @type {Base} */ (state.base);
    const cell = Math.min(base.size, MAX_CELL_PX);
    positions = columnPositions(base, schedule(), narrow.matches ? COLUMNS / 2 : COLUMNS);
    for (const { row, canvas, buttons } of strips.filter((strip) => rows.includes(strip.row))) {
      [canvas.width, canvas.height] = [cell * positions.length, cell];
      const context = contextOf(canvas);
      positions.forEach((position, column) => {
        if (row === "denoised" && !state.frames[position]) return;
        PAINTERS[row](scratch, state, base, position);
        context.drawImage(scratch, column * cell, 0, cell, cell);
      });
      buttons.forEach((button, column) => {
        button.hidden = column >= positions.length;
        if (button.hidden) return;
        button.dataset.position = String(positions[column]);
        button.setAttribute("aria-label", `noise level sigma ${numberText(sigmaAt(base, positions[column]))}`);
      });
    }
    labels.forEach((label, column) => {
      label.hidden = column >= positions.length;
      if (!label.hidden) label.textContent = numberText(sigmaAt(base, positions[column]));
    });
    marked = -1;
    markColumn();
  }

  narrow.addEventListener("change", () => state.base && draw());
  return { draw, markColumn };
}

/**
 * Fill a strip with its canvas and buttons. It is one stop of the Tab key, at the slider's column; within it the arrow
 * keys move.
 * @param {HTMLElement} strip
 * @param {(position: number) => void} moveTo
 */
function fill(strip, moveTo) {
  const canvas = make("canvas");
  const buttons = Array.from({ length: COLUMNS }, () => make("button", { type: "button" }));
  for (const button of buttons) button.addEventListener("click", () => moveTo(Number(button.dataset.position)));
  strip.append(canvas, ...buttons);
  strip.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const button = by && buttons[buttons.indexOf(/** @type {any} */ (event.target)) + by];
    if (!button || button.dataset.position === undefined || button.hidden) return;
    event.preventDefault();
    button.focus();
    button.click();
  });
  return { row: String(strip.dataset.row), canvas, buttons };
}
