// The power spectra; the axes stay fixed while the slider moves.
import { MARGIN, powerAxes } from "../shared/axes.js";
import { find, write } from "../shared/dom.js";
import { clamp, pixelsText } from "../shared/numbers.js";
import { curvesAt, onGrid, sigmaAt } from "./model.js";

/** @typedef {import("./model.js").NoiseSliderState} NoiseSliderState */
/** @typedef {import("./model.js").Base} Base */

const LEAST_BAND = 0.02; // of the noise's power: the foot of the band where its variance is larger than its mean
const LABEL_PX = 110; // room that the crossover's label needs on its right

/**
 * Range of the vertical axis, in powers of ten: from the picture's weakest detail to the strongest noise.
 * @param {Base} base
 * @returns {[number, number]}
 */
export function powerRange({ clean, sigmas }) {
  const shown = clean.slice(1).filter((p) => p > 0);
  const low = clamp(Math.floor(Math.log10(Math.min(...shown, sigmas[0] ** 2))) - 1, -7, -1);
  return [low, Math.ceil(Math.log10(Math.max(...shown, Number(sigmas.at(-1)) ** 2)))];
}

/**
 * The spectra of a player.
 * @param {HTMLElement} element
 * @param {NoiseSliderState} state
 */
export function createSpectrum(element, state) {
  const svg = find(element, "#spectrum", SVGSVGElement);
  const path = (/** @type {string} */ id) => find(element, `#${id}`, SVGPathElement);
  const band = path("noise-band");
  /** @type {Record<string, SVGPathElement>} */
  const paths = {};
  for (const name of ["clean", "noise", "noisy", "ghost", "denoised", "error"]) paths[name] = path(`curve-${name}`);
  const mark = find(element, "#crossover", SVGGElement);
  const markLine = find(mark, "line", SVGLineElement);
  const markLabel = find(mark, "text", SVGTextElement);
  /** @type {import("../shared/axes.js").PowerAxes | null} */
  let axes = null;

  /** @param {import("../shared/axes.js").PowerAxes} on @param {Base} base @param {number} power */
  function drawBand(on, base, power) {
    const edge = (/** @type {number} */ sign) =>
      base.band
        .map((b, i) => `${on.x[i].toFixed(1)} ${on.toY(power * Math.max(LEAST_BAND, 1 + sign * b)).toFixed(1)}`)
        .slice(1);
    band.setAttribute("d", `M${edge(1).join("L")}L${edge(-1).reverse().join("L")}Z`);
  }

  /** @param {import("../shared/axes.js").PowerAxes} on @param {Base} base @param {number} sigma */
  function drawCrossover(on, base, sigma) {
    const size = onGrid(base, base.crossover, sigma);
    mark.style.display = size === null ? "none" : "";
    if (size === null) return;
    const x = clamp(on.toX(0.5 / size), MARGIN.left, on.width - MARGIN.right);
    const onLeft = x > on.width - LABEL_PX;
    mark.setAttribute("transform", `translate(${x.toFixed(1)} 0)`);
    markLine.setAttribute("y1", String(MARGIN.top));
    markLine.setAttribute("y2", String(on.height - MARGIN.bottom));
    markLabel.setAttribute("x", onLeft ? "-5" : "5");
    markLabel.setAttribute("y", String(MARGIN.top + 12));
    markLabel.setAttribute("text-anchor", onLeft ? "end" : "start");
    write(markLabel, `crossover ${pixelsText(size)} px`);
  }

  return {
    svg,
    layout() {
      const base = /** @type {Base} */ (state.base);
      axes = powerAxes(svg, base.wavenumber, ...powerRange(base));
    },
    draw() {
      if (!axes || !state.base) return;
      const sigma = sigmaAt(state.base, state.position);
      for (const [name, curve] of Object.entries(curvesAt(state)))
        paths[name].setAttribute("d", curve ? axes.line(curve) : "");
      drawBand(axes, state.base, sigma * sigma);
      drawCrossover(axes, state.base, sigma);
    },
  };
}
