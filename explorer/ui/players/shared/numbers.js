// Numbers as the page writes them.

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/**
 * Two significant digits; whole numbers from 10 on.
 * @param {number} value not negative
 */
export const numberText = (value) => (value === 0 ? "0" : value >= 10 ? value.toFixed(0) : value.toPrecision(2));

/**
 * A length in pixels: one decimal below 10, none where it is a whole number.
 * @param {number} value
 */
export const pixelsText = (value) => (value >= 10 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, ""));

/**
 * A share as whole per cent, with a space that does not break.
 * @param {number} share
 */
export const percentText = (share) => `${Math.round(100 * share)}\u00a0%`;

/**
 * Peak signal-to-noise ratio of a mean squared error, of values from -1 to 1: 10 log10(2^2 / mse).
 * @param {number} mse data units squared
 * @param {number} [exactBelow] the largest error that counts as none
 */
export const decibels = (mse, exactBelow = 0) =>
  mse > exactBelow ? `${(10 * Math.log10(4 / mse)).toFixed(1)} dB` : "exact";
