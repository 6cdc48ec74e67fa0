// One part of an answer as explorer/server/blob_store.py packs it: the header's length as uint32, little endian, the
// header as JSON with the lengths of the blobs, then the blobs.

/** @typedef {{ kind?: string, blobs: ArrayBuffer[] } & Record<string, any>} Part header, `blobs` turned into bytes */

/**
 * Unpack a part.
 * @param {ArrayBuffer} buffer
 * @returns {Part}
 */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const part = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let start = 4 + length;
  part.blobs = part.blobs.map((/** @type {number} */ size) => buffer.slice(start, (start += size)));
  return part;
}

/** The page's own address on the server, without a slash at the end; behind a reverse proxy it has a path. */
const root = () => /** @type {any} */ (globalThis).gradio_config?.root ?? "";

/**
 * Fetch a part and unpack it. Throws Error with the server's words when it is gone.
 * @param {string} name
 */
export async function fetchPart(name) {
  const response = await fetch(`${root()}/parts/${name}`);
  if (!response.ok) throw new Error(await response.text());
  return unpack(await response.arrayBuffer());
}
