// What comes out of an autoencoder, in one sentence.
import { pixelsText } from "../shared/numbers.js";

/**
 * @param {string} code what its code is
 * @param {number | null} size the finest detail of which half the power comes out, pixels
 */
export function sentence(code, size) {
  const what = `Its code: ${code.replace("none: ", "none, ")}.`;
  if (size === null) return `${what} Less than half the power comes out even of the coarsest details.`;
  return `${what} Half the power or more comes out down to ${pixelsText(size)} ${size === 1 ? "pixel" : "pixels"}.`;
}
