// The mixture itself: its density and its denoiser D at any noise level, and the denoiser that was learned.
import { clamp } from "../shared/numbers.js";

/** @typedef {import("./model.js").Density} Density */
/** @typedef {import("./model.js").Learned} Learned */
/** @typedef {import("./model.js").Place} Place */
/** @typedef {import("./model.js").ScoreFieldState} ScoreFieldState */
/** @typedef {import("./model.js").ScoreFieldView} ScoreFieldView */

export const IMAGE = 96; // points of the density image on a side
const PEAK_FLOOR = 0.01; // of the highest: what is lower counts as no hill

/**
 * What each view is of D - x: the sign and the scale that lie between them.
 * @type {Record<string, (sigma: number) => number>}
 */
export const FACTORS = {
  move: () => 1,
  noise: () => -1,
  eps: (sigma) => -1 / sigma,
  score: (sigma) => 1 / sigma ** 2,
};

let logits = new Float64Array(64); // grows; a new array for every arrow would be garbage to collect

/**
 * E[x0 | x]: the softmax of ln(weight) - |x - m|^2 / 2v over the means pulled towards x, v = std^2 + sigma^2.
 * @param {Density} pattern
 * @param {number} x
 * @param {number} y
 * @param {number} sigma
 * @returns {Place}
 */
export function exactD({ means, weights, std }, x, y, sigma) {
  const v = std * std + sigma * sigma;
  const pull = (std * std) / v;
  if (logits.length < means.length) logits = new Float64Array(means.length + 64);
  let top = -Infinity;
  for (let k = 0; k < means.length; k++) {
    const dx = x - means[k][0];
    const dy = y - means[k][1];
    logits[k] = Math.log(weights[k]) - (dx * dx + dy * dy) / (2 * v);
    if (logits[k] > top) top = logits[k];
  }
  let total = 0;
  let mx = 0;
  let my = 0;
  for (let k = 0; k < means.length; k++) {
    const share = Math.exp(logits[k] - top);
    total += share;
    mx += share * means[k][0];
    my += share * means[k][1];
  }
  if (total === 0) return [x, y]; // an empty drawing pulls nowhere
  return [pull * x + ((1 - pull) * mx) / total, pull * y + ((1 - pull) * my) / total];
}

/**
 * The learned D, which is known on a grid at some levels; between them it is interpolated, in ln sigma and in the plane.
 * @param {Learned} learned
 * @param {number} x
 * @param {number} y
 * @param {number} sigma
 * @returns {Place}
 */
export function learnedD({ field, grid, scale, sigmas, extent }, x, y, sigma) {
  const last = sigmas.length - 1;
  const place = clamp((Math.log(sigma / sigmas[0]) / Math.log(sigmas[last] / sigmas[0])) * last, 0, last - 0.001);
  const level = Math.floor(place);
  const rest = place - level;
  const [gx, gy] = [x, -y].map((v) => clamp(((v + extent) / (2 * extent)) * (grid - 1), 0, grid - 1.001));
  const [cx, cy] = [Math.floor(gx), Math.floor(gy)];
  const [fx, fy] = [gx - cx, gy - cy];
  /** @type {Place} */
  const found = [0, 0];
  for (let n = 0; n < 8; n++) {
    const [l, r, c] = [n & 4 ? 1 : 0, n & 2 ? 1 : 0, n & 1];
    const weight = (l ? rest : 1 - rest) * (r ? fy : 1 - fy) * (c ? fx : 1 - fx);
    if (weight === 0) continue;
    const at = 2 * (((level + l) * grid + cy + r) * grid + cx + c);
    found[0] += weight * field[at] * scale;
    found[1] += weight * field[at + 1] * scale;
  }
  return found;
}

/**
 * D - x of what is chosen: exact, learned, or learned less exact.
 * @param {ScoreFieldState} state with its pattern
 * @param {ScoreFieldView} view
 * @param {number} x
 * @param {number} y
 * @param {number} sigma
 * @returns {Place}
 */
export function moveAt({ pattern, learned }, { source }, x, y, sigma) {
  const mixture = /** @type {Density} */ (pattern);
  if (source === "exact" || !learned) {
    const [dx, dy] = exactD(mixture, x, y, sigma);
    return [dx - x, dy - y];
  }
  const [dx, dy] = learnedD(learned, x, y, sigma);
  const [bx, by] = source === "error" ? exactD(mixture, x, y, sigma) : [x, y];
  return [dx - bx, dy - by];
}

/**
 * p(x; sigma) up to a constant on a square of IMAGE x IMAGE points, row by row from the top; round Gaussians are
 * products of a row's and a column's factor.
 * @param {Density} pattern
 * @param {number} extent
 * @param {number} sigma
 * @param {Float32Array} into
 */
export function fillDensity({ means, weights, std }, extent, sigma, into) {
  const v = std * std + sigma * sigma;
  const columns = new Float32Array(IMAGE);
  const rows = new Float32Array(IMAGE);
  into.fill(0);
  means.forEach(([mx, my], k) => {
    for (let i = 0; i < IMAGE; i++) {
      const at = extent * ((2 * (i + 0.5)) / IMAGE - 1);
      columns[i] = Math.exp(-((at - mx) ** 2) / (2 * v));
      rows[i] = weights[k] * Math.exp(-((-at - my) ** 2) / (2 * v));
    }
    for (let r = 0; r < IMAGE; r++) {
      const factor = rows[r];
      const start = r * IMAGE;
      if (factor > 1e-9) for (let c = 0; c < IMAGE; c++) into[start + c] += factor * columns[c];
    }
  });
  return into;
}

/**
 * How many peaks a density has: points that no neighbour exceeds, and that are not next to nothing.
 * @param {Float32Array} values IMAGE x IMAGE
 */
export function peaks(values) {
  const least = PEAK_FLOOR * values.reduce((a, b) => Math.max(a, b), 0);
  let count = 0;
  for (let r = 1; r < IMAGE - 1; r++)
    for (let c = 1; c < IMAGE - 1; c++) {
      const at = r * IMAGE + c;
      const value = values[at];
      if (value <= least) continue;
      let top = true;
      for (let n = 0; n < 9 && top; n++) {
        if (n === 4) continue;
        const other = values[at + (Math.floor(n / 3) - 1) * IMAGE + (n % 3) - 1];
        top = n < 4 ? value > other : value >= other; // of equal neighbours one counts
      }
      count += Number(top);
    }
  return count;
}
