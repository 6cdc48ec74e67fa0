import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { deflateSync } from "node:zlib";

import * as model from "../../../explorer/ui/players/trajectory/model.js";
import { mapWords, octaveName, sentence } from "../../../explorer/ui/players/trajectory/words.js";

const planPart = (run = "A", size = 2) => ({
  kind: "plan",
  run,
  request: { start: "noise" },
  size,
  sigmas: [10, 1, 0],
  pairs: run === "B" ? [0, 0, 2] : null,
  t: [1, 0.5, 0],
  wavenumber: [0, 0.25, 0.5],
  expected: [4, 2, 1],
  edges: [0.125, 0.25, 0.5],
  visible: [null, 4, 1],
  blobs: [],
});

/** Steps of a run, each with two pictures of zeros. @param {string} run @param {number[]} steps */
const stepsPart = (run, steps) => ({
  kind: "steps",
  run,
  steps: steps.map((i) => ({ i, x0Scale: 127, epsScale: 254, x: [i, i, i], x0: [1, 1, 1] })),
  blobs: [Uint8Array.from(deflateSync(new Uint8Array(steps.length * 2 * 12))).buffer],
});

/** @type {model.TrajectoryState} */
let state;
/** The run of that name. @param {model.RunName} name */
const run = (name) => /** @type {model.Run} */ (state.runs[name]);

beforeEach(() => {
  state = model.createState();
  model.takePlan(state, planPart());
});

test("a new run A ends the comparison and begins at its first step", () => {
  model.takePlan(state, planPart("B"));
  state.position = 2;
  model.takePlan(state, planPart());
  assert.equal(state.runs.B, null);
  assert.deepEqual([state.position, state.following, model.lastStep(run("A"))], [0, true, 2]);
});

test("a person can move as far as steps have arrived, and follows the newest of them until the last", async () => {
  await model.takeSteps(state, stepsPart("A", [0, 1]));
  assert.deepEqual([model.reach(state), model.knownSteps(run("A"))], [1, 2]);
  model.moveTo(state, 5);
  assert.deepEqual([state.position, state.following], [1, true]);
  model.moveTo(state, -1);
  assert.deepEqual([state.position, state.following, state.target], [0, false, null]);
  await model.takeSteps(state, stepsPart("A", [2]));
  model.moveTo(state, Infinity);
  assert.deepEqual([state.position, state.following], [2, false]);
});

test("a step that has not arrived shows the one before it", async () => {
  assert.equal(model.frameOf(state, "A"), null);
  await model.takeSteps(state, stepsPart("A", [0, 2]));
  state.position = 1;
  assert.equal(model.frameOf(state, "A")?.i, 0);
});

test("the step of B is that of the nearest noise level", async () => {
  model.takePlan(state, planPart("B"));
  await model.takeSteps(state, stepsPart("B", [0, 1, 2]));
  const shown = [0, 1, 2].map((position) => {
    state.position = position;
    return model.frameOf(state, "B")?.i;
  });
  assert.deepEqual(shown, [0, 0, 2]);
});

test("a step's pictures and scales are its own", async () => {
  await model.takeSteps(state, stepsPart("A", [0, 1]));
  const frame = run("A").frames[1];
  assert.deepEqual([frame?.sigma, frame?.x0Scale, frame?.epsScale, frame?.x0.length], [1, 1, 2, 16]);
  assert.equal(frame?.eps.byteOffset, 3 * 16);
});

test("curves have their expectations, and B's only at the same size", async () => {
  assert.equal(model.curvesAt(state), null);
  await model.takeSteps(state, stepsPart("A", [0, 1, 2]));
  state.position = 1;
  const alone = model.curvesAt(state);
  assert.deepEqual(
    [alone?.noisy, alone?.["ghost-noisy"], alone?.ghost],
    [
      [1, 1, 1],
      [5, 3, 2],
      [16 / 5, 4 / 3, 1 / 2],
    ],
  );
  assert.deepEqual([alone?.noise, alone?.["noisy-b"], alone?.error], [[1, 1, 1], null, null]);
  model.takePlan(state, planPart("B"));
  await model.takeSteps(state, stepsPart("B", [0]));
  state.runs.difference = { spectrum: [[7], [8], [9]], rms: [1, 2, 3] };
  assert.deepEqual([model.curvesAt(state)?.["noisy-b"], model.curvesAt(state)?.error], [[0, 0, 0], [8]]);
  model.takePlan(state, planPart("B", 4));
  assert.equal(model.curvesAt(state)?.["noisy-b"], null);
  state.position = 2;
  assert.equal(model.curvesAt(state)?.noise, null);
});

test("the sentence goes from nothing over what the noise buries to the picture", () => {
  const { plan } = run("A");
  const octaves = { edges: [], shares: [], passing: [], rank: null, decided: [null, 4, 1] };
  assert.match(sentence({ plan, frames: [], octaves: null }, 0), /^The noise is stronger than any picture/);
  assert.match(sentence({ plan, frames: [], octaves: null }, 1), /smaller than about 4 pixels here/);
  assert.match(sentence({ plan, frames: [], octaves }, 0), /^Nothing of the final picture is fixed yet/);
  assert.match(sentence({ plan, frames: [], octaves }, 1), /^Down to a size of about 4 pixels/);
  assert.equal(sentence({ plan, frames: [], octaves }, 2), "No noise is left: this is the picture.");
  assert.match(sentence({ plan: { ...plan, sigmas: [3, 2, 1] }, frames: [], octaves }, 2), /^Every size of detail/);
});

test("the octave map in words is in the order of the steps", () => {
  const edges = [0.125, 0.25, 0.5];
  assert.deepEqual([octaveName(edges, 0), octaveName(edges, 1)], ["2–4 px", "1–2 px"]);
  const map = { edges, shares: [], decided: [], passing: [9.25, 3], rank: -1 };
  assert.equal(
    mapWords(map),
    "Half fixed: 1–2 px at step 3.0, 2–4 px at step 9.3. " +
      "Rank correlation of octave and step -1.00 (1 = strictly from coarse to fine).",
  );
  assert.equal(
    mapWords({ ...map, passing: [null, null], rank: null }),
    "Half fixed: none. 2 of 2 never stay there. Too few octaves for a rank correlation.",
  );
});
