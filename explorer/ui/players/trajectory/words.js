// Each technical word is a button that opens two sentences and the formula.
import { pixelsText } from "../shared/numbers.js";

export const EXPLANATIONS = {
  sigma:
    "<b>sigma (σ)</b> is the standard deviation of the noise that is still in the state, in units in which black is −1 and white is +1. The schedule says how it falls from step to step; at 0 the picture is done. <code>x = x₀ + σ·ε</code>",
  state:
    "<b>The state</b> is what the sampler works on. At high noise most of it would be beyond black and white, so it is shown divided by √(1 + σ²), which keeps its contrast the same at every level; the other setting shows it as it is. <code>shown = x / √(1 + σ²)</code>",
  spectra:
    "<b>Spectra</b> of the state and of the estimate at this step, measured on the numbers, not on the shown pixels. The pale curves are what a picture with the training pictures' spectrum P should have at this noise level; where the estimate lies above its expectation, the model knows more than the spectrum does. <code>E|x|² = P + σ², E|x̂₀|² = P² / (P + σ²)</code>",
  octaves:
    "<b>What is fixed</b>: the share of the last picture's power in each octave that the estimate at this step already has, right in place and not just in amount. The line marks from which step on it stays above one half. It is measured under a Hann window, so that the picture's edges do not count as detail. <code>1 − |x̂₀ − x_last|² / |x_last|², per octave</code>",
};

/**
 * What is settled at a step of a run, in one sentence.
 * @param {import("./model.js").Run} run
 * @param {number} step
 */
export function sentence({ plan, octaves }, step) {
  const visible = plan.visible[step];
  if (plan.sigmas[step] === 0) return "No noise is left: this is the picture.";
  const decided = octaves?.decided[step];
  if (octaves && decided === null) {
    return "Nothing of the final picture is fixed yet; the estimate is little more than an average.";
  }
  if (decided && decided > 1) {
    return `Down to a size of about ${pixelsText(decided)} pixels the picture is settled; finer details are still open.`;
  }
  if (decided) return "Every size of detail is at least half settled.";
  if (visible === null) {
    return "The noise is stronger than any picture: the model starts from what pictures have in common.";
  }
  return `Noise buries everything smaller than about ${pixelsText(visible)} pixels here; the estimate is smooth below that.`;
}

/**
 * The sizes of an octave, in pixels.
 * @param {number[]} edges cycles per pixel
 * @param {number} octave
 */
export const octaveName = (edges, octave) =>
  `${pixelsText(0.5 / edges[octave + 1])}–${pixelsText(0.5 / edges[octave])} px`;

/**
 * What an octave map shows, in words.
 * @param {import("./model.js").OctaveMap} map
 */
export function mapWords({ passing, rank, edges }) {
  const order = passing.flatMap((at, octave) => (at === null ? [] : [{ at, octave }])).sort((a, b) => a.at - b.at);
  const sizes = order.map(({ at, octave }) => `${octaveName(edges, octave)} at step ${at.toFixed(1)}`).join(", ");
  const missing = passing.length - order.length;
  const never = missing ? ` ${missing} of ${passing.length} never stay there.` : "";
  const number =
    rank === null
      ? "Too few octaves for a rank correlation"
      : `Rank correlation of octave and step ${rank.toFixed(2)} (1 = strictly from coarse to fine)`;
  return `Half fixed: ${sizes || "none"}.${never} ${number}.`;
}
