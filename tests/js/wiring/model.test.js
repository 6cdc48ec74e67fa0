import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { nearest, sentence, valueAt, VIEWS, wiringOf } from "../../../explorer/ui/players/wiring/model.js";

test("all four views are of the same prediction: from each the picture comes back", () => {
  const [x0, eps, sigma] = [0.3, -0.8, 0.7];
  const x = x0 + sigma * eps;
  const shown = Object.fromEntries(Object.entries(VIEWS).map(([name, { of }]) => [name, of(x0, x, sigma)]));
  const close = (/** @type {number} */ value) => assert.ok(Math.abs(value - x0) < 1e-12, String(value));
  close(x - sigma * shown.eps);
  close(x + sigma * shown.score); // the score times sigma
  const a = 1 / Math.sqrt(1 + sigma * sigma);
  close(a * a * x - a * sigma * shown.v); // in the variance preserving form a x, of which v = a eps - s x0
  close(shown.x0);
});

test("pictures are found by level and by the factor of what the network is told", async () => {
  const greys = Array.from({ length: 2 + 2 * 4 }, (_, n) => n + 128);
  const blob = Uint8Array.from(deflateSync(Uint8Array.from(greys.flatMap((grey) => [0, grey, 0])))).buffer;
  const figures = { told: [[1], [2]], blind: [3, 4], leftOut: "", roundTrip: {} };
  const wiring = await wiringOf({ size: 1, scales: greys.map(() => 127), ...figures, blobs: [blob] }, 3);
  assert.deepEqual([valueAt(wiring.x0, 0), valueAt(wiring.eps, 0)], [0, 1]);
  assert.deepEqual(
    wiring.blind.map((picture) => valueAt(picture, 0)),
    [2, 6],
  );
  assert.deepEqual(
    wiring.estimates.map((row) => row.map((picture) => valueAt(picture, 0))),
    [
      [3, 4, 5],
      [7, 8, 9],
    ],
  );
});

test("a link's level is found by its ratio to those there are", () => {
  assert.deepEqual(
    [0.01, 0.3, 0.33, 99].map((value) => nearest([0.1, 1, 10], value)),
    [0, 0, 1, 2],
  );
});

test("the sentence says what comes of a wrong level, and at the right one what the connection does", () => {
  assert.match(sentence(false, 2), /^Told more/);
  assert.match(sentence(true, 0.5), /^Told less/);
  assert.match(sentence(true, 1), /is a denoiser\.$/);
  assert.match(sentence(false, 1), /^The network alone/);
});
