// Each technical word is a button that opens two sentences and the formula.
import { pixelsText } from "../shared/numbers.js";

export const EXPLANATIONS = {
  sigma:
    "<b>sigma (σ)</b> is the standard deviation of the noise added to every colour value. Black is −1 and white is +1, so at σ = 1 the noise is as large as the picture's whole range from grey. <code>x = x₀ + σ·ε, ε ~ N(0, 1)</code>",
  logsnr:
    "<b>log-SNR</b> says how much stronger a signal of unit variance is than the noise, as a natural logarithm. At 0 both are equal; each step of −1.4 doubles σ. <code>log-SNR = −2 ln σ</code>",
  t: "<b>t</b> is the time that a schedule gives to this noise level, 0 for the clean picture and 1 for the noisiest. Schedules differ only in how they spread the same levels over time. <code>VP: σ = √(1 − ᾱ) / √ᾱ</code>",
  crossover:
    "<b>Crossover</b>: the frequency up to which the picture's power stands above the noise's. Half a wavelength at that frequency is the smallest feature that survives. <code>P(f) = σ², size = 1 / (2f)</code>",
  rapsd:
    "<b>Power spectrum</b>: how much the picture varies at each size of detail, averaged over all directions (RAPSD); corners beyond 1/2 cycle per pixel are left out. White noise is a flat line at σ²; the shaded band is where its measured curve is expected. The faint green curve is what a filter could keep that knows nothing but this spectrum. <code>|FFT|² / pixels, mean over a ring</code>",
};

/**
 * What becomes of the details that are lost, and what is shown when nothing is left, per model.
 * @type {Record<string, [string, string]>}
 */
const LOSSES = {
  network: ["the model guesses them", "what the model shows is a guess from the pictures it was trained on"],
  wiener: ["the Wiener filter smooths them away", "what the Wiener filter leaves is close to the average picture"],
  ideal: [
    "the ideal denoiser takes them from the pictures it knows",
    "what you see is a mixture of the pictures that the ideal denoiser knows",
  ],
};

/**
 * What the noise does to the picture, in one sentence.
 * @param {string} model
 * @param {number | null} size the smallest feature that survives, pixels
 */
export function sentence(model, size) {
  const [lost, nothing] = LOSSES[model];
  if (size === null) return `Nothing of this picture stands out from the noise any more; ${nothing}.`;
  if (size <= 1.05)
    return "Almost nothing is lost at this level: details as small as a single pixel stand out from the noise.";
  return `Details smaller than about ${pixelsText(size)} pixels are lost in the noise; ${lost}.`;
}
