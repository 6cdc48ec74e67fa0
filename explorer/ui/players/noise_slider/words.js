// Each technical word is a button that opens two sentences and the formula.
const EXPLANATIONS = {
  sigma: "<b>sigma (σ)</b> is the standard deviation of the noise added to every colour value. Black is −1 and white is +1, so at σ = 1 the noise is as large as the picture's whole range from grey. <code>x = x₀ + σ·ε, ε ~ N(0, 1)</code>",
  logsnr: "<b>log-SNR</b> says how much stronger a signal of unit variance is than the noise, as a natural logarithm. At 0 both are equal; each step of −1.4 doubles σ. <code>log-SNR = −2 ln σ</code>",
  t: "<b>t</b> is the time that a schedule gives to this noise level, 0 for the clean picture and 1 for the noisiest. Schedules differ only in how they spread the same levels over time. <code>VP: σ = √(1 − ᾱ) / √ᾱ</code>",
  crossover: "<b>Crossover</b>: the frequency up to which the picture's power stands above the noise's. Half a wavelength at that frequency is the smallest feature that survives. <code>P(f) = σ², size = 1 / (2f)</code>",
  rapsd: "<b>Power spectrum</b>: how much the picture varies at each size of detail, averaged over all directions (RAPSD); corners beyond 1/2 cycle per pixel are left out. White noise is a flat line at σ²; the shaded band is where its measured curve is expected. The faint green curve is what a filter could keep that knows nothing but this spectrum. <code>|FFT|² / pixels, mean over a ring</code>",
};
