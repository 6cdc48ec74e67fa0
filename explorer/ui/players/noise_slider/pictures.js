// The four pictures and the ruler.
import { imageOf, put } from "../shared/canvas.js";
import { find, write } from "../shared/dom.js";
import { decibels, pixelsText } from "../shared/numbers.js";
import { blendedError, bracket, estimateAt, onGrid, sigmaAt } from "./model.js";

/** @typedef {import("./model.js").NoiseSliderState} NoiseSliderState */
/** @typedef {import("./model.js").Base} Base */
/** @typedef {import("./model.js").Bracket} Bracket */

/**
 * canvas = offset + scale * (x0 + sigma * eps), clipped for display by the byte array itself.
 * @param {HTMLCanvasElement} canvas
 * @param {Base} base
 * @param {number} sigma
 * @param {number} [scale]
 */
export function paintMixture(canvas, { size, x0, noisePixels }, sigma, scale = 1) {
  const image = imageOf(canvas, size);
  const data = image.data;
  const offset = 127.5 * (1 - scale);
  for (let i = 0, j = 0; i < x0.length; i += 3, j += 4) {
    data[j] = offset + scale * (x0[i] + sigma * noisePixels[i]);
    data[j + 1] = offset + scale * (x0[i + 1] + sigma * noisePixels[i + 1]);
    data[j + 2] = offset + scale * (x0[i + 2] + sigma * noisePixels[i + 2]);
  }
  put(canvas, image);
}

/**
 * The estimate x0 + error, blended between two levels, and on a second canvas the predicted noise eps - error / sigma.
 * @param {HTMLCanvasElement} canvas
 * @param {NoiseSliderState} state with its base
 * @param {Bracket} pair
 * @param {HTMLCanvasElement | null} [noiseCanvas]
 * @param {number} [sigma]
 */
export function paintEstimate(canvas, state, [[a, wa], [b, wb]], noiseCanvas = null, sigma = 1) {
  const { size, x0, noisePixels } = /** @type {Base} */ (state.base);
  const { error: first, scale: scaleA } = estimateAt(state, a);
  const { error: second, scale: scaleB } = estimateAt(state, b);
  const ka = wa * scaleA;
  const kb = wb * scaleB;
  const zero = 128 * (ka + kb);
  const image = imageOf(canvas, size);
  const data = image.data;
  const noiseImage = noiseCanvas && imageOf(noiseCanvas, size);
  const noise = noiseImage?.data;
  const shown = 1 / state.constants.drawnEpsStd;
  const perSigma = shown / sigma;
  for (let i = 0, j = 0; i < x0.length; j++)
    for (const end = i + 3; i < end; i++, j++) {
      const error = ka * first[j] + kb * second[j] - zero;
      data[j] = x0[i] + error;
      if (noise) noise[j] = 127.5 + shown * noisePixels[i] - perSigma * error;
    }
  put(canvas, image);
  if (noiseCanvas && noiseImage) put(noiseCanvas, noiseImage);
}

/**
 * The pictures of a player; gives what draws them at the slider's position.
 * @param {HTMLElement} element
 * @param {NoiseSliderState} state
 */
export function createPictures(element, state) {
  const canvas = (/** @type {string} */ name) => find(element, `#canvas-${name}`, HTMLCanvasElement);
  const [clean, noisy, denoised, noise] = ["clean", "noisy", "denoised", "noise"].map(canvas);
  const stats = Object.fromEntries(
    ["clean", "noisy", "denoised", "noise"].map((name) => [name, find(element, `#stat-${name}`)]),
  );
  const ruler = find(element, ".ns-ruler");
  const rulerText = find(ruler, "span");
  /** @type {Base | null} */
  let painted = null; // the answer whose clean picture is on the page

  /** @param {Base} base @param {number} sigma @param {Bracket | null} pair */
  function writeFigures(base, sigma, pair) {
    write(stats.clean, `${base.size} × ${base.size} px`);
    write(stats.noisy, `PSNR ${decibels(sigma ** 2 * base.noisePower)}`);
    const mse = pair && blendedError(state, pair);
    write(stats.denoised, mse === null ? "computing…" : `PSNR ${decibels(mse)}`);
    // eps_hat - eps = -error / sigma
    write(stats.noise, mse === null ? "computing…" : `off ${(Math.sqrt(mse) / sigma).toFixed(2)} σ`);
  }

  /** @param {Base} base @param {number} sigma */
  function drawRuler(base, sigma) {
    const size = onGrid(base, base.crossover, sigma);
    const whole = size === null || size > base.size;
    ruler.style.setProperty("--length", `${100 * (size === null ? 1 : Math.min(1, size / base.size))}%`);
    ruler.classList.toggle("ns-overlong", whole);
    write(rulerText, whole ? "whole picture" : `${pixelsText(size)} px`);
  }

  return function drawPictures() {
    const base = /** @type {Base} */ (state.base);
    const sigma = sigmaAt(base, state.position);
    const pair = bracket(state);
    if (painted !== base) paintMixture(clean, base, 0);
    painted = base;
    paintMixture(noisy, base, sigma);
    for (const { parentElement } of [denoised, noise]) parentElement?.classList.toggle("ns-waiting", !pair);
    if (pair) paintEstimate(denoised, state, pair, noise, sigma);
    writeFigures(base, sigma, pair);
    drawRuler(base, sigma);
  };
}
