import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { deflateSync } from "node:zlib";

import * as model from "../../../explorer/ui/players/lineup/model.js";
import { sentence } from "../../../explorer/ui/players/lineup/words.js";

/** A sheet of pictures of 1 x 1, each of one grey. @param {...number} greys */
const sheet = (...greys) => Uint8Array.from(deflateSync(Uint8Array.from(greys.flatMap((grey) => [0, grey, 0])))).buffer;

const autoencoder = (/** @type {string} */ name, /** @type {object} */ more) => ({
  name,
  title: name,
  group: "denoisers",
  code: "16 numbers",
  numbers: 16,
  scale: 1,
  mse: 0.1,
  power: [1, 1],
  error: [1, 1],
  ...more,
});

/** @type {model.LineupState} */
let state;

beforeEach(async () => {
  state = model.createState();
  const curves = { wavenumber: [0, 0.5], clean: [1, 1], corrupted: [2, 2] };
  const part = { kind: "given", picture: "cat", corruption: "none", size: 1, scales: [2, 1], mse: 0, ...curves };
  await model.takeGiven(state, { ...part, blobs: [sheet(255, 1)] });
  const missing = autoencoder("vae", { reason: "Its weights are damaged.", numbers: 0, mse: undefined });
  const autoencoders = [autoencoder("a", { mse: 0.2 }), missing, autoencoder("b", { group: "codes", numbers: 4 })];
  await model.takeAutoencoders(state, { kind: "autoencoders", autoencoders, blobs: [sheet(10, 20)] });
});

test("pictures have the values that they travelled with, in data units", () => {
  const { clean, corrupted } = /** @type {model.Given} */ (state.given);
  assert.deepEqual([model.valueAt(clean, 0), model.valueAt(corrupted, 0)], [2, -1]);
  assert.deepEqual(
    [clean.power, corrupted.power],
    [
      [1, 1],
      [2, 2],
    ],
  );
});

test("autoencoders' outputs are theirs, though one in between has none", () => {
  const grey = (/** @type {string} */ name) => state.autoencoders.get(name)?.data?.[0];
  assert.deepEqual(["a", "vae", "b"].map(grey), [10, undefined, 20]);
});

test("autoencoders stand by idea, best first, or smallest code first, those without an answer last", () => {
  const names = (/** @type {string} */ order) =>
    [...model.inOrder(state, order)].map(([group, autoencoders]) => [
      group,
      autoencoders.map(({ name }) => name).join(" "),
    ]);
  assert.deepEqual(names("group"), [["denoisers", "a vae"], ["codes", "b"]]); // prettier-ignore
  assert.deepEqual(names("best"), [["", "b a vae"]]);
  assert.deepEqual(names("code"), [["", "b a vae"]]);
});

test("the chosen autoencoder is enlarged when it has answered the newest question", async () => {
  assert.equal(model.answered(state), null); // is not among them
  state.chosen = "a";
  assert.equal(model.answered(state)?.name, "a");
  state.chosen = "vae";
  assert.equal(model.answered(state), null);
  state.chosen = "a";
  const part = { kind: "given", size: 1, scales: [1, 1], clean: [1], corrupted: [1], blobs: [sheet(0, 0)] };
  await model.takeGiven(state, part);
  assert.equal(model.answered(state), null);
});

test("the finest detail of which half the power comes out is counted from the coarse end on", () => {
  const given = { wavenumber: [0, 0.125, 0.25, 0.5], clean: { power: [9, 8, 4, 2] } };
  const size = (/** @type {number[]} */ ...power) => model.halfPower(given, { power: [0, ...power] });
  assert.deepEqual([size(8, 4, 2), size(4, 2, 0.9), size(4, 1, 2), size(3, 4, 2)], [1, 2, 4, null]);
});

test("the sentence says what the code is and what comes out", () => {
  assert.equal(
    sentence("16 numbers", 2.5),
    "Its code: 16 numbers. Half the power or more comes out down to 2.5 pixels.",
  );
  assert.match(sentence("none: a filter", 1), /^Its code: none, a filter\. .* down to 1 pixel\.$/);
  assert.match(sentence("16 numbers", null), /even of the coarsest details\.$/);
});
