"""Claims about telling a network how noisy its input is."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.claims._estimate_spectra import MIN_HIGH_WAVENUMBER, high_energy, spectrum
from explorer.claims._inputs import SEEDS, example_pictures, network, noise_like
from explorer.claims._statistics import Array, bootstrap
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.denoiser import Denoiser
from explorer.core.spectra.radial import rapsd

SIGMAS = (0.2, 0.5, 1.0, 2.0)  # true sigma, data units
GIVEN_OVER_TRUE = 2.0 ** np.array([-2, -1, -0.5, 0, 0.5, 1, 2])  # sigma given to the network over the true one
TRUE_INDEX = 3  # position of the factor 1


@claim(
    "C50", text="B", quote="conditioning on the timestep (t)",
    shown="a second slider: the noise level that the network is told, apart from the true one",
    prediction="of noise levels told from a quarter to four times the true one, the true one gives the least squared "
    f"error; told more, the estimate has less power in waves shorter than {1 / MIN_HIGH_WAVENUMBER:.0f} pixels than "
    "told the truth; "
    f"told less, more of the noise is left in it; at sigma {', '.join(f'{s:g}' for s in SIGMAS)}",
)  # fmt: skip
def told_noise_level(*, pictures: Tensor | None = None, denoiser: Denoiser | None = None) -> Verdict:
    """Measure error, high-frequency power and noise left for a wrong sigma, over those for the true one, no units.

    Noise left: <x0_hat - x0, sigma eps> / ||sigma eps||^2, the share of the noise that went through. Conditioning is
    not always needed (Sun et al. 2025): a denoiser that ignores sigma fails here and may still be good. The interval
    comes from resampling the pictures.
    """
    x0 = example_pictures() if pictures is None else pictures
    error, high, left, plain = _responses(network() if denoiser is None else denoiser, x0)

    def least_ratio(rows: NDArray[np.int64]) -> float:
        mean = error[:, :, rows].mean(2)  # (levels, factors)
        return float(np.delete(mean / mean[:, [TRUE_INDEX]], TRUE_INDEX, axis=1).min())

    high, left, plain = high.mean(2), left.mean(2), plain.mean(2)
    ratio = least_ratio(np.arange(len(x0)))
    power = float((high[:, TRUE_INDEX + 1 :] / high[:, [TRUE_INDEX]]).max())
    noise = float((left[:, :TRUE_INDEX] - left[:, [TRUE_INDEX]]).min())
    measured = {
        "least error when told wrong, over that when told right": ratio,
        "most high-frequency power when told more, over that when told right": power,
        "least noise left when told less, beyond that when told right": noise,
        # The window decides this part: without it the step between opposite edges counts as detail, and stays.
        "most high-frequency power, spectra not windowed": float(
            (plain[:, TRUE_INDEX + 1 :] / plain[:, [TRUE_INDEX]]).max()
        ),
    }
    return verdict("C50", measured, ratio > 1 and power < 1 and noise > 0, bootstrap(least_ratio, len(x0)))


@torch.inference_mode()
def _responses(denoiser: Denoiser, x0: Tensor) -> tuple[Array, Array, Array, Array]:
    """Mean squared error, high-frequency energy, share of noise left, and that energy not windowed.

    Each (levels, factors, pictures), mean over the seeds.
    """
    error, high, left, plain = np.zeros((4, len(SIGMAS), len(GIVEN_OVER_TRUE), len(x0)))
    for seed in SEEDS:
        eps = noise_like(x0, seed)
        for i, sigma in enumerate(SIGMAS):
            for j, factor in enumerate(GIVEN_OVER_TRUE.tolist()):
                estimate = denoiser(x0 + sigma * eps, sigma * factor)
                wrong = (estimate - x0).double()
                error[i, j] += wrong.square().mean((1, 2, 3)).numpy() / len(SEEDS)
                high[i, j] += high_energy(spectrum(estimate), x0.shape[-1]) / len(SEEDS)
                plain[i, j] += high_energy(rapsd(estimate).mean(1).numpy(), x0.shape[-1]) / len(SEEDS)
                share = (wrong * eps).sum((1, 2, 3)) / (sigma * eps.square().sum((1, 2, 3)))
                left[i, j] += share.numpy() / len(SEEDS)
    return error, high, left, plain
