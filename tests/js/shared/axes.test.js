import assert from "node:assert/strict";
import { test } from "node:test";

import { MARGIN, octaves, powerOfTen, powerScales } from "../../../explorer/ui/players/shared/axes.js";

const WAVENUMBER = [0, 1 / 8, 1 / 4, 1 / 2];
const axes = powerScales(WAVENUMBER, -2, 2, { width: 458, height: 268 });

test("octaves go from the finest to the coarsest, though the lowest has been rounded up", () => {
  assert.deepEqual(octaves(1 / 16), [1 / 2, 1 / 4, 1 / 8, 1 / 16]);
  assert.deepEqual(octaves(0.0039063).at(-1), 1 / 256);
  assert.deepEqual(octaves(1 / 48).at(-1), 1 / 32);
  assert.equal(octaves(1 / 256).length, 8);
});

test("coarse is on the left, fine on the right, an octave apart as wide as any other", () => {
  assert.deepEqual(axes.x.slice(1).map(Math.round), [46, 246, 446]);
  assert.equal(axes.x[1], MARGIN.left);
});

test("powers are logarithmic, and those beyond the axis lie on its end", () => {
  assert.deepEqual(
    [100, 1, 0.01, 1e9, 0].map((p) => Math.round(axes.toY(p))),
    [34, 134, 234, 34, 234],
  );
});

test("a curve is a path from the first frequency on", () => {
  assert.equal(axes.line([5, 100, 1, 0.01]), "M46,34L246,134L446,234");
});

test("a curve is interrupted where it is below the axis or has no value", () => {
  assert.equal(axes.line([5, 100, 1, 1e-5]), "M46,34L246,134");
  const longer = powerScales([0, ...[16, 8, 4, 2].map((size) => 1 / size)], -2, 2, { width: 358, height: 268 });
  assert.equal(longer.line([1, 1, 1, null, 1]).match(/M/g)?.length, 2);
  assert.equal(axes.line([1, null, null, null]), "");
});

test("powers of ten have their exponent in superscript", () => {
  assert.deepEqual([-12, 0, 3].map(powerOfTen), ["10⁻¹²", "10⁰", "10³"]);
});
