// Spectra at the step shown. The axes are those of the whole run, so that nothing jumps.
import { powerAxes } from "../shared/axes.js";
import { find } from "../shared/dom.js";
import { curvesAt } from "./model.js";

/** @typedef {import("../shared/axes.js").PowerAxes} PowerAxes */

const NAMES = ["noisy", "denoised", "ghost-noisy", "ghost", "noise", "noisy-b", "denoised-b"];
const DIFFERENCE_WORDS = ["power", "pixels", "cycles per pixel"];
const DIFFERENCE_TOP = 3; // power of ten at the top of the difference's axis

/**
 * The spectra of a player.
 * @param {HTMLElement} element
 * @param {import("./model.js").TrajectoryState} state
 */
export function createCurves(element, state) {
  const svg = find(element, "#trajectory-spectrum", SVGSVGElement);
  const differenceSvg = find(element, "#difference-spectrum", SVGSVGElement);
  const paths = NAMES.map((name) => /** @type {const} */ ([name, find(svg, `.curve-${name}`, SVGPathElement)]));
  const differencePath = find(differenceSvg, ".curve-error", SVGPathElement);
  /** @type {PowerAxes | null} */
  let axes = null;
  /** @type {PowerAxes | null} */
  let differenceAxes = null;

  return {
    svg,
    layout() {
      const { A, B } = state.runs;
      if (!A) return;
      const { sigmas, wavenumber, expected } = A.plan;
      const shown = expected.slice(1);
      const low = Math.floor(Math.log10(Math.min(...shown))) - 2;
      const high = Math.ceil(Math.log10(sigmas[0] ** 2 + Math.max(...shown)));
      axes = powerAxes(svg, wavenumber, low, high);
      if (B) differenceAxes = powerAxes(differenceSvg, wavenumber, low, DIFFERENCE_TOP, DIFFERENCE_WORDS);
    },
    draw() {
      /** @type {Record<string, number[] | null> | null} */
      const curves = curvesAt(state);
      if (!axes || !curves) return;
      for (const [name, path] of paths) path.setAttribute("d", curves[name] ? axes.line(curves[name]) : "");
      differencePath.setAttribute("d", curves.error && differenceAxes ? differenceAxes.line(curves.error) : "");
    },
  };
}
