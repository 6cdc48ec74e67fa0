// The three squares: the field, and the walkers of both kinds, over the density at their noise level.
import { contextOf } from "../shared/canvas.js";
import { find, make } from "../shared/dom.js";
import { clamp } from "../shared/numbers.js";
import { drawArrows, drawProbe } from "./arrows.js";
import { fillDensity, IMAGE, peaks } from "./density.js";

/** @typedef {import("./model.js").ScoreFieldState} ScoreFieldState */
/** @typedef {import("./model.js").ScoreFieldView} ScoreFieldView */
/** @typedef {import("./model.js").Kind} Kind */
/** @typedef {Record<string, string>} Colours by the names of their CSS variables */

/**
 * @typedef {object} Square a canvas in units of CSS pixels
 * @property {CanvasRenderingContext2D} context
 * @property {number} side
 * @property {(x: number, y: number) => [number, number]} at the place of a point of the plane
 */

const COLOURS = ["role-noisy", "role-noise", "role-denoised", "role-error", "role-clean", "muted", "page"];
const MAX_DENSITY = 2; // canvas pixels per CSS pixel
const FULL_ALPHA = 150; // of the density's highest point
const WALKER_PX = 2; // radius

/**
 * The squares of a player.
 * @param {HTMLElement} element
 * @param {ScoreFieldState} state
 * @param {ScoreFieldView} view
 * @param {import("./model.js").Constants} constants
 */
export function createPanels(element, state, view, { extent, sigmaMax }) {
  const field = find(element, ".score-field");
  const canvasOf = (/** @type {string} */ panel) => find(element, `[data-panel=${panel}] canvas`, HTMLCanvasElement);
  const canvases = { field: canvasOf("field"), single: canvasOf("single"), annealed: canvasOf("annealed") };
  const drawDensity = createDensity(state, extent);
  /** @type {Colours} */
  const colours = {};

  function readColours() {
    const style = getComputedStyle(field);
    for (const name of [...COLOURS, "body-text-color"]) colours[name] = style.getPropertyValue(`--${name}`).trim();
  }

  /** Draw the field; how many hills there are, and the length of its longest move |D - x|, in data units. */
  function drawField() {
    const square = squareOf(canvases.field, extent);
    if (!state.pattern) return { hills: 0, longest: 0 };
    const hills = peaks(drawDensity(square, view.sigma, colours["role-noisy"]));
    const longest = drawArrows(square, state, view, colours, extent);
    if (view.source !== "error") drawProbe(square, state, view, colours);
    return { hills, longest };
  }

  /**
   * Draw the walkers. At a time between two records they lie on the straight line between their places.
   * @param {Kind} kind
   */
  function drawWalkers(kind) {
    const { walk, pattern } = state;
    const square = squareOf(canvases[kind], extent);
    const frames = walk?.frames[kind] ?? [];
    const time = clamp(view.time, 0, Math.max(0, frames.length - 1));
    const i = Math.floor(time);
    const sigma = !walk ? sigmaMax : kind === "single" ? walk.sigma : walk.sigmas[kind][i];
    if (pattern) drawDensity(square, sigma, colours["role-noisy"]);
    if (!frames.length) return;
    square.context.fillStyle = colours["role-clean"];
    drawPoints(square, frames[i], frames[Math.min(i + 1, frames.length - 1)], time - i);
  }

  return { canvas: canvases.field, readColours, drawField, drawWalkers };
}

/**
 * Clear a square and give its context.
 * @param {HTMLCanvasElement} canvas
 * @param {number} extent
 * @returns {Square}
 */
function squareOf(canvas, extent) {
  const side = canvas.clientWidth;
  const size = Math.max(1, Math.round(side * Math.min(window.devicePixelRatio || 1, MAX_DENSITY)));
  if (canvas.width !== size) [canvas.width, canvas.height] = [size, size];
  const context = contextOf(canvas);
  context.setTransform(size / side, 0, 0, size / side, 0, 0);
  context.clearRect(0, 0, side, side);
  const at = (/** @type {number} */ x, /** @type {number} */ y) =>
    /** @type {[number, number]} */ ([((x + extent) / (2 * extent)) * side, ((extent - y) / (2 * extent)) * side]);
  return { context, side, at };
}

/**
 * The density as an image; gives what draws it on a square and gives its values.
 * @param {ScoreFieldState} state
 * @param {number} extent
 */
function createDensity(state, extent) {
  const pad = make("canvas", { width: IMAGE, height: IMAGE }); // before it is scaled to the square
  const padContext = contextOf(pad);
  const image = padContext.createImageData(IMAGE, IMAGE);
  const values = new Float32Array(IMAGE * IMAGE);
  return (/** @type {Square} */ { context, side }, /** @type {number} */ sigma, /** @type {string} */ colour) => {
    fillDensity(/** @type {import("./model.js").Density} */ (state.pattern), extent, sigma, values);
    const most = values.reduce((a, b) => Math.max(a, b), 1e-30);
    const [red, green, blue] = (colour.match(/\w\w/g) ?? []).map((pair) => parseInt(pair, 16));
    for (let i = 0; i < values.length; i++) {
      image.data[4 * i] = red;
      image.data[4 * i + 1] = green;
      image.data[4 * i + 2] = blue;
      image.data[4 * i + 3] = FULL_ALPHA * Math.sqrt(values[i] / most);
    }
    padContext.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(pad, 0, 0, side, side);
    return values;
  };
}

/**
 * @param {Square} square
 * @param {import("./model.js").WalkFrame} here
 * @param {import("./model.js").WalkFrame} next
 * @param {number} share of the way from here to the next
 */
function drawPoints({ context, at }, here, next, share) {
  for (let n = 0; n < here.positions.length; n += 2) {
    const x = (1 - share) * here.positions[n] * here.scale + share * next.positions[n] * next.scale;
    const y = (1 - share) * here.positions[n + 1] * here.scale + share * next.positions[n + 1] * next.scale;
    const [px, py] = at(x, y);
    context.beginPath();
    context.arc(px, py, WALKER_PX, 0, 2 * Math.PI);
    context.fill();
  }
}
