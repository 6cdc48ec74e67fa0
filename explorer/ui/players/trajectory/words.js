// Each technical word is a button that opens two sentences and the formula.
const EXPLANATIONS = {
  sigma: "<b>sigma (σ)</b> is the standard deviation of the noise that is still in the state, in units in which black is −1 and white is +1. The schedule says how it falls from step to step; at 0 the picture is done. <code>x = x₀ + σ·ε</code>",
  state: "<b>The state</b> is what the sampler works on. At high noise most of it would be beyond black and white, so it is shown divided by √(1 + σ²), which keeps its contrast the same at every level; the other setting shows it as it is. <code>shown = x / √(1 + σ²)</code>",
  spectra: "<b>Spectra</b> of the state and of the estimate at this step, measured on the numbers, not on the shown pixels. The pale curves are what a picture with the training pictures' spectrum P should have at this noise level; where the estimate lies above its expectation, the model knows more than the spectrum does. <code>E|x|² = P + σ², E|x̂₀|² = P² / (P + σ²)</code>",
  octaves: "<b>What is fixed</b>: the share of the last picture's power in each octave that the estimate at this step already has, right in place and not just in amount. The line marks from which step on it stays above one half. It is measured under a Hann window, so that the picture's edges do not count as detail. <code>1 − |x̂₀ − x_last|² / |x_last|², per octave</code>",
};
