// Each technical word is a button that opens two sentences and the formula.
import { numberText, percentText } from "../shared/numbers.js";
import { FACTORS } from "./density.js";

export const EXPLANATIONS = {
  sigma:
    "<b>sigma (σ)</b> is the standard deviation of the noise that is added to every point. The grey hill is the density of the noisy points: the clean one, blurred by as much. <code>x = x₀ + σ·ε, p(x; σ) = ∫ p(x₀) N(x; x₀, σ²) dx₀</code>",
  arrows:
    "<b>The arrows</b> keep their proportions; the longest is as long as the arrows lie apart. At the round mark x, which you can move, the arrow is drawn true to length: it ends at D, the mean of all clean points that x may come from.",
  sign: "<b>Sign and scale.</b> Text A says that its network s<sub>θ</sub> learns the score, but what it is trained to give is the noise that was added, ε<sub>t</sub>. That is the same information and not the same number: the noise points away from the data and the score towards it, and the score is 1/σ² times as long, so it grows without limit as the noise vanishes. <code>score = ∇ log p(x; σ) = (D − x) / σ² = −ε / σ = −ε<sub>t</sub> / σ²</code>",
  walkers:
    "<b>Langevin walkers</b> take small steps up the score and are shaken at every step, so that after a long time they are spread like the density of their noise level. Where hills lie far apart none ever crosses, and each hill keeps the walkers that began near it; a level that begins high, where all hills are one, and falls slowly gives each hill its share. <code>x ← x + r (D − x) + σ √(2r) z, r = 0.1</code>",
  distance:
    "<b>Off by</b>: the total variation distance between the walkers' shares (bars) and the weights (lines), from 0 to 1. It is the share of walkers that would have to move to another place. Chance is how far as many independent draws are off on average. <code>½ Σ |share − weight|</code>",
  matching:
    "<b>Denoising score matching.</b> The network sees a noisy point and is asked for the clean one it came from, which nobody can know; the best it can do is their mean, and that is the score in other words. So its loss (dotted) never reaches 0, but its distance from the loss against the exact answer (dashed), which it never sees, stays the same whatever the network is: to lower one is to lower the other. <code>E|D<sub>θ</sub> − x₀|² = E|D<sub>θ</sub> − D|² + E|D − x₀|²</code>",
  error:
    "<b>Error</b> of the learned score: root mean square difference from the exact one over noisy points of that level, relative to the exact score's own size. 100 % is what a network has that always answers 0.",
};

/**
 * What the field shows, in one sentence.
 * @param {import("./model.js").ScoreFieldState} state
 * @param {import("./model.js").ScoreFieldView} view
 * @param {number} hills of the density at this noise level
 */
export function fieldSentence({ pattern }, { sigma, source, shown }, hills) {
  const level = `σ ${numberText(sigma)}`;
  if (!pattern) return "";
  if (!pattern.means.length) return "Draw with the mouse or a finger: every point becomes a small hill.";
  if (source === "error") return `At ${level} these are the arrows that the network gets wrong.`;
  const away = FACTORS[shown](1) < 0;
  const whose = source === "learned" ? "the learned arrows" : "the arrows";
  if (hills <= 1) {
    return `At ${level} the noise has made one hill of everything: ${whose} lead ${away ? "away from" : "to"} its top.`;
  }
  return `At ${level} there are ${hills} hills, and ${whose} lead ${away ? "away from" : "up"} the nearest.`;
}

/**
 * How well the walkers are spread, in one sentence.
 * @param {import("./model.js").ScoreFieldState} state
 * @param {Record<import("./model.js").Kind, import("./model.js").WalkFrame | undefined>} frames at the time shown
 */
export function walkedSentence({ walk, pattern }, { single, annealed }) {
  if (!walk || !pattern || !single || !annealed) return "";
  const [off, falling] = [percentText(single.distance), percentText(annealed.distance)];
  if (annealed.i < walk.last) {
    return `Time ${annealed.i} of ${walk.last}: one level misplaces ${off} of the walkers, falling noise ${falling}.`;
  }
  const missed = pattern.shares.filter((share, n) => single.shares[n] < share / 2).length;
  const starved = missed ? `, ${missed} of ${pattern.shares.length} places starved` : "";
  const width = single.width ?? 0;
  const blur = width > 1.3 ? ", too widely spread" : width < 0.7 ? ", too tightly gathered" : "";
  const level = walk.source === "learned" ? "By the learned score, one level" : "One level";
  const chance = `chance alone ${percentText(walk.chance)}`;
  return `${level} misplaces ${off} of the walkers${starved}${blur}; falling noise ${falling}, ${chance}.`;
}
