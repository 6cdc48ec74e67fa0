// Arrows of the field, and the mark with its own arrow.
import { FACTORS, moveAt } from "./density.js";

/** @typedef {import("./model.js").ScoreFieldState} ScoreFieldState */
/** @typedef {import("./model.js").ScoreFieldView} ScoreFieldView */
/** @typedef {import("./panels.js").Square} Square */
/** @typedef {import("./panels.js").Colours} Colours */
/** @typedef {[number, number]} Point */

const ARROWS = 21; // on a side
const LEAST_PX = 0.4; // length below which an arrow is not drawn
const DOT_PX = 4.5; // radius of the mark
const NEAR_PX = 30; // distance of x and D below which their names go to the same side

/** @param {ScoreFieldView} view @param {Colours} colours */
function colourOf({ source, shown }, colours) {
  if (source === "error") return colours["role-error"];
  return colours[FACTORS[shown](1) < 0 ? "role-noise" : "role-denoised"];
}

/**
 * Add an arrow to the path of a context.
 * @param {CanvasRenderingContext2D} context
 * @param {Point} from
 * @param {Point} by
 * @param {number} head length of its head, at most
 */
function arrow(context, [x, y], [dx, dy], head) {
  const length = Math.hypot(dx, dy);
  if (length < LEAST_PX) return;
  const [ux, uy] = [dx / length, dy / length];
  const tip = Math.min(head, length * 0.6);
  context.moveTo(x, y);
  context.lineTo(x + dx, y + dy);
  context.moveTo(x + dx - tip * (ux + 0.6 * uy), y + dy - tip * (uy - 0.6 * ux));
  context.lineTo(x + dx, y + dy);
  context.lineTo(x + dx - tip * (ux - 0.6 * uy), y + dy - tip * (uy + 0.6 * ux));
}

/**
 * Draw the arrows and give the length of the longest |D - x|, in data units. They keep their proportions; the longest
 * is as long as a cell is wide.
 * @param {Square} square
 * @param {ScoreFieldState} state with its pattern
 * @param {ScoreFieldView} view
 * @param {Colours} colours
 * @param {number} extent
 */
export function drawArrows({ context, side, at }, state, view, colours, extent) {
  const cell = side / ARROWS;
  const sign = Math.sign(FACTORS[view.shown](1));
  const moves = [];
  let longest = 0;
  for (let r = 0; r < ARROWS; r++)
    for (let c = 0; c < ARROWS; c++) {
      const x = extent * ((2 * (c + 0.5)) / ARROWS - 1);
      const y = -extent * ((2 * (r + 0.5)) / ARROWS - 1);
      const [dx, dy] = moveAt(state, view, x, y, view.sigma);
      moves.push([x, y, dx, dy]);
      longest = Math.max(longest, Math.hypot(dx, dy));
    }
  if (longest === 0) return longest;
  context.beginPath();
  context.strokeStyle = colourOf(view, colours);
  context.lineWidth = 1.25;
  const scale = (sign * 1.15 * cell) / longest;
  for (const [x, y, dx, dy] of moves) {
    const [px, py] = at(x, y);
    arrow(context, [px - (scale * dx) / 2, py + (scale * dy) / 2], [scale * dx, -scale * dy], 4);
  }
  context.stroke();
  return longest;
}

/**
 * Draw the probed point x, where the denoiser would move it, and the arrow that is chosen between the two, true to
 * length.
 * @param {Square} square
 * @param {ScoreFieldState} state with its pattern
 * @param {ScoreFieldView} view
 * @param {Colours} colours
 */
export function drawProbe({ context, at }, state, view, colours) {
  const [x, y] = view.probe;
  const [dx, dy] = moveAt(state, view, x, y, view.sigma);
  const p = at(x, y);
  const q = at(x + dx, y + dy);
  const [from, to] = FACTORS[view.shown](1) > 0 ? [p, q] : [q, p];
  for (const [colour, width] of /** @type {[string, number][]} */ ([
    [colours.page, 5],
    [colourOf(view, colours), 2.5],
  ])) {
    context.beginPath();
    context.strokeStyle = colour;
    context.lineWidth = width;
    arrow(context, from, [to[0] - from[0], to[1] - from[1]], 9);
    context.stroke();
  }
  const text = colours["body-text-color"];
  dot(context, q, text, text);
  dot(context, p, colours.page, text);
  writeNames(context, p, q, colours);
}

/** @param {CanvasRenderingContext2D} context @param {Point} place @param {string} fill @param {string} stroke */
function dot(context, [x, y], fill, stroke) {
  context.beginPath();
  context.arc(x, y, DOT_PX, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.strokeStyle = stroke;
  context.lineWidth = 1.5;
  context.fill();
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {Point} p place of x @param {Point} q place of D @param {Colours} colours */
function writeNames(context, [px, py], [qx, qy], colours) {
  context.font = "600 13px system-ui, sans-serif";
  context.lineWidth = 4;
  context.strokeStyle = colours.page;
  context.fillStyle = colours["body-text-color"];
  const away = (/** @type {number} */ n) => (n >= 0 ? 1 : -1);
  const near = Math.hypot(qx - px, qy - py) < NEAR_PX;
  const names = /** @type {[string, number, number, number][]} */ ([
    ["x", px, py, away(px - qx)],
    ["D", qx, qy, away(qx - px) * (near && qx === px ? -1 : 1)],
  ]);
  for (const [name, x, y, side] of names) {
    context.textAlign = side > 0 ? "left" : "right";
    context.strokeText(name, x + 9 * side, y + 4.5);
    context.fillText(name, x + 9 * side, y + 4.5);
  }
}
