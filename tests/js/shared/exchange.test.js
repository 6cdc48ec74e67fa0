// The page's side of an answer that grows: what is taken in, whatever order values come in.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Exchange } from "../../../explorer/ui/players/shared/exchange.js";

/** @type {string[]} */
let taken;
/** @type {(() => void)[]} parts arrive when the test says so */
let arriving;
/** @type {{ text: string, share: number, busy: boolean }} */
let status;
/** @type {Exchange} */
let exchange;

beforeEach(() => {
  taken = [];
  arriving = [];
  exchange = new Exchange({
    fetchPart: (name) => {
      const lost = name.startsWith("lost");
      return new Promise((come, fail) =>
        arriving.push(() => (lost ? fail(new Error("gone")) : come({ kind: name, blobs: [] }))),
      );
    },
    takePart: async (part) => taken.push(String(part.kind)),
    showProgress: ({ state }) => exchange.ends.setStatus(state === "done" ? "ready" : "running", 1),
    setStatus: (text, share, busy = text !== "ready") => (status = { text, share, busy }),
  });
});

const offer = (/** @type {number} */ generation, /** @type {string[]} */ parts, /** @type {string} */ state) =>
  exchange.offer({ generation, parts, state });

const settle = () => new Promise((go) => setImmediate(go));

async function arrive() {
  await settle();
  while (arriving.length) {
    arriving.shift()?.();
    await settle();
  }
  return [taken.join(" "), status.text];
}

test("an older answer's last word does not displace the one that is being fetched", async () => {
  exchange.ticket();
  offer(1, ["a"], "running");
  assert.deepEqual(await arrive(), ["a", "running"]);
  exchange.ticket();
  offer(2, ["b"], "running");
  offer(2, ["b", "c"], "done");
  offer(1, ["a", "x"], "running");
  assert.deepEqual(await arrive(), ["a b c", "ready"]);
});

test("a newer answer ends the one that is being fetched", async () => {
  exchange.ticket();
  offer(1, ["a", "x", "x"], "running");
  await settle();
  exchange.ticket();
  offer(2, ["b", "c"], "done");
  assert.deepEqual(await arrive(), ["a b c", "ready"]);
});

test("nothing is ready while a newer question is on its way", async () => {
  exchange.ticket();
  exchange.ticket();
  offer(1, ["a"], "done");
  assert.deepEqual(await arrive(), ["a", "working…"]);
});

test("an answer grows without its parts being fetched twice", async () => {
  exchange.ticket();
  offer(1, ["a"], "running");
  await arrive();
  offer(1, ["a", "b"], "running");
  await settle();
  assert.equal(arriving.length, 1);
  assert.deepEqual(await arrive(), ["a b", "running"]);
});

test("an answer to a question without a ticket is taken in", async () => {
  offer(0, ["a"], "done");
  assert.deepEqual(await arrive(), ["a", "ready"]);
});

test("after a part is lost nothing more of the answer is taken in, and the status says so", async () => {
  exchange.ticket();
  offer(1, ["a", "lost", "c"], "done");
  assert.deepEqual(await arrive(), ["a", "incomplete; choose again"]);
  assert.equal(status.busy, false);
  exchange.ticket();
  offer(2, ["b"], "done");
  assert.deepEqual(await arrive(), ["a b", "ready"]);
});

test("an answer that cannot be taken in is incomplete, and the next one is taken", async () => {
  const { takePart } = exchange.ends;
  exchange.ends.takePart = () => Promise.reject(new Error("broken"));
  exchange.ticket();
  offer(1, ["a"], "done");
  assert.deepEqual(await arrive(), ["", "incomplete; choose again"]);
  exchange.ends.takePart = takePart;
  exchange.ticket();
  offer(2, ["b"], "done");
  assert.deepEqual(await arrive(), ["b", "ready"]);
});

test("the page's events number questions and end the waiting", () => {
  const { ticket, newest, busy, settled } = exchange.handles;
  assert.deepEqual([ticket(), ticket(), newest()], [1, 2, 2]);
  assert.deepEqual(status, { text: "working…", share: 0, busy: true });
  settled();
  assert.deepEqual(status, { text: "ready", share: 1, busy: false });
  busy();
  assert.equal(status.busy, true);
});
