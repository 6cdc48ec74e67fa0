// The density that is shown, what walked in it and what was learned of it, and its exact field at any noise level.
/** @typedef {import("../shared/wire_format.js").Part} Part */
/** @typedef {[number, number]} Place x and y, y upwards */
/** @typedef {"single" | "annealed"} Kind of walkers: at one noise level, or at a falling one */

/**
 * @typedef {object} Constants what page and server must agree on (component.py)
 * @property {number} extent half the side of the square that is shown
 * @property {number} sigmaMin
 * @property {number} sigmaMax
 * @property {number} drawnStd standard deviation of a drawing's hills
 * @property {number} maxPoints of a drawing
 * @property {number} firstSigma
 */

/**
 * @typedef {object} Density a mixture of round Gaussians of equal width (payload.py)
 * @property {string} density its name; "drawn" for a drawing
 * @property {Place[]} means
 * @property {number[]} weights
 * @property {number} std
 * @property {number[]} part of each mean
 * @property {number[]} shares weight of each part
 * @property {number[]} sigmas at which `move` is known
 * @property {number[]} move mean of |D - x| over noisy points
 */

/**
 * @typedef {object} WalkFrame the walkers at one time
 * @property {Kind} walkers
 * @property {number} i
 * @property {Int16Array} positions
 * @property {number} scale data units per step of `positions`
 * @property {number[]} shares by part
 * @property {number} distance total variation
 * @property {number | null} width spread relative to the density's
 */

/**
 * @typedef {object} Walk
 * @property {string} source "exact" or "learned"
 * @property {number} sigma of the walkers at one level
 * @property {Record<Kind, number[]>} sigmas by time
 * @property {number} chance distance of independent draws
 * @property {number} last
 * @property {Record<Kind, WalkFrame[]>} frames
 */

/**
 * @typedef {object} Learned the network's denoiser on a grid
 * @property {string} density
 * @property {number} step
 * @property {number} steps
 * @property {number} dsm
 * @property {number} explicit
 * @property {number[]} sigmas
 * @property {number[]} error relative, by sigma
 * @property {number} extent
 * @property {number} grid points on a side
 * @property {number} scale
 * @property {Int16Array} field (sigmas, grid, grid, 2), rows from the top
 */

/**
 * @typedef {object} ScoreFieldState
 * @property {Density | null} pattern
 * @property {Walk | null} walk
 * @property {Learned | null} learned
 * @property {{ step: number, dsm: number, explicit: number }[]} history of learning
 * @property {Place[] | null} points of a drawing
 * @property {ScoreFieldView} view
 */

/**
 * @typedef {object} ScoreFieldView how it is looked at
 * @property {number} sigma
 * @property {string} shown which of the four arrows
 * @property {string} source whose arrows: "exact", "learned" or "error"
 * @property {number} time of the walkers, between two records
 * @property {Place} probe
 */

/**
 * @param {Constants} constants
 * @returns {ScoreFieldState}
 */
export const createState = ({ firstSigma }) => ({
  pattern: null,
  walk: null,
  learned: null,
  history: [],
  points: null,
  view: { sigma: firstSigma, shown: "move", source: "exact", time: 0, probe: [0.35, -0.45] },
});

/** @param {ScoreFieldState} state */
export const isDrawn = ({ pattern }) => pattern?.density === "drawn";

/**
 * The last time of which both kinds of walkers have their records, -1 without any.
 * @param {ScoreFieldState} state
 */
export const known = ({ walk }) => (walk ? Math.min(walk.frames.single.length, walk.frames.annealed.length) - 1 : -1);

/**
 * Take a density in; what belonged to another one is dropped.
 * @param {ScoreFieldState} state
 * @param {ScoreFieldView} view
 * @param {Density} pattern
 */
export function takePattern(state, view, pattern) {
  if (!state.pattern || JSON.stringify(pattern.means) !== JSON.stringify(state.pattern.means)) forget(state, view);
  state.pattern = pattern;
  state.points = pattern.density === "drawn" ? pattern.means : null;
}

/** @param {ScoreFieldState} state @param {ScoreFieldView} view */
function forget(state, view) {
  Object.assign(state, { walk: null, learned: null, history: [] });
  view.source = "exact";
}

/**
 * Take a drawing in. It is a density at once; what belongs to it beyond that comes from the server.
 * @param {ScoreFieldState} state
 * @param {ScoreFieldView} view
 * @param {Place[]} points
 * @param {number} std
 */
export function takeDrawing(state, view, points, std) {
  const share = 1 / Math.max(points.length, 1);
  forget(state, view);
  const nothing = { part: [], shares: [], sigmas: [], move: [] };
  state.pattern = { density: "drawn", means: points, weights: points.map(() => share), std, ...nothing };
  state.points = points;
}

/** @param {ScoreFieldState} state @param {ScoreFieldView} view @param {Part} part */
export function takeWalk(state, view, part) {
  const last = part.sigmas.single.length - 1;
  state.walk = { .../** @type {any} */ (part), last, frames: { single: [], annealed: [] } };
  view.time = 0;
}

/** @param {ScoreFieldState} state @param {Part} part */
export function takeFrames({ walk }, part) {
  if (!walk) return;
  const positions = new Int16Array(part.blobs[0]);
  const stride = positions.length / part.frames.length;
  part.frames.forEach((/** @type {WalkFrame} */ frame, /** @type {number} */ n) => {
    walk.frames[frame.walkers][frame.i] = { ...frame, positions: positions.subarray(n * stride, (n + 1) * stride) };
  });
}

/** @param {ScoreFieldState} state @param {Part} part */
export function takeLearned(state, part) {
  if (part.density !== state.pattern?.density) return;
  if (!state.history.length || part.step <= state.history[state.history.length - 1].step) state.history = [];
  state.history.push({ step: part.step, dsm: part.dsm, explicit: part.explicit });
  state.learned = { .../** @type {any} */ (part), field: new Int16Array(part.blobs[0]) };
}
