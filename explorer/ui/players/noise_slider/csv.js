// The curves at the slider's position as a table.
import { curvesAt, sigmaAt } from "./model.js";

/** @typedef {import("./model.js").NoiseSliderState} NoiseSliderState */

const HEAD = "cycles_per_pixel,clean,noise,noisy,denoised,error,wiener_expectation";

/**
 * Name and text of the file.
 * @param {NoiseSliderState} state with its base
 */
export function csvOf(state) {
  const base = /** @type {import("./model.js").Base} */ (state.base);
  const sigma = sigmaAt(base, state.position);
  const { clean, noise, noisy, denoised, error, ghost } = curvesAt(state);
  const rows = base.wavenumber.map((k, i) =>
    [k, clean[i], noise[i], noisy[i], denoised?.[i] ?? "", error?.[i] ?? "", ghost[i]].join(","),
  );
  const about = `# sigma ${sigma} (data units, range -1 to 1), ${JSON.stringify(base.request).replaceAll(",", ";")}`;
  return { name: `spectra-sigma-${sigma.toPrecision(3)}.csv`, text: [about, HEAD, ...rows].join("\n") };
}
