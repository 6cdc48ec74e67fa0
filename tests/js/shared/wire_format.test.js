import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { fetchPart, unpack } from "../../../explorer/ui/players/shared/wire_format.js";

/** @param {object} header @param {...number[]} blobs */
function packed(header, ...blobs) {
  const text = new TextEncoder().encode(JSON.stringify({ ...header, blobs: blobs.map((blob) => blob.length) }));
  const whole = new Uint8Array(4 + text.length + blobs.flat().length);
  new DataView(whole.buffer).setUint32(0, text.length, true);
  whole.set(text, 4);
  whole.set(blobs.flat(), 4 + text.length);
  return whole.buffer;
}

afterEach(() => mock.restoreAll());

test("a part is its header with the blobs in their order", () => {
  const part = unpack(packed({ kind: "base", label: "σ" }, [1, 2, 3], [], [4]));
  assert.equal(part.kind, "base");
  assert.equal(part.label, "σ");
  assert.deepEqual(
    part.blobs.map((blob) => [...new Uint8Array(blob)]),
    [[1, 2, 3], [], [4]],
  );
});

test("a part is fetched below the page's own address", async () => {
  const fetched = mock.method(globalThis, "fetch", async () => new Response(packed({ kind: "levels" })));
  assert.equal((await fetchPart("abc")).kind, "levels");
  assert.equal(fetched.mock.calls[0].arguments[0], "/parts/abc");
  Object.assign(globalThis, { gradio_config: { root: "/behind/proxy" } });
  await fetchPart("abc");
  assert.equal(fetched.mock.calls[1].arguments[0], "/behind/proxy/parts/abc");
  Reflect.deleteProperty(globalThis, "gradio_config");
});

test("a part that is gone is an error with the server's words", async () => {
  mock.method(globalThis, "fetch", async () => new Response("No longer here.", { status: 404 }));
  await assert.rejects(fetchPart("abc"), { message: "No longer here." });
});
