import assert from "node:assert/strict";
import { test } from "node:test";

import { register, registered } from "../../../explorer/ui/players/shared/registry.js";

test("a player is known to the page's events from its registration on", () => {
  assert.equal(registered("lineup"), undefined);
  const player = register("lineup", { ticket: () => 1 });
  assert.equal(registered("lineup"), player);
  assert.equal(/** @type {any} */ (globalThis).players.lineup, player);
});
