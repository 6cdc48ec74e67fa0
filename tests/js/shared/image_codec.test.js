import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { decodeDifferences, decodeSheet, pictureAt } from "../../../explorer/ui/players/shared/image_codec.js";

/** Pictures (n, 3, size, size) as image_codec.py packs them. @param {number[][][][]} pictures */
function encoded(pictures) {
  const bytes = pictures.flatMap(([red, green, blue]) =>
    [
      red.map((row, y) => row.map((v, x) => v - green[y][x])),
      green,
      blue.map((row, y) => row.map((v, x) => v - green[y][x])),
    ]
      .map((plane) => plane.map((row) => row.map((v, x) => (v - (x ? row[x - 1] : 0)) & 255)))
      .flat(2),
  );
  return Uint8Array.from(bytes);
}

const FIRST = [
  [[0, 255], [7, 200]],
  [[255, 0], [8, 100]],
  [[128, 1], [9, 50]],
]; // prettier-ignore
const SECOND = FIRST.map((plane) => plane.map((row) => row.map((value) => 255 - value)));

const rgba = (/** @type {number[][][]} */ [red, green, blue]) =>
  red.flatMap((row, y) => row.flatMap((value, x) => [value, green[y][x], blue[y][x], 255]));

test("differences are undone, picture by picture", () => {
  const pictures = decodeDifferences(encoded([FIRST, SECOND]), 2);
  assert.deepEqual([...pictures], [...rgba(FIRST), ...rgba(SECOND)]);
});

test("a sheet is inflated first", async () => {
  const bytes = Uint8Array.from(deflateSync(encoded([SECOND]))).buffer;
  assert.deepEqual([...(await decodeSheet(bytes, 2))], rgba(SECOND));
});

test("a picture of a sheet is no copy", () => {
  const pictures = decodeDifferences(encoded([FIRST, SECOND]), 2);
  const second = pictureAt(pictures, 1, 2);
  assert.deepEqual([...second], rgba(SECOND));
  assert.equal(second.buffer, pictures.buffer);
});

test("random pictures come back as they were", async () => {
  const size = 5;
  let seed = 1;
  const byte = () => (seed = (seed * 48271) % 2147483647) & 255;
  const plane = () => Array.from({ length: size }, () => Array.from({ length: size }, byte));
  const pictures = Array.from({ length: 3 }, () => [plane(), plane(), plane()]);
  const bytes = Uint8Array.from(deflateSync(encoded(pictures))).buffer;
  assert.deepEqual([...(await decodeSheet(bytes, size))], pictures.flatMap(rgba));
});
