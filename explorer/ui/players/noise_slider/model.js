// What has been computed so far, and how to read it at any slider position. Positions count levels and may lie between
// two of them; pictures at rest are always at a computed level.
import { decodeSheet, pictureAt } from "../shared/image_codec.js";
import { clamp } from "../shared/numbers.js";

/** @typedef {import("../shared/wire_format.js").Part} Part */

/**
 * @typedef {object} Base picture, noise and curves of an answer, which need no model (payload.py, base_part)
 * @property {{ model: string, label: string, seed: number, size: number }} request
 * @property {string} picture
 * @property {boolean} upscaled
 * @property {number[]} sigmas of the computed levels, rising geometrically
 * @property {number[]} wavenumber
 * @property {number[]} clean
 * @property {number[]} noise
 * @property {number[]} cross
 * @property {number[]} band
 * @property {number[]} grid a finer grid of noise levels
 * @property {(number | null)[]} crossover on that grid, pixels
 * @property {Record<string, { label: string, t: number[] }>} schedules t on that grid
 * @property {number} size rows and columns
 * @property {Float32Array} x0 0...255, as shown; three channels
 * @property {Float32Array} noisePixels eps in the same unit: 127.5 per data unit
 * @property {number} noisePower mean of eps squared
 */

/**
 * @typedef {object} Estimate what the model made of one level (payload.py, levels_part)
 * @property {Uint8ClampedArray} error RGBA, 128 = no error
 * @property {number} scale shown units per step
 * @property {number[]} denoised power spectrum
 * @property {number[]} errorPower power spectrum
 * @property {number} mse data units squared
 */

/**
 * @typedef {object} NoiseSliderState
 * @property {Base | null} base
 * @property {(Estimate | null)[]} frames per level
 * @property {number} position
 * @property {number} first noise level to begin with
 * @property {Constants} constants
 */

/**
 * What page and server must agree on (component.py).
 * @typedef {object} Constants
 * @property {number} firstSigma noise level to begin with, where a link gives none
 * @property {number} drawnEpsStd predicted noise is drawn from minus to plus this many standard deviations
 */

/** @typedef {[[number, number], [number, number]]} Bracket two levels with their weights */

const PIXELS_PER_UNIT = 127.5; // shown values from 0 to 255 for data from -1 to 1
const LOG_FLOOR = 1e-30; // keeps the logarithm of nothing finite

/** @param {Constants} constants @returns {NoiseSliderState} */
export const createState = (constants) => ({
  base: null,
  frames: [],
  position: 0,
  first: constants.firstSigma,
  constants,
});

/** @param {Base} base */
export const lastLevel = (base) => base.sigmas.length - 1;

/** @param {Base} base */
const range = ({ sigmas }) => Number(sigmas.at(-1)) / sigmas[0];

/**
 * @param {Base} base
 * @param {number} position
 */
export const sigmaAt = (base, position) => base.sigmas[0] * range(base) ** (position / lastLevel(base));

/**
 * @param {Base} base
 * @param {number} sigma
 */
export const positionOf = (base, sigma) =>
  clamp((Math.log(sigma / base.sigmas[0]) / Math.log(range(base))) * lastLevel(base), 0, lastLevel(base));

/**
 * Linear interpolation of a curve over the fine grid of noise levels; null where the curve has no value.
 * @template {number | null} V
 * @param {Base} base
 * @param {V[]} curve
 * @param {number} sigma
 * @returns {V | number}
 */
export function onGrid({ grid }, curve, sigma) {
  const last = grid.length - 1;
  const at = clamp((Math.log(sigma / grid[0]) / Math.log(grid[last] / grid[0])) * last, 0, last);
  const low = Math.floor(at);
  const high = Math.min(low + 1, last);
  const from = curve[low];
  const to = curve[high];
  if (from === null || to === null) return curve[Math.round(at)];
  return from + (at - low) * (to - from);
}

/**
 * The computed levels to show at a position: two neighbours with weights, or the nearest one while others are missing.
 * @param {NoiseSliderState} state
 * @returns {Bracket | null}
 */
export function bracket({ frames, position }) {
  const low = Math.floor(position);
  const high = Math.min(low + 1, frames.length - 1);
  if (frames[low] && frames[high]) {
    return [
      [low, 1 - (position - low)],
      [high, position - low],
    ];
  }
  let nearest = -1;
  frames.forEach((frame, k) => {
    if (frame && (nearest < 0 || Math.abs(k - position) < Math.abs(nearest - position))) nearest = k;
  });
  return nearest < 0 ? null : single(nearest);
}

/**
 * The bracket of one level alone.
 * @param {number} level
 * @returns {Bracket}
 */
export const single = (level) => [
  [level, 1],
  [level, 0],
];

/**
 * The estimate of a level that has been computed.
 * @param {NoiseSliderState} state
 * @param {number} level
 */
