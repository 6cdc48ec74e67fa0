// Axes of small charts in SVG. Scales, ticks and paths are d3's; places are rounded to a tenth of a pixel.
import { addSvg, find } from "./dom.js";
import { clamp } from "./numbers.js";
import { line, range, scaleLinear, scaleLog } from "./vendor/d3.js";

/** Pixels around the grid of a power spectrum. */
export const MARGIN = { left: 46, right: 12, top: 34, bottom: 34 };
const SPARSE_BELOW_PX = 300; // width below which only every second octave has its numbers, or they touch
const WORDS = ["power", "feature size (pixels)", "fine details · cycles per pixel"];
const ROUNDING = 0.999; // frequencies have travelled with five digits

/** @typedef {(number | null)[]} Curve one value per frequency, from 0 on; null where there is none */

/**
 * @typedef {object} PowerAxes
 * @property {number} width
 * @property {number} height
 * @property {number[]} x place of each frequency; that of frequency 0, which is not shown, is NaN
 * @property {(k: number) => number} toX
 * @property {(p: number) => number} toY powers beyond the axis lie on its end
 * @property {(curve: Curve) => string} line the path of a curve
 */

/**
 * 10 to the power n in superscript.
 * @param {number} n
 */
export const powerOfTen = (n) => `10${String(n).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]))}`;

/**
 * The octaves from 1/2 cycle per pixel down to the lowest frequency.
 * @param {number} lowest
 */
export function octaves(lowest) {
  const from = lowest * ROUNDING;
  const count = Math.floor(Math.log2(0.5 / from)) + 1; // d3 gives powers of the base only where they are that many
  return scaleLog([from, 0.5], [0, 1]).base(2).ticks(count).reverse();
}

/**
 * The maps of a power spectrum: coarse on the left, fine on the right, both axes logarithmic.
 * @param {number[]} wavenumber cycles per pixel, from 0 on
 * @param {number} low power of ten at the foot
 * @param {number} high power of ten at the top
 * @param {{ width: number, height: number }} size
 * @returns {PowerAxes}
 */
export function powerScales(wavenumber, low, high, { width, height }) {
  const toX = scaleLog([wavenumber[1], 0.5], [MARGIN.left, width - MARGIN.right]).base(2);
  const vertical = scaleLog([10 ** low, 10 ** high], [height - MARGIN.bottom, MARGIN.top]).clamp(true);
  const toY = (/** @type {number} */ p) => vertical(Math.max(p, 1e-30));
  const x = wavenumber.map((k) => (k > 0 ? toX(k) : NaN));
  const below = 10 ** low; // not drawn: a line along the foot would say that it is there
  const path = /** @type {import("d3-shape").Line<number | null>} */ (/** @type {unknown} */ (line()))
    .defined((p, i) => i > 0 && p !== null && p >= below)
    .x((_, i) => x[i])
    .y((p) => toY(Number(p)))
    .digits(1);
  const draw = (/** @type {Curve} */ curve) => path(curve) ?? "";
  return { width, height, x, toX, toY, line: draw };
}

/**
 * Draw the grid of a power spectrum, with octaves as lines, and give its maps.
 * @param {SVGSVGElement} svg with an element .grid
 * @param {number[]} wavenumber cycles per pixel, from 0 on
 * @param {number} low power of ten at the foot
 * @param {number} high power of ten at the top
 * @param {string[]} [words] titles: power, feature size, frequency
 * @returns {PowerAxes}
 */
