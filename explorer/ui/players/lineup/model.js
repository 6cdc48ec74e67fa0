// The picture, what is given to the autoencoders, and their answers.
import { decodeSheet, pictureAt } from "../shared/image_codec.js";

/** @typedef {import("../shared/wire_format.js").Part} Part */
/** @typedef {{ data: Uint8ClampedArray, scale: number, power: number[] }} Picture in its own range, RGBA, 128 = 0 */

/**
 * @typedef {object} Given (payload.py, given_part)
 * @property {number} size rows and columns
 * @property {string} picture
 * @property {string} corruption
 * @property {number} mse of what is given
 * @property {number[]} wavenumber
 * @property {Picture} clean
 * @property {Picture} corrupted
 */

/**
 * @typedef {object} Autoencoder one autoencoder's answer, or the reason why there is none (payload.py, autoencoders_part)
 * @property {string} name
 * @property {string} title
 * @property {string} group
 * @property {string} code
 * @property {number} numbers of its code
 * @property {string} [reason]
 * @property {number} [mse]
 * @property {boolean} [stale] it answers an older question, and stands until the new answer comes
 * @property {Uint8ClampedArray} data its output, RGBA, 128 = 0
 * @property {number} scale
 * @property {number[]} power of its output
 * @property {number[]} error power of its error
 */

/** @typedef {{ given: Given | null, autoencoders: Map<string, Autoencoder>, chosen: string }} LineupState */

const FIRST_CHOSEN = "conditional";

/** @returns {LineupState} */
export const createState = () => ({ given: null, autoencoders: new Map(), chosen: FIRST_CHOSEN });

/**
 * Byte i of a picture in data units.
 * @param {{ data: Uint8ClampedArray, scale: number }} picture
 * @param {number} i
 */
export const valueAt = ({ data, scale }, i) => ((data[i] - 128) / 127) * scale;

/**
 * @type {Record<string, (a: Autoencoder, b: Autoencoder) => number>}
 */
const ORDERS = {
  group: () => 0,
  best: (a, b) => (a.mse ?? Infinity) - (b.mse ?? Infinity) || 0, // without an answer, last
  code: (a, b) => (a.numbers || Infinity) - (b.numbers || Infinity) || 0,
};

/**
 * The autoencoders in an order, in groups with their names; one group without a name unless they are in that order.
 * @param {LineupState} state
 * @param {string} order
 */
export function inOrder({ autoencoders }, order) {
  /** @type {Map<string, Autoencoder[]>} */
  const groups = new Map();
  for (const autoencoder of [...autoencoders.values()].sort(ORDERS[order])) {
    const group = order === "group" ? autoencoder.group : "";
    groups.set(group, [...(groups.get(group) ?? []), autoencoder]);
  }
  return groups;
}

/**
 * The autoencoder that is enlarged, when it has answered.
 * @param {LineupState} state
 */
export function answered({ autoencoders, chosen }) {
  const autoencoder = autoencoders.get(chosen);
  return autoencoder && !autoencoder.reason && !autoencoder.stale ? autoencoder : null;
}

/**
 * The finest detail of which at least half the power comes out, from the coarse end on, in pixels; null without any.
 * @param {{ wavenumber: number[], clean: { power: number[] } }} given
 * @param {{ power: number[] }} autoencoder
 */
export function halfPower({ wavenumber, clean }, { power }) {
  let i = 1;
  while (i < wavenumber.length && power[i] >= 0.5 * clean.power[i]) i++;
  return i === wavenumber.length ? 1 : i === 1 ? null : 0.5 / wavenumber[i - 1];
}

/**
 * @param {Part} part
 * @param {number} count
 * @param {number} size
 */
async function picturesOf(part, count, size) {
  const pictures = await decodeSheet(part.blobs[0], size);
  return Array.from({ length: count }, (_, n) => pictureAt(pictures, n, size));
}

/**
 * Take in the picture and what is given. The autoencoders keep their places until their new answers come.
 * @param {LineupState} state
 * @param {Part} part
 */
export async function takeGiven(state, part) {
  const [clean, corrupted] = await picturesOf(part, 2, part.size);
  state.given = {
    .../** @type {any} */ (part),
    clean: { data: clean, scale: part.scales[0], power: part.clean },
    corrupted: { data: corrupted, scale: part.scales[1], power: part.corrupted },
  };
  for (const autoencoder of state.autoencoders.values()) autoencoder.stale = true;
}

/**
 * Take in some autoencoders' answers.
 * @param {LineupState} state with what is given
 * @param {Part} part
 */
export async function takeAutoencoders(state, part) {
  const { size } = /** @type {Given} */ (state.given);
  const autoencoders = /** @type {Autoencoder[]} */ (part.autoencoders);
  const able = autoencoders.filter(({ reason }) => !reason);
  const outputs = able.length ? await picturesOf(part, able.length, size) : [];
  for (const autoencoder of autoencoders)
    state.autoencoders.set(autoencoder.name, { ...autoencoder, data: outputs[able.indexOf(autoencoder)] });
}
