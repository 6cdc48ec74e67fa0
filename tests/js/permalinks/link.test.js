import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { createState, fold, notInLink, queryOf, wordOf, wordsOf } from "../../../explorer/ui/permalinks/link.js";

/** @type {import("../../../explorer/ui/permalinks/link.js").Schema} */
const SCHEMA = {
  version: 1,
  corner: 160,
  first: "levels",
  views: {
    levels: [
      { name: "picture", usual: "cat" },
      { name: "sigma", usual: 0.5 },
    ],
    plane: [
      { name: "picture", usual: "cat", only: ["start", "picture"] },
      { name: "start", usual: "noise" },
      { name: "counts", usual: [5, 10] },
      { name: "field.density", usual: "two" },
      { name: "field.points", usual: null, only: ["field.density", "drawn"] },
    ],
  },
  controls: { levels: ["sigma"], plane: ["start"] },
  sections: { levels: { full: true }, plane: { more: false, field: true } },
  hideable: ["strips", "spectra"],
  picture: "cat",
  pictures: { cat: "A cat", wall: "A wall" },
};
/** @type {import("../../../explorer/ui/permalinks/link.js").PageState} */
let state;

beforeEach(() => (state = createState(SCHEMA)));

test("the page as it is by default needs no words", () => {
  assert.deepEqual(wordsOf(SCHEMA, state), []);
  state.values.levels.sigma = 0.5;
  assert.deepEqual(wordsOf(SCHEMA, state), []);
});

test("what differs is written in the order of the schema, the view before it", () => {
  state.values.levels.sigma = 2;
  state.picture = "wall";
  assert.deepEqual(wordsOf(SCHEMA, state), [["picture", "wall"], ["sigma", "2"]]); // prettier-ignore
  state.view = "plane";
  state.values.plane["field.density"] = "ring";
  assert.deepEqual(wordsOf(SCHEMA, state), [["view", "plane"], ["field.density", "ring"]]); // prettier-ignore
});

test("a name that means nothing as things are is left out", () => {
  Object.assign(state, { view: "plane", picture: "wall" });
  state.values.plane["field.points"] = [[0, 0]];
  assert.deepEqual(wordsOf(SCHEMA, state), [["view", "plane"]]);
  Object.assign(state.values.plane, { start: "picture", "field.density": "drawn" });
  assert.deepEqual(
    wordsOf(SCHEMA, state).map(([name]) => name),
    ["view", "picture", "start", "field.density", "field.points"],
  );
});

test("values become words: lists with commas however they are typed, places as six digits", () => {
  assert.equal(wordOf(SCHEMA, " 5, 9 12 ", [5, 10]), "5,9,12");
  assert.equal(wordOf(SCHEMA, [5, 9]), "5,9");
  assert.equal(wordOf(SCHEMA, [[-1.6, 0], [1.594, 0.05]]), "000160,319165"); // prettier-ignore
  assert.deepEqual(
    [null, undefined, ""].map((value) => wordOf(SCHEMA, value)),
    [null, null, null],
  );
  assert.equal(wordOf(SCHEMA, 0), "0");
});

test("sections that are unfolded otherwise than by default are named", () => {
  state.view = "plane";
  fold(SCHEMA, state, "plane", "field", true);
  assert.deepEqual(wordsOf(SCHEMA, state), [["view", "plane"]]);
  fold(SCHEMA, state, "plane", "more", true);
  assert.deepEqual(wordsOf(SCHEMA, state).at(-1), ["open", "more,field"]);
  fold(SCHEMA, state, "plane", "more", false);
  fold(SCHEMA, state, "plane", "field", false);
  assert.deepEqual(wordsOf(SCHEMA, state).at(-1), ["open", "none"]);
});

test("a person's own picture and what is hidden are said at the end", () => {
  Object.assign(state, { upload: true, hide: ["strips", "spectra"] });
  assert.deepEqual(wordsOf(SCHEMA, state), [["upload", "1"], ["hide", "strips,spectra"]]); // prettier-ignore
  state.view = "plane"; // where it does not count
  assert.deepEqual(wordsOf(SCHEMA, state), [["view", "plane"], ["hide", "strips,spectra"]]); // prettier-ignore
});

test("a query keeps its commas and has plus signs for spaces", () => {
  assert.equal(queryOf([["v", 1], ["a", "x,y"], ["b", "1 2&3"]]), "v=1&a=x,y&b=1+2%263"); // prettier-ignore
});

test("what is not in the link is said", () => {
  assert.deepEqual(notInLink(SCHEMA, state), []);
  state.upload = true;
  assert.deepEqual(notInLink(SCHEMA, state), ["Your own picture is not in the link; it opens with “A cat”."]);
  Object.assign(state, { view: "plane" });
  Object.assign(state.values.plane, { "field.density": "drawn", "field.points": [] });
  assert.deepEqual(notInLink(SCHEMA, state), ["An empty drawing is not in the link; it opens with the face."]);
});
