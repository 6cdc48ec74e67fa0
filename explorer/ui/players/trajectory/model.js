// The runs that are on the page, and where in them the person is.
import { decodeSheet, pictureAt } from "../shared/image_codec.js";
import { clamp } from "../shared/numbers.js";

/** @typedef {import("../shared/wire_format.js").Part} Part */
/** @typedef {"A" | "B"} RunName */

/**
 * @typedef {object} Plan what is known of a run before its first step (payload.py, plan_part)
 * @property {RunName} run
 * @property {Record<string, any>} request
 * @property {number} size rows and columns
 * @property {number[]} sigmas by step
 * @property {number[] | null} pairs for each step of A the step of B to show
 * @property {number[]} t by step
 * @property {number[]} wavenumber
 * @property {number[]} expected power spectrum of the training pictures
 * @property {number[]} edges of the octaves, cycles per pixel
 * @property {(number | null)[]} visible by step: the smallest feature above the noise, pixels
 */

/**
 * @typedef {object} Frame one step of a run
 * @property {number} i
 * @property {number} sigma
 * @property {Uint8ClampedArray} x0 the estimate, RGBA, 128 = 0
 * @property {Uint8ClampedArray} eps the predicted noise, likewise
 * @property {number} x0Scale data units per byte
 * @property {number} epsScale
 * @property {number[]} xPower power spectrum of the state
 * @property {number[]} x0Power power spectrum of the estimate
 */

/**
 * @typedef {object} OctaveMap (payload.py, octaves_part)
 * @property {number[]} edges
 * @property {(number | null)[][]} shares by step and octave
 * @property {(number | null)[]} passing by octave: the step from which on it stays above one half
 * @property {number | null} rank
 * @property {(number | null)[]} decided by step, pixels
 */

/** @typedef {{ plan: Plan, frames: (Frame | null)[], octaves: OctaveMap | null }} Run */
/** @typedef {{ spectrum: number[][], rms: number[] }} Difference of two runs' estimates, by step of A */

/**
 * @typedef {object} TrajectoryState
 * @property {{ A: Run | null, B: Run | null, difference: Difference | null }} runs B when two are compared
 * @property {number} position step of run A
 * @property {boolean} following whether the newest step is shown as it comes
 * @property {number | null} target step that a link wants to be shown, until it is there or the person moves
 */

/** @returns {TrajectoryState} */
export const createState = () => ({
  runs: { A: null, B: null, difference: null },
  position: 0,
  following: true,
  target: null,
});

/** @param {Run} run */
export const lastStep = ({ plan }) => plan.sigmas.length - 1;

/** @param {Run | null} run */
export const knownSteps = (run) => (run ? run.frames.filter(Boolean).length : 0);

/**
 * How far a person can move: to the last step that has arrived.
 * @param {TrajectoryState} state
 */
export const reach = ({ runs }) => Math.max(0, runs.A?.frames.findLastIndex(Boolean) ?? 0);

/**
 * The step of a run to show. That of B has the noise level nearest to that of A's, so that both are scrubbed together.
 * @param {TrajectoryState} state
 * @param {RunName} name
 */
export const stepOf = ({ runs, position }, name) => (name === "A" ? position : (runs.B?.plan.pairs?.[position] ?? 0));

/**
 * The frame of a run to show: that of the step, or the last one before it that has arrived.
 * @param {TrajectoryState} state
 * @param {RunName} name
 */
export function frameOf(state, name) {
  const run = state.runs[name];
  if (!run) return null;
  for (let i = Math.min(stepOf(state, name), lastStep(run)); i >= 0; i--) if (run.frames[i]) return run.frames[i];
  return null;
}

/**
 * Move to a step, as far as there are any.
 * @param {TrajectoryState} state with run A
 * @param {number} step
 */
export function moveTo(state, step) {
  const run = /** @type {Run} */ (state.runs.A);
  const last = reach(state);
  state.target = null;
  state.position = clamp(step, 0, last);
  state.following = state.position === last && last < lastStep(run);
}

/**
 * Begin a run. A new run A ends the comparison.
 * @param {TrajectoryState} state
 * @param {Part} part
 */
export function takePlan(state, part) {
  const plan = /** @type {Plan} */ (/** @type {unknown} */ (part));
  const { runs } = state;
  if (plan.run === "A") {
    runs.B = runs.difference = null;
    Object.assign(state, { position: 0, following: true });
  }
  runs[plan.run] = { plan, frames: new Array(plan.sigmas.length).fill(null), octaves: null };
}

/**
 * Take in some steps of a run.
 * @param {TrajectoryState} state with that run
 * @param {Part} part
 */
export async function takeSteps(state, part) {
  const { plan, frames } = /** @type {Run} */ (state.runs[/** @type {RunName} */ (part.run)]);
  const pictures = await decodeSheet(part.blobs[0], plan.size);
  part.steps.forEach((/** @type {any} */ step, /** @type {number} */ n) => {
    frames[step.i] = {
      i: step.i,
      sigma: plan.sigmas[step.i],
      x0: pictureAt(pictures, 2 * n, plan.size),
      eps: pictureAt(pictures, 2 * n + 1, plan.size),
      x0Scale: step.x0Scale / 127,
      epsScale: step.epsScale / 127,
      xPower: step.x,
      x0Power: step.x0,
    };
  });
}

/**
 * The curves at the step that is shown: of the state and of the estimate, with what a picture of the training pictures'
 * spectrum P should have, E|x|^2 = P + s^2 and, by a Wiener filter, P^2 / (P + s^2). B's only at the same size.
 * @param {TrajectoryState} state with run A
 */
export function curvesAt(state) {
  const { A, B, difference } = state.runs;
  const a = frameOf(state, "A");
  if (!A || !a) return null;
  const { expected, size } = A.plan;
  const power = a.sigma ** 2;
  const same = B?.plan.size === size;
  const b = same ? frameOf(state, "B") : null;
  return {
    noisy: a.xPower,
    denoised: a.x0Power,
    "ghost-noisy": expected.map((p) => p + power),
    ghost: expected.map((p) => (p * p) / (p + power)),
    noise: power > 0 ? expected.map(() => power) : null,
    "noisy-b": b && b.xPower,
    "denoised-b": b && b.x0Power,
    error: (b && a.i === state.position && difference?.spectrum[a.i]) || null,
  };
}