export function powerAxes(svg, wavenumber, low, high, words = WORDS) {
  const { width, height } = sizeOf(svg, 420, 240);
  const axes = powerScales(wavenumber, low, high, { width, height });
  const bottom = height - MARGIN.bottom;
  const right = width - MARGIN.right;
  const grid = find(svg, ".grid", SVGGElement);
  grid.replaceChildren();
  octaves(wavenumber[1]).forEach((k, n) => {
    const x = axes.toX(k).toFixed(1);
    addSvg(grid, "line", { x1: x, x2: x, y1: MARGIN.top, y2: bottom });
    if (width < SPARSE_BELOW_PX && n % 2) return;
    addSvg(grid, "text", { x, y: bottom + 13, "text-anchor": "middle" }, `1/${Math.round(1 / k)}`);
    addSvg(grid, "text", { x, y: MARGIN.top - 6, "text-anchor": "middle" }, `${Math.round(0.5 / k)}`);
  });
  for (const p of range(low, high + 1, high - low > 6 ? 2 : 1)) {
    const y = axes.toY(10 ** p).toFixed(1);
    addSvg(grid, "line", { x1: MARGIN.left, x2: right, y1: y, y2: y });
    addSvg(grid, "text", { x: MARGIN.left - 6, y: Number(y) + 3.5, "text-anchor": "end" }, powerOfTen(p));
  }
  const [power, size, frequency] = words;
  addSvg(grid, "text", { x: right, y: height - 5, "text-anchor": "end" }, frequency);
  addSvg(grid, "text", { x: right, y: 11, "text-anchor": "end" }, size);
  addSvg(grid, "text", { x: 4, y: 11 }, power);
  return axes;
}

/**
 * @typedef {object} Axis of a small chart
 * @property {number} low
 * @property {number} high
 * @property {number} [logBase] base of a logarithmic axis; linear without it
 * @property {[number, string][]} ticks value and text
 * @property {string} [title]
 */

/** @typedef {{ left: number, right: number, top: number, bottom: number }} Margins pixels around the chart */

/**
 * @typedef {object} ChartAxes
 * @property {number} width
 * @property {number} bottom place of the foot
 * @property {(value: number) => number} toX
 * @property {(value: number) => number} toY values beyond the axis lie on its end
 * @property {(points: [number, number][]) => string} line the path through these points
 */

/**
 * Empty a drawing and give it the size that it has on the page.
 * @param {SVGSVGElement} svg
 * @param {number} width where it has none yet
 * @param {number} height where it has none yet
 */
export function blank(svg, width, height) {
  const size = sizeOf(svg, width, height);
  svg.replaceChildren();
  return size;
}

/**
 * Draw the axes of a small chart that has been emptied, and give its maps.
 * @param {SVGSVGElement} svg
 * @param {{ width: number, height: number }} size
 * @param {Margins} margins
 * @param {Axis} x
 * @param {Axis} y
 * @returns {ChartAxes}
 */
export function chartAxes(svg, { width, height }, margins, x, y) {
  const bottom = height - margins.bottom;
  const right = width - margins.right;
  const toX = scaleOf(x, margins.left, right);
  const vertical = scaleOf(y, bottom, margins.top);
  const toY = (/** @type {number} */ value) => vertical(clamp(value, y.low, y.high));
  for (const [value, text] of y.ticks) {
    const at = vertical(value);
    addSvg(svg, "line", { x1: margins.left, x2: right, y1: at, y2: at });
    addSvg(svg, "text", { x: margins.left - 6, y: at + 4, "text-anchor": "end" }, text);
  }
  for (const [value, text] of x.ticks) {
    const at = toX(value);
    addSvg(svg, "line", { x1: at, x2: at, y1: margins.top, y2: bottom });
    addSvg(svg, "text", { x: at, y: bottom + 14, "text-anchor": "middle" }, text);
  }
  addSvg(svg, "text", { x: right, y: height - 4, "text-anchor": "end" }, x.title);
  const path = line()
    .x(([value]) => toX(value))
    .y(([, value]) => toY(value))
    .digits(1);
  return { width, bottom, toX, toY, line: (points) => path(points) ?? "" };
}

/**
 * @param {Axis} axis
 * @param {number} from
 * @param {number} to
 */
const scaleOf = ({ low, high, logBase }, from, to) =>
  logBase ? scaleLog([low, high], [from, to]).base(logBase) : scaleLinear([low, high], [from, to]);

/**
 * @param {SVGSVGElement} svg
 * @param {number} width
 * @param {number} height
 */
function sizeOf(svg, width, height) {
  const size = { width: svg.clientWidth || width, height: svg.clientHeight || height };
  // What is not in sight is laid out again when it is; until then proportions of its own would give it a wrong height.
  if (svg.clientWidth) svg.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  else svg.removeAttribute("viewBox");
  return size;
}
