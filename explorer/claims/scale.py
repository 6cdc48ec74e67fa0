"""Claims that a denoiser works from coarse to fine: high noise leaves large things, less noise ever smaller ones."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.claims._estimate_spectra import (
    MIN_HIGH_WAVENUMBER,
    SIGMAS,
    EstimateSpectra,
    estimate_spectra,
    high_energy,
)
from explorer.claims._inputs import example_pictures, network
from explorer.claims._statistics import Array, bootstrap, rank_correlation
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.wiener import wiener_gain
from explorer.core.spectra.radial import crossover, mean_wavenumbers, octave_edges, octave_means

HALF_POWER = 0.5  # share of the clean picture's power
MIN_RANK_CORRELATION = 0.95  # least magnitude of a rank correlation that counts as monotone
MAX_RISE_ANNULI = 1.0  # annuli by which f50 may rise from one level to the next: the width of one measured value
MAX_FALL_SHARE = 0.01  # share of the clean high-frequency energy by which it may fall from one level to the next


@claim(
    "C27", text="A", quote="fill in missing parts ... at progressively smaller scales",
    shown="denoised strip and its spectra: the frequency up to which at least half of the picture's power is there",
    prediction="f50, up to which the estimate holds half of the clean power, falls as the noise level rises: rank "
    f"correlation at most -{MIN_RANK_CORRELATION:g}, no rise by more than {MAX_RISE_ANNULI:g} annulus; as the noise "
    "falls the octaves reach half of their power one after another, the coarsest first",
)  # fmt: skip
def coarse_to_fine(*, pictures: Tensor | None = None, denoiser: Denoiser | None = None) -> Verdict:
    """Measure f50 and each octave's half-power noise level beside the Wiener filter's (Wiener 1949).

    Noise levels in data units; one beyond either end of SIGMAS is given as that end. Spectra are windowed, means over
    pictures and noises; the interval comes from resampling the pictures.
    """
    x0 = example_pictures() if pictures is None else pictures
    seen = estimate_spectra(network() if denoiser is None else denoiser, x0)  # type: ignore[arg-type]
    rows = np.arange(len(x0))
    clean, estimate = _means(seen, rows)
    f50 = _f50(clean, estimate)
    half = _half_power_levels(clean, estimate, seen.side)
    wiener = _half_power_levels(clean, clean * wiener_gain(clean, SIGMAS[:, None]), seen.side)
    ranked, rise, disorder = _ranked(f50), float(np.diff(f50).max()) * seen.side, int((np.diff(half) >= 0).sum())
    edges = octave_edges(seen.side, seen.side)
    names = [f"{1 / low:.0f} to {1 / high:.0f} pixels" for low, high in pairwise(edges)]
    measured = {
        "rank correlation of sigma and f50": ranked,
        "largest rise of f50 with sigma, in annuli": rise,
        "octaves out of order": disorder,
        **{f"sigma at half power, waves of {name}": s for name, s in zip(names, half, strict=True)},
        **{f"the Wiener filter's, {name}": s for name, s in zip(names, wiener, strict=True)},
    }
    holds = ranked <= -MIN_RANK_CORRELATION and rise <= MAX_RISE_ANNULI and disorder == 0
    return verdict("C27", measured, holds, bootstrap(lambda rows: _ranked(_f50(*_means(seen, rows))), len(x0)))


def _means(seen: EstimateSpectra, rows: NDArray[np.int64]) -> tuple[Array, Array]:
    """Mean spectra of some pictures: clean (R,), estimates (K, R)."""
    return seen.clean[rows].mean(0), seen.estimate[:, :, rows].mean((1, 2))


def _f50(clean: Array, estimate: Array) -> Array:
    """Frequency up to which each estimate holds half of the clean power, (K,) cycles/pixel; 0 if it never does."""
    side = 2 * (len(clean) - 1)
    reproduced = np.ones_like(estimate)
    reproduced[:, 1:] = estimate[:, 1:] / clean[1:]  # the mean brightness has no frequency
    k = mean_wavenumbers(side, side)
    return np.nan_to_num([crossover(share, HALF_POWER**0.5, k).frequency for share in reproduced])


def _ranked(f50: Array) -> float:
    """Rank correlation of sigma and f50, over levels at which neither everything nor nothing is reproduced."""
    inside = (f50 > 0) & (f50 < 0.5)
    return rank_correlation(SIGMAS[inside], f50[inside]) if inside.sum() > 3 else 0.0


def _half_power_levels(clean: Array, estimate: Array, side: int) -> Array:
    """For each octave, coarsest first, the lowest sigma at which less than half of its power is reproduced, (octaves,).

    Interpolated in ln sigma between the levels on both sides.
    """
    reproduced = octave_means(estimate, side, side) / octave_means(clean, side, side)  # (K, octaves)
    found = []
    for share in reproduced.T:
        lost = np.flatnonzero(share < HALF_POWER)
        i = int(lost[0]) if len(lost) else len(share)
        if i in (0, len(share)):
            found.append(SIGMAS[min(i, len(share) - 1)])
        else:
            part = (share[i - 1] - HALF_POWER) / (share[i - 1] - share[i])
            found.append(SIGMAS[i - 1] * (SIGMAS[i] / SIGMAS[i - 1]) ** part)
    return np.array(found)


@claim(
    "C51", text="B", quote="(blurry) images ... at high t and then sharpen",
    shown="film of the estimates from the noisiest level to the cleanest",
    prediction=f"the estimate's energy in waves shorter than {1 / MIN_HIGH_WAVENUMBER:.0f} pixels grows as the noise "
    "level falls: "
    f"mean rank correlation of the films at least {MIN_RANK_CORRELATION:g}, and in no film a fall from one level to "
    f"the next by more than {MAX_FALL_SHARE:.0%} of the clean picture's",
)  # fmt: skip
def sharpening(*, pictures: Tensor | None = None, denoiser: Denoiser | None = None) -> Verdict:
    """Measure the estimates' high-frequency energy as a share of the clean picture's, for each picture and noise.

    The best estimate nears the mean picture as noise grows (Karras et al. 2022, figure 1). Energies are of windowed
    pictures; the interval comes from resampling the pictures.
    """
    x0 = example_pictures() if pictures is None else pictures
    seen = estimate_spectra(network() if denoiser is None else denoiser, x0)  # type: ignore[arg-type]
    share = high_energy(seen.estimate, seen.side) / high_energy(seen.clean, seen.side)  # (K, S, N), sigma rising
    ranked = np.array([[-rank_correlation(SIGMAS, curve) for curve in noise] for noise in np.moveaxis(share, 0, -1)])
    falls = np.diff(share, axis=0).max((1, 2))  # (K - 1,) from each level to the one below
    fall = float(falls.max())
    measured = {
        "mean rank correlation of falling sigma and energy": ranked.mean(),
        "largest fall as sigma falls, share of clean energy": fall,
        "sigma before the largest fall": SIGMAS[1 + falls.argmax()],
        "smallest rank correlation of a film": ranked.min(),
        "share of clean energy at the noisiest level": share[-1].mean(),
        "share of clean energy at the cleanest level": share[0].mean(),
    }
    holds = ranked.mean() >= MIN_RANK_CORRELATION and fall <= MAX_FALL_SHARE
    return verdict("C51", measured, holds, bootstrap(lambda rows: float(ranked[:, rows].mean()), len(x0)))
