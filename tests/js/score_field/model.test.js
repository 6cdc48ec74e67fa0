import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import * as field from "../../../explorer/ui/players/score_field/density.js";
import * as model from "../../../explorer/ui/players/score_field/model.js";
import { fieldSentence, walkedSentence } from "../../../explorer/ui/players/score_field/words.js";

const EXTENT = 1.6;
const CONSTANTS = { extent: EXTENT, sigmaMin: 0.02, sigmaMax: 4, drawnStd: 0.05, maxPoints: 9, firstSigma: 0.5 };
/** @type {model.Density} */
const TWO = {
  density: "two",
  means: [[-1, 0], [1, 0]],
  weights: [0.5, 0.5],
  std: 0.1,
  part: [0, 1],
  shares: [0.5, 0.5],
  sigmas: [],
  move: [],
}; // prettier-ignore
const near = (/** @type {number} */ a, /** @type {number} */ b, within = 1e-9) =>
  assert.ok(Math.abs(a - b) < within, `${a} ${b}`);

/** @type {model.ScoreFieldState} */
let state;
/** @type {model.ScoreFieldView} */
let view;

beforeEach(() => {
  state = model.createState(CONSTANTS);
  view = state.view;
  model.takePattern(state, view, TWO);
});

test("D of one Gaussian is its mean, pulled towards the point by their variances", () => {
  const one = { ...TWO, means: /** @type {model.Place[]} */ ([[0.5, -0.5]]), weights: [1], std: 1 };
  const [x, y] = field.exactD(one, 1.5, 0.5, 1);
  near(x, 1);
  near(y, 0);
});

test("D lies between two Gaussians by their probabilities, and on the axis between them in the middle", () => {
  near(field.exactD(TWO, 0, 0.3, 1)[0], 0);
  const v = 0.01 + 1;
  const [left, right] = [-1, 1].map((mean) => Math.exp(-((0.4 - mean) ** 2) / (2 * v)));
  const mean = (right - left) / (right + left);
  near(field.exactD(TWO, 0.4, 0, 1)[0], (0.01 * 0.4 + mean) / v);
});

test("an empty drawing pulls nowhere", () => {
  model.takeDrawing(state, view, [], 0.05);
  assert.deepEqual(field.moveAt(state, view, 0.3, 0.2, 1), [0, 0]);
});

test("more means than before make room for themselves", () => {
  const means = Array.from({ length: 300 }, (_, k) => /** @type {model.Place} */ ([k / 300, 0]));
  const many = { ...TWO, means, weights: means.map(() => 1 / 300) };
  assert.ok(Math.abs(field.exactD(many, 0.5, 0, 2)[0] - 0.5) < 0.01);
});

/** A learned denoiser that is linear: D = (a x, b y) at each level. @param {[number, number][]} factors */
function learned(factors) {
  const grid = 9;
  const scale = 1e-4;
  const values = factors.flatMap(([a, b]) =>
    Array.from({ length: grid * grid }, (_, n) => {
      const x = EXTENT * ((2 * (n % grid)) / (grid - 1) - 1);
      const y = -EXTENT * ((2 * Math.floor(n / grid)) / (grid - 1) - 1);
      return [(a * x) / scale, (b * y) / scale];
    }).flat(),
  );
  const report = { density: "two", step: 10, steps: 100, dsm: 1, explicit: 0.5, error: [0.1, 0.2] };
  return { ...report, sigmas: [0.1, 10], extent: EXTENT, grid, scale, blobs: [Int16Array.from(values).buffer] };
}

test("the learned D is interpolated in the plane and in the logarithm of the noise level", () => {
  model.takeLearned(state, learned([[1, 1], [0, 0.5]])); // prettier-ignore
  const network = /** @type {model.Learned} */ (state.learned);
  const [x, y] = field.learnedD(network, 0.33, -0.71, 0.1);
  near(x, 0.33, 2e-3);
  near(y, -0.71, 2e-3);
  const [half, most] = field.learnedD(network, 0.4, 0.4, 1);
  near(half, 0.2, 2e-3);
  near(most, 0.3, 2e-3);
});

test("what is shown is exact, learned, or learned less exact", () => {
  const at = () => field.moveAt(state, view, 0.4, 0, 0.1);
  const exact = at();
  view.source = "learned";
  assert.deepEqual(at(), exact); // nothing has been learned
  model.takeLearned(state, learned([[0.5, 1], [0.5, 1]])); // prettier-ignore
  near(at()[0], -0.2, 2e-3);
  view.source = "error";
  near(at()[0], -0.2 - exact[0], 2e-3);
});

test("the four arrows are one line", () => {
  const found = Object.entries(field.FACTORS).map(([name, factor]) => [name, factor(0.5)]);
  assert.deepEqual(Object.fromEntries(found), { move: 1, noise: -1, eps: -2, score: 4 });
});

