import assert from "node:assert/strict";
import { test } from "node:test";

import { sentence } from "../../../explorer/ui/players/branches/words.js";

const PART = { decided: 4, sigma: 0.5, origin: "step", step: 3, done: 5, steps: 5 };

test("while branches grow the sentence says how far they are", () => {
  assert.equal(sentence({ ...PART, done: 2 }), "From step 3 (σ 0.50): step 2 of 5…");
  assert.match(sentence({ ...PART, done: 2, origin: "picture" }), /^Noised to σ 0\.50 and regenerated: step 2/);
});

test("in the end it says what is decided", () => {
  assert.match(sentence(PART), /everything larger than about 4 pixels is decided/);
  assert.match(sentence({ ...PART, decided: null }), /nothing is decided/);
  assert.match(sentence({ ...PART, decided: 1 }), /everything is decided: .* the same picture/);
});