export const estimateAt = (state, level) => /** @type {Estimate} */ (state.frames[level]);

/**
 * Blend two values in the logarithm.
 * @param {number} a
 * @param {number} b
 * @param {number} weightA
 * @param {number} weightB
 */
const blend = (a, b, weightA, weightB) =>
  Math.exp(weightA * Math.log(a + LOG_FLOOR) + weightB * Math.log(b + LOG_FLOOR));

/**
 * A curve of the model between two levels, blended in the logarithm.
 * @param {NoiseSliderState} state
 * @param {"denoised" | "errorPower"} name
 * @param {Bracket} pair
 */
export function blended(state, name, [[a, weightA], [b, weightB]]) {
  const first = estimateAt(state, a)[name];
  const second = estimateAt(state, b)[name];
  return weightB === 0 ? first : first.map((value, i) => blend(value, second[i], weightA, weightB));
}

/**
 * The estimate's mean squared error between two levels, data units squared.
 * @param {NoiseSliderState} state
 * @param {Bracket} pair
 */
export const blendedError = (state, [[a, weightA], [b, weightB]]) =>
  Math.exp(weightA * Math.log(estimateAt(state, a).mse) + weightB * Math.log(estimateAt(state, b).mse));

/**
 * All curves at the slider's position. |X + s E|^2 = |X|^2 + s^2 |E|^2 + 2 s Re X*E is exact; the ghost is what a
 * Wiener filter H = P / (P + s^2) makes of a picture of that spectrum, P H.
 * @param {NoiseSliderState} state with its base
 */
export function curvesAt(state) {
  const base = /** @type {Base} */ (state.base);
  const { clean, noise, cross } = base;
  const sigma = sigmaAt(base, state.position);
  const power = sigma * sigma;
  const pair = bracket(state);
  return {
    clean,
    noise: noise.map((p) => power * p),
    noisy: clean.map((p, i) => p + power * noise[i] + 2 * sigma * cross[i]),
    ghost: clean.map((p) => (p * p) / (p + power)),
    denoised: pair && blended(state, "denoised", pair),
    error: pair && blended(state, "errorPower", pair),
  };
}

/**
 * Positions of the strips' columns: evenly spaced in the time t of a schedule, each at a computed level.
 * @param {Base} base
 * @param {string} schedule
 * @param {number} count
 */
export function columnPositions(base, schedule, count) {
  const { grid } = base;
  const { t } = base.schedules[schedule];
  return Array.from({ length: count }, (_, column) => {
    const wanted = t[0] + ((Number(t.at(-1)) - t[0]) * column) / (count - 1);
    const at = Math.max(
      1,
      t.findIndex((value) => value >= wanted - 1e-12),
    );
    const share = clamp((wanted - t[at - 1]) / (t[at] - t[at - 1] || 1), 0, 1);
    return Math.round(positionOf(base, grid[at - 1] * (grid[at] / grid[at - 1]) ** share));
  });
}

/**
 * Take in the part of an answer that needs no model; the noise level stays as near as it can.
 * @param {NoiseSliderState} state
 * @param {Part} part
 */
export async function takeBase(state, part) {
  const size = part.request.size;
  const picture = await decodeSheet(part.blobs[0], size);
  const raw = new Int16Array(part.blobs[1]);
  const x0 = new Float32Array(raw.length);
  const noisePixels = new Float32Array(raw.length);
  for (let i = 0, j = 0; i < raw.length; i += 3, j += 4) {
    for (let c = 0; c < 3; c++) {
      x0[i + c] = picture[j + c];
      noisePixels[i + c] = (raw[i + c] / part.epsScale) * PIXELS_PER_UNIT;
    }
  }
  let power = 0;
  for (const value of noisePixels) power += value * value;
  const noisePower = power / noisePixels.length / PIXELS_PER_UNIT ** 2;
  const sigma = state.base ? sigmaAt(state.base, state.position) : state.first;
  const base = /** @type {any} */ ({ ...part, size, x0, noisePixels, noisePower });
  state.base = /** @type {Base} */ (base);
  state.frames = new Array(base.sigmas.length).fill(null);
  state.position = Math.round(positionOf(base, sigma));
}

/**
 * Take in what the model made of some levels.
 * @param {NoiseSliderState} state with its base
 * @param {Part} part
 */
export async function takeLevels(state, part) {
  const { size } = /** @type {Base} */ (state.base);
  const errors = await decodeSheet(part.blobs[0], size);
  part.levels.forEach((/** @type {number} */ level, /** @type {number} */ i) => {
    state.frames[level] = {
      error: pictureAt(errors, i, size),
      scale: (part.scale[i] * PIXELS_PER_UNIT) / 127,
      denoised: part.denoised[i],
      errorPower: part.error[i],
      mse: part.mse[i],
    };
  });
}
