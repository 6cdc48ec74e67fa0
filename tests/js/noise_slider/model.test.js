import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { deflateSync } from "node:zlib";

import { csvOf } from "../../../explorer/ui/players/noise_slider/csv.js";
import * as model from "../../../explorer/ui/players/noise_slider/model.js";
import { powerRange } from "../../../explorer/ui/players/noise_slider/spectrum.js";
import { sentence } from "../../../explorer/ui/players/noise_slider/words.js";

const SIGMAS = [0.1, 1, 10];
const GREY = Uint8Array.from(deflateSync(Uint8Array.from([0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0]))).buffer;

/** The part of an answer that needs no model: a picture of 2 x 2, rows of grey. */
const basePart = (sigmas = SIGMAS) => ({
  kind: "base",
  request: { model: "network", label: "none", seed: 0, size: 2 },
  picture: "cat",
  upscaled: false,
  sigmas,
  epsScale: 4096,
  wavenumber: [0, 0.25, 0.5],
  clean: [9, 4, 1],
  noise: [1, 1, 1],
  cross: [0, 0.5, -0.25],
  band: [0, 0.1, 0.1],
  grid: [0.1, 1, 10],
  crossover: [1, 2, null],
  schedules: { even: { label: "even", t: [0, 0.5, 1] } },
  blobs: [GREY, new Int16Array([4096, 0, 0, -4096, 0, 0, 0, 0, 0, 0, 0, 0]).buffer],
});

const frame = (/** @type {number} */ value) => ({
  error: new Uint8ClampedArray(16),
  scale: 1,
  denoised: [value, value, value],
  errorPower: [value, value, value],
  mse: value,
});

/** @type {model.NoiseSliderState} */
let state;
/** @type {model.Base} */
let base;

beforeEach(async () => {
  state = model.createState({ firstSigma: 0.5, drawnEpsStd: 3 });
  await model.takeBase(state, basePart());
  base = /** @type {model.Base} */ (state.base);
});

test("positions and noise levels are each other's inverse, and both stay on the slider", () => {
  for (const position of [0, 0.3, 1, 2]) {
    assert.ok(Math.abs(model.positionOf(base, model.sigmaAt(base, position)) - position) < 1e-12);
  }
  assert.equal(model.sigmaAt(base, 1), 1);
  assert.deepEqual(
    [0.001, 1000].map((sigma) => model.positionOf(base, sigma)),
    [0, 2],
  );
});

test("a curve over the grid is interpolated in the logarithm of the noise level, with gaps left as they are", () => {
  assert.equal(model.onGrid(base, [1, 2, 4], 0.1), 1);
  assert.ok(Math.abs(Number(model.onGrid(base, [1, 2, 4], Math.sqrt(10))) - 3) < 1e-12);
  assert.equal(model.onGrid(base, [1, 2, null], 9), null);
  assert.equal(model.onGrid(base, [1, 2, null], 1.5), 2);
  assert.equal(model.onGrid(base, [1, 2, 4], 100), 4);
});

test("between two levels both are shown by weight, and the nearest one while others are missing", () => {
  assert.equal(model.bracket(state), null);
  state.frames[2] = frame(1);
  state.position = 0.25;
  assert.deepEqual(model.bracket(state), [[2, 1], [2, 0]]); // prettier-ignore
  state.frames[0] = frame(1);
  assert.deepEqual(model.bracket(state), [[0, 1], [0, 0]]); // prettier-ignore
  state.frames[1] = frame(1);
  assert.deepEqual(model.bracket(state), [[0, 0.75], [1, 0.25]]); // prettier-ignore
  state.position = 2;
  assert.deepEqual(model.bracket(state), [[2, 1], [2, 0]]); // prettier-ignore
});

test("the model's curves are blended in the logarithm", () => {
  state.frames = [frame(1), frame(100), null];
  const pair = /** @type {model.Bracket} */ ([[0, 0.5], [1, 0.5]]); // prettier-ignore
  assert.ok(model.blended(state, "denoised", pair).every((value) => Math.abs(value - 10) < 1e-9));
  assert.ok(Math.abs(model.blendedError(state, pair) - 10) < 1e-9);
  assert.equal(model.blended(state, "errorPower", model.single(1)), state.frames[1]?.errorPower);
});

test("the curves are those of x + sigma eps, of its noise and of the Wiener filter", () => {
  state.position = 1;
  const { noise, noisy, ghost, denoised } = model.curvesAt(state);
  assert.deepEqual(noise, [1, 1, 1]);
  assert.deepEqual(noisy, [10, 6, 1.5]);
  assert.deepEqual(ghost, [81 / 10, 16 / 5, 1 / 2]);
  assert.equal(denoised, null);
});

test("the picture and the noise of an answer are in shown units", () => {
  assert.deepEqual([...base.x0], [100, 100, 100, 100, 100, 100, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...base.noisePixels.slice(0, 4)], [127.5, 0, 0, -127.5]);
  assert.ok(Math.abs(base.noisePower - 2 / 12) < 1e-9);
});

test("the first answer begins at the first noise level, and later ones stay where the slider is", async () => {
  assert.ok(Math.abs(model.sigmaAt(base, state.position) - 1) < 1e-9); // the level nearest to 0.5
  state.position = 2;
  await model.takeBase(state, basePart([0.1, 0.3, 1, 3, 10]));
  assert.equal(state.position, 4);
  assert.deepEqual(state.frames, [null, null, null, null, null]);
});

test("estimates come level by level", async () => {
  const sheet = Uint8Array.from(deflateSync(new Uint8Array(24))).buffer;
  const curves = { denoised: [[1], [2]], error: [[3], [4]], mse: [5, 6], scale: [127, 254] };
  await model.takeLevels(state, { kind: "levels", levels: [2, 0], ...curves, blobs: [sheet] });
  assert.deepEqual(
    state.frames.map((one) => one && [one.scale, one.mse, one.denoised[0], one.errorPower[0]]),
    [[255, 6, 2, 4], null, [127.5, 5, 1, 3]],
  );
  assert.equal(state.frames[0]?.error.length, 16);
});

test("the strips' columns are evenly spaced in the schedule's time, each at a computed level", () => {
  assert.deepEqual(model.columnPositions(base, "even", 3), [0, 1, 2]);
  assert.deepEqual(model.columnPositions(base, "even", 4), [0, 1, 1, 2]);
});

test("the axis reaches from the weakest detail to the strongest noise", () => {
  assert.deepEqual(powerRange(base), [-3, 2]);
});

test("the sentence says what is lost and what the model makes of it", () => {
  assert.match(sentence("wiener", 4), /^Details smaller than about 4 pixels are lost in the noise; the Wiener filter/);
  assert.match(sentence("network", null), /^Nothing of this picture stands out .*guess from the pictures/);
  assert.match(sentence("ideal", 1), /^Almost nothing is lost/);
});

test("the table has the curves at the slider's position, without the model's as long as there are none", () => {
  state.position = 1;
  const { name, text } = csvOf(state);
  const [about, head, ...rows] = text.split("\n");
  assert.equal(name, "spectra-sigma-1.00.csv");
  assert.match(about, /^# sigma 1 .*"seed":0/);
  assert.equal(head.split(",").length, 7);
  assert.deepEqual(
    rows.map((row) => row.split(",")),
    [
      ["0", "9", "1", "10", "", "", "8.1"],
      ["0.25", "4", "1", "6", "", "", "3.2"],
      ["0.5", "1", "1", "1.5", "", "", "0.5"],
    ],
  );
});
