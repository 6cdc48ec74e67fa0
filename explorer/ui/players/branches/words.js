// What the branches have in common, in one sentence.
import { numberText, pixelsText } from "../shared/numbers.js";

/** @param {Pick<import("./branches.js").BranchesPart, "decided" | "sigma" | "origin" | "step" | "done" | "steps">} part */
export function sentence({ decided, sigma, origin, step, done, steps }) {
  const noise = `σ ${numberText(sigma)}`;
  const from = origin === "step" ? `From step ${step} (${noise})` : `Noised to ${noise} and regenerated`;
  if (done < steps) return `${from}: step ${done} of ${steps}…`;
  if (decided === null) return `${from}, nothing is decided: the branches are different pictures.`;
  if (decided <= 1) return `${from}, everything is decided: the branches are the same picture.`;
  return `${from}, everything larger than about ${pixelsText(decided)} pixels is decided; what is smaller is open.`;
}
