import assert from "node:assert/strict";
import { test } from "node:test";

import { clamp, decibels, numberText, percentText, pixelsText } from "../../../explorer/ui/players/shared/numbers.js";

test("a value stays between two bounds", () => {
  assert.deepEqual(
    [-2, 0.5, 7].map((value) => clamp(value, 0, 1)),
    [0, 0.5, 1],
  );
});

test("numbers have two significant digits", () => {
  assert.deepEqual([0, 0.0123, 1, 9.96, 10, 123.4].map(numberText), ["0", "0.012", "1.0", "10", "10", "123"]);
});

test("lengths have no more decimals than they need", () => {
  assert.deepEqual([1, 1.25, 9.04, 12.6].map(pixelsText), ["1", "1.3", "9", "13"]);
});

test("shares are whole per cent", () => {
  assert.equal(percentText(0.256), "26\u00a0%");
});

test("decibels count from the data range of 2", () => {
  assert.equal(decibels(0.04), "20.0 dB");
  assert.equal(decibels(4), "0.0 dB");
  assert.equal(decibels(0), "exact");
  assert.equal(decibels(1e-10, 1e-9), "exact");
});
