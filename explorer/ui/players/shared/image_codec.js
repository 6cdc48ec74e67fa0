// Pictures as explorer/ui/players/shared/image_codec.py packs them: planes of differences from green and from the left
// neighbour, modulo 256, deflated.

/**
 * Inflate a sheet and undo the differences: its pictures one after the other, RGBA.
 * @param {ArrayBuffer} bytes
 * @param {number} size rows and columns of each picture
 */
export async function decodeSheet(bytes, size) {
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return decodeDifferences(new Uint8Array(await new Response(inflated).arrayBuffer()), size);
}

/**
 * Undo the differences: (n, 3, size, size) bytes to (n, size, size, 4).
 * @param {Uint8Array} steps
 * @param {number} size
 */
export function decodeDifferences(steps, size) {
  const plane = size * size;
  const pictures = new Uint8ClampedArray((steps.length / 3) * 4);
  for (let at = 0, out = 0; at < steps.length; at += 3 * plane) {
    for (let row = 0; row < plane; row += size) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let i = at + row; i < at + row + size; i++, out += 4) {
        red += steps[i];
        green += steps[i + plane];
        blue += steps[i + 2 * plane];
        pictures[out] = (red + green) & 255;
        pictures[out + 1] = green & 255;
        pictures[out + 2] = (blue + green) & 255;
        pictures[out + 3] = 255;
      }
    }
  }
  return pictures;
}

/**
 * Picture n of a decoded sheet, without a copy.
 * @param {Uint8ClampedArray} pictures
 * @param {number} n
 * @param {number} size
 */
export const pictureAt = (pictures, n, size) => pictures.subarray(n * size * size * 4, (n + 1) * size * size * 4);
