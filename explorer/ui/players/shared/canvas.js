// Painting pixels. An image lives as long as its canvas; a new one in every frame of a drag would be garbage to collect.

/** @type {WeakMap<HTMLCanvasElement, ImageData>} */
const images = new WeakMap();

/**
 * The context of a canvas that always has one.
 * @param {HTMLCanvasElement} canvas
 */
export const contextOf = (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

/**
 * The pixels of a canvas, opaque; the canvas takes their size.
 * @param {HTMLCanvasElement} canvas
 * @param {number} size rows and columns
 */
export function imageOf(canvas, size) {
  let image = images.get(canvas);
  if (image?.width !== size || canvas.width !== size) {
    [canvas.width, canvas.height] = [size, size];
    image = new ImageData(size, size);
    image.data.fill(255);
    images.set(canvas, image);
  }
  return image;
}

/**
 * Put the pixels of a canvas on it.
 * @param {HTMLCanvasElement} canvas
 * @param {ImageData} image
 */
export const put = (canvas, image) => contextOf(canvas).putImageData(image, 0, 0);

/**
 * Paint a decoded picture as it is.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8ClampedArray} rgba
 * @param {number} size
 */
export function paintPicture(canvas, rgba, size) {
  [canvas.width, canvas.height] = [size, size];
  put(canvas, new ImageData(new Uint8ClampedArray(rgba), size, size));
}

/**
 * Paint value(i) for the byte i of every channel but alpha, clipped by the byte array; -1 is black and 1 white.
 * @param {HTMLCanvasElement} canvas
 * @param {number} size
 * @param {(i: number) => number} value data units
 */
export function paintValues(canvas, size, value) {
  const image = imageOf(canvas, size);
  const data = image.data;
  for (let j = 0; j < data.length; j += 4) for (let c = j; c < j + 3; c++) data[c] = 127.5 + 127.5 * value(c);
  put(canvas, image);
}

/**
 * Paint offset + a (x - 128) + b (y - 128) of two decoded pictures, clipped by the byte array.
 * @param {HTMLCanvasElement} canvas
 * @param {number} size
 * @param {{ x: Uint8ClampedArray, y: Uint8ClampedArray, a: number, b: number, offset?: number }} sum
 */
export function paintSum(canvas, size, { x, y, a, b, offset = 127.5 }) {
  const image = imageOf(canvas, size);
  const data = image.data;
  for (let j = 0; j < data.length; j += 4)
    for (let c = j; c < j + 3; c++) data[c] = offset + a * (x[c] - 128) + b * (y[c] - 128);
  put(canvas, image);
}

/**
 * Root mean square of a decoded picture whose byte 128 is zero.
 * @param {Uint8ClampedArray} rgba
 * @param {number} scale data units per byte
 */
export function rms(rgba, scale) {
  let total = 0;
  let count = 0;
  for (let j = 0; j < rgba.length; j += 4) for (let c = j; c < j + 3; c++, count++) total += (rgba[c] - 128) ** 2;
  return Math.sqrt(total / count) * scale;
}
