// One network, many noise levels: its estimates when it is told the right level or a wrong one, and what it predicts.
import { decodeSheet, pictureAt } from "../shared/image_codec.js";

/** @typedef {{ data: Uint8ClampedArray, scale: number }} Picture RGBA, 128 = 0; data units per byte */

/**
 * @typedef {object} Wiring (payload.py, wiring_part)
 * @property {number} size rows and columns
 * @property {Picture} x0
 * @property {Picture} eps
 * @property {Picture[]} blind by level: the estimate of the model that is told no level
 * @property {Picture[][]} estimates by level and factor
 * @property {number[][]} told mean squared errors by level and factor
 * @property {number[]} blindErrors by level
 * @property {string} missing why there is no blind model, or ""
 * @property {Record<string, number[]>} roundTrip largest difference after there and back, by view and level
 */

/** @typedef {{ wiring: Wiring | null }} WiringState */

/**
 * What may be shown of a prediction, from the estimate x0, the input x and the noise level.
 * @typedef {{ of: (x0: number, x: number, sigma: number) => number, range: number, name: string, formula: string }} View
 */

/** @type {Record<string, View>} */
export const VIEWS = {
  eps: { of: (x0, x, s) => (x - x0) / s, range: 3, name: "noise ε", formula: "ε = (x − x₀) / σ" },
  score: { of: (x0, x, s) => (x0 - x) / s, range: 3, name: "score × σ", formula: "score = (x₀ − x) / σ²" },
  v: {
    of: (x0, x, s) => ((x - x0) / s - s * x0) / Math.sqrt(1 + s * s),
    range: 1.5,
    name: "v",
    formula: "v = a ε − s x₀, a² + s² = 1, s / a = σ",
  },
  x0: { of: (x0) => x0, range: 1, name: "picture x₀", formula: "x₀" },
};

/**
 * @param {Picture} picture
 * @param {number} i
 */
export const valueAt = ({ data, scale }, i) => (data[i] - 128) * scale;

/**
 * Decode what is known of the network.
 * @param {import("../shared/wire_format.js").Part} part
 * @param {number} factors how many wrong levels it is told at each level
 * @returns {Promise<Wiring>}
 */
export async function wiringOf(part, factors) {
  const { size, scales, told, blind, leftOut, roundTrip } = part;
  const pictures = await decodeSheet(part.blobs[0], size);
  const picture = (/** @type {number} */ n) => ({ data: pictureAt(pictures, n, size), scale: scales[n] / 127 });
  const each = factors + 1; // pictures of one level: the blind model's, then one per factor
  const levels = Array.from({ length: told.length }, (_, k) => 2 + k * each);
  return {
    size,
    x0: picture(0),
    eps: picture(1),
    blind: levels.map(picture),
    estimates: levels.map((first) => Array.from({ length: factors }, (_, f) => picture(first + 1 + f))),
    told,
    blindErrors: blind,
    missing: leftOut,
    roundTrip,
  };
}

/**
 * The level that is nearest to a value, by their ratio.
 * @param {number[]} levels
 * @param {number} value
 */
export const nearest = (levels, value) =>
  levels.reduce((best, level, k) => {
    const distance = Math.abs(Math.log(level / value));
    return distance < Math.abs(Math.log(levels[best] / value)) ? k : best;
  }, 0);

/**
 * What the wiring shows, in one sentence.
 * @param {boolean} wired whether the residual connection is on
 * @param {number} factor of the level that the network is told
 */
export function sentence(wired, factor) {
  if (factor > 1) return "Told more noise than there is, it smooths away what it could have kept.";
  if (factor < 1) return "Told less noise than there is, it takes the rest for picture and leaves it in.";
  return wired
    ? "The input goes round the network and the predicted noise is taken off it: the noise predictor is a denoiser."
    : "The network alone predicts the noise. Switch the residual connection on, and the same prediction is the picture.";
}