test("the density is the mixture's, row by row from the top, and its hills merge in the noise", () => {
  const values = new Float32Array(field.IMAGE ** 2);
  const up = { ...TWO, means: /** @type {model.Place[]} */ ([[0.8, 1.2]]), weights: [1] };
  field.fillDensity(up, EXTENT, 0.1, values);
  const top = values.indexOf(Math.max(...values));
  near(EXTENT * ((2 * ((top % field.IMAGE) + 0.5)) / field.IMAGE - 1), 0.8, 0.02);
  near(-EXTENT * ((2 * (Math.floor(top / field.IMAGE) + 0.5)) / field.IMAGE - 1), 1.2, 0.02);
  assert.equal(field.peaks(field.fillDensity(TWO, EXTENT, 0.1, values)), 2);
  assert.equal(field.peaks(field.fillDensity(TWO, EXTENT, 2, values)), 1);
  model.takeDrawing(state, view, [], 0.05);
  assert.equal(field.peaks(field.fillDensity(/** @type {model.Density} */ (state.pattern), EXTENT, 0.1, values)), 0);
});

const WALK = { kind: "walk", source: "exact", sigma: 0.1, chance: 0.02, sigmas: { single: [1, 1], annealed: [1, 0] } };
/** One record of each kind of walkers. @param {number} i @param {number[]} shares */
const framesPart = (i, shares) => ({
  frames: ["single", "annealed"].map((walkers) => ({ walkers, i, scale: 0.1, shares, distance: 0.25, width: 1 })),
  blobs: [Int16Array.from([1, 2, 3, 4]).buffer],
});

test("walkers are known as far as both kinds have come", () => {
  assert.equal(model.known(state), -1);
  model.takeFrames(state, framesPart(0, [1, 0])); // of a walk that was dropped
  model.takeWalk(state, view, { ...WALK, blobs: [] });
  model.takeFrames(state, framesPart(0, [1, 0]));
  assert.deepEqual([model.known(state), state.walk?.last, view.time], [0, 1, 0]);
  assert.deepEqual([...(state.walk?.frames.annealed[0].positions ?? [])], [3, 4]);
});

test("another density drops what belonged to the one before; the same one does not", () => {
  model.takeWalk(state, view, { ...WALK, blobs: [] });
  view.source = "learned";
  model.takePattern(state, view, { ...TWO });
  assert.notEqual(state.walk, null);
  model.takePattern(state, view, { ...TWO, means: [[0, 0]] });
  assert.deepEqual([state.walk, view.source], [null, "exact"]);
});

test("a drawing is a density at once", () => {
  model.takeDrawing(state, view, [[0, 0], [1, 1]], 0.05); // prettier-ignore
  assert.equal(model.isDrawn(state), true);
  assert.deepEqual([state.pattern?.weights, state.pattern?.std, state.points?.length], [[0.5, 0.5], 0.05, 2]);
  model.takePattern(state, view, TWO);
  assert.equal(state.points, null);
});

test("learning anew begins a new history, and another density's report is none of it", () => {
  const report = (/** @type {number} */ step) => ({ ...learned([[1, 1], [1, 1]]), step }); // prettier-ignore
  model.takeLearned(state, report(10));
  model.takeLearned(state, report(20));
  model.takeLearned(state, { ...report(30), density: "ring" });
  assert.deepEqual(
    state.history.map(({ step }) => step),
    [10, 20],
  );
  model.takeLearned(state, report(10));
  assert.deepEqual(
    state.history.map(({ step }) => step),
    [10],
  );
});

test("the field's sentence counts the hills and says where the arrows lead", () => {
  assert.match(fieldSentence(state, view, 2), /there are 2 hills, and the arrows lead up the nearest/);
  assert.match(fieldSentence(state, { ...view, shown: "noise" }, 1), /one hill of everything: .* away from its top/);
  assert.match(fieldSentence(state, { ...view, source: "learned" }, 2), /the learned arrows/);
  assert.match(fieldSentence(state, { ...view, source: "error" }, 2), /gets wrong/);
  assert.equal(fieldSentence(model.createState(CONSTANTS), view, 0), "");
  model.takeDrawing(state, view, [], 0.05);
  assert.match(fieldSentence(state, view, 0), /^Draw with the mouse/);
});

test("the walkers' sentence says how many are misplaced, and in the end which places are starved", () => {
  model.takeWalk(state, view, { ...WALK, blobs: [] });
  model.takeFrames(state, framesPart(0, [1, 0]));
  model.takeFrames(state, framesPart(1, [0.9, 0.1]));
  const frames = (/** @type {number} */ i) => ({
    single: state.walk?.frames.single[i],
    annealed: state.walk?.frames.annealed[i],
  });
  assert.match(
    walkedSentence(state, frames(0)),
    /^Time 0 of 1: one level misplaces 25\u00a0% .* falling noise 25\u00a0%/,
  );
  assert.match(
    walkedSentence(state, frames(1)),
    /^One level misplaces .*, 1 of 2 places starved; .* chance alone 2\u00a0%/,
  );
  assert.equal(walkedSentence(state, { single: undefined, annealed: undefined }), "");
});
