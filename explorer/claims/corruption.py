"""The claims about undoing a corruption: what it does to the spectrum, and what a network trained on it gains.

Each pixel kept with probability q, else 0, in all its colours: E |F(m x)|^2 = q^2 |F(x)|^2 + q (1 - q) mean(x^2) in
every bin of the orthonormal transform, because the mask is q plus white noise of variance q (1 - q). Masking is to the
spectrum a fainter picture plus white noise. Added noise of level sigma: |F(x)|^2 + sigma^2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.autoencoders import CODE_SIZES, DAE_SIGMAS
from explorer.claims._autoencoders import Load, autoencoder, error, octave_power, small_pictures
from explorer.claims._statistics import Array, bootstrap
from explorer.claims.registry import Verdict, claim, verdict
from explorer.claims.residual import wiener_ratios
from explorer.core.denoisers.wiener import Wiener
from explorer.core.noise import generator, white, white_batch
from explorer.core.spectra.radial import mean_wavenumbers, rapsd

KEEP_PROBABILITIES = (0.25, 0.5, 0.75)  # probability that a pixel is kept
SIGMAS = (0.25, 1.0)  # data units
DRAWS_PER_PICTURE = 200  # per picture
MAX_DEVIATION = 0.02
FIELD_COUNT, FIELD_SIDE, FIELD_SIGMA = 16384, 8, 0.5
PERTURBING_SIGMAS = (
    0.25,
    0.5,
    1.0,
)  # sigma, data units: half, once and twice what the denoising autoencoder was trained at

Mask = Callable[[Tensor, float, int], Tensor]  # (pictures, probability kept, seed) -> masked pictures
Fit = Callable[[Tensor, Tensor], Tensor]  # noisy (n, d), clean (n, d) -> matrix (d, d)


def masked(x0: Tensor, kept: float, seed: int) -> Tensor:
    """Return pictures (N, C, H, W), each pixel kept with that probability or 0 in all colours; keyed by picture."""
    draws = [generator(seed, "mask", i).random((1, *x0.shape[2:])) < kept for i in range(len(x0))]
    return x0 * torch.from_numpy(np.stack(draws))


def least_squares(noisy: Tensor, clean: Tensor) -> Tensor:
    """Return the matrix that takes noisy (n, d) to clean (n, d) with the least squared error."""
    return torch.linalg.solve(noisy.T @ noisy, noisy.T @ clean)


@claim(
    "C08", text="A", quote="learn to undo this corruption",
    shown="line-up under Gaussian noise: error of every denoising autoencoder beside that of its input",
    prediction="at the noise level that it was trained at every denoising autoencoder errs less than its input does, "
    "and less than the Wiener filter of these very pictures' mean spectrum; on Gaussian pictures, where nothing beats "
    f"it, a linear one fitted to pairs comes within {MAX_DEVIATION:.0%} of its error",
)  # fmt: skip
def undoes_noise(*, pictures: Tensor | None = None, load: Load = autoencoder, fit: Fit = least_squares) -> Verdict:
    """Measure the error over that of input and Wiener filter, no units (Vincent et al. 2008; Wiener 1949).

    The interval comes from resampling the pictures; the filter stays that of all of them.
    """
    x0 = small_pictures() if pictures is None else pictures
    mean = x0.double().mean((0, 2, 3))
    prior = Wiener(rapsd(x0.double() - mean[:, None, None]).mean(0).numpy(), mean.numpy())
    ours = np.array([error(load(f"dae-{name}"), x0, sigma) for name, sigma in DAE_SIGMAS.items()])  # (levels, pictures)
    wiener = np.array([error(prior, x0, sigma) for sigma in DAE_SIGMAS.values()])
    square = np.array(list(DAE_SIGMAS.values())) ** 2

    def largest(rows: NDArray[np.int64]) -> float:
        return float((ours[:, rows].mean(1) / wiener[:, rows].mean(1)).max())

    ratio, field = largest(np.arange(len(x0))), _fitted_on_fields(fit)
    measured = {
        "largest error over the Wiener filter's": ratio,
        "largest error over the input's": (ours.mean(1) / square).max(),
        "Gaussian pictures: fitted linear denoiser's error over the Wiener filter's": field,
    }
    for sigma, mine, theirs in zip(DAE_SIGMAS.values(), ours.mean(1), wiener.mean(1), strict=True):
        measured |= {f"mean squared error at sigma {sigma:g}": mine, f"Wiener filter's at sigma {sigma:g}": theirs}
    holds = ratio < 1 and (ours.mean(1) < square).all() and abs(field - 1) <= MAX_DEVIATION
    return verdict("C08", measured, holds, bootstrap(largest, len(x0)))


@claim(
    "C43", text="B", quote="adding noise or masking values randomly",
    shown="line-up: a switch between masking and noise, with the spectrum of what every member is given",
    prediction="masking pixels makes the spectrum q^2 P + q (1 - q) mean(x^2), q the share kept; adding noise makes it "
    f"P + sigma^2; the mean of {DRAWS_PER_PICTURE} draws is within {MAX_DEVIATION:.0%} of it in every octave, at q "
    f"{', '.join(f'{q:g}' for q in KEEP_PROBABILITIES)} and sigma {', '.join(f'{s:g}' for s in SIGMAS)}",
)  # fmt: skip
def masking_is_noise(*, pictures: Tensor | None = None, mask: Mask = masked) -> Verdict:
    """Measure the mean spectrum of the corrupted pictures over the closed form, per octave, no units."""
    x0 = (small_pictures() if pictures is None else pictures).double()
    clean, square = octave_power(x0).mean(0), float(x0.square().mean())
    masking = np.array(
        [_mean_power([mask(x0, q, seed) for seed in range(DRAWS_PER_PICTURE)]) for q in KEEP_PROBABILITIES]
    )
    adding = np.array([_mean_power(_noised(x0, sigma)) for sigma in SIGMAS])
    q, s = np.array(KEEP_PROBABILITIES)[:, None], np.array(SIGMAS)[:, None]
    masking, adding = masking / (q**2 * clean + q * (1 - q) * square), adding / (clean + s**2)
    measured = {"largest departure from the closed form": np.abs(np.append(masking, adding) - 1).max()}
    for name, ratios in (*zip((f"{q:g} kept" for q in KEEP_PROBABILITIES), masking, strict=True),
                         *zip((f"sigma {s:g}" for s in SIGMAS), adding, strict=True)):  # fmt: skip
        measured |= {f"least ratio, {name}": ratios.min(), f"largest ratio, {name}": ratios.max()}
    return verdict("C43", measured, measured["largest departure from the closed form"] <= MAX_DEVIATION)


@claim(
    "C45", text="B", quote="more robust and can generalize better",
    shown="line-up under rising noise: errors of plain autoencoders and of a denoising one",
    prediction="of pictures perturbed by noise of half, once and twice the level that it was trained at, "
    f"{DAE_SIGMAS['050']:g}, the denoising autoencoder errs less than every plain one: identity, linear and "
    "convolutional",
)  # fmt: skip
def denoising_is_robust(*, pictures: Tensor | None = None, load: Load = autoencoder) -> Verdict:
    """Measure the error of the denoising autoencoder over the best plain one's, no units (Vincent et al. 2010).

    Clean pictures are shown too, where a plain one may be better; they do not decide. The interval comes from
    resampling the pictures, the best plain one chosen anew each time.
    """
    x0 = small_pictures() if pictures is None else pictures
    names = ["ae-identity", *(f"{idea}-{k}" for idea in ("ae-linear", "ae-conv") for k in CODE_SIZES)]
    plain = np.array([[error(load(name), x0, sigma) for name in names] for sigma in PERTURBING_SIGMAS])
    ours = np.array([error(load("dae-050"), x0, sigma) for sigma in PERTURBING_SIGMAS])

    def ratios(rows: NDArray[np.int64]) -> Array:
        return ours[:, rows].mean(1) / plain[:, :, rows].mean(2).min(1)

    found = ratios(np.arange(len(x0)))
    measured = {"largest error over the best plain autoencoder's": found.max()}
    measured |= {
        f"error over the best plain one's, sigma {s:g}": r for s, r in zip(PERTURBING_SIGMAS, found, strict=True)
    }
    best = min(error(load(name), x0, 0.0).mean() for name in names)
    measured |= {"error of clean pictures": error(load("dae-050"), x0, 0.0).mean(), "best plain one's": best}
    return verdict("C45", measured, found.max() < 1, bootstrap(lambda rows: float(ratios(rows).max()), len(x0)))


def _fitted_on_fields(fit: Fit) -> float:
    """Error on fresh Gaussian fields of spectrum 1 / f^2 of what was fitted on others, over the closed form."""
    k = mean_wavenumbers(FIELD_SIDE, FIELD_SIDE)
    prior = Wiener(np.append(4.0, (0.25 / k[1:]) ** 2))
    shape = (2 * FIELD_COUNT, 1, FIELD_SIDE, FIELD_SIDE)
    x0 = prior.sample(white(shape, 0, "claims, fields").double()).flatten(1)
    x = x0 + FIELD_SIGMA * white(shape, 0, "claims, fields, noise").double().flatten(1)
    matrix = fit(x[:FIELD_COUNT], x0[:FIELD_COUNT])
    found = float((x[FIELD_COUNT:] @ matrix - x0[FIELD_COUNT:]).square().mean())
    # estimate and error of the exact filter are orthogonal: what it does not remove of the noise is its error
    exact = FIELD_SIGMA**2 * (1 - wiener_ratios(prior, np.array([FIELD_SIGMA]), FIELD_SIDE)[0] ** 2)
    return found / float(exact)


def _noised(x0: Tensor, sigma: float) -> list[Tensor]:
    draws = white_batch(x0.shape, 0, "claims, added noise", range(DRAWS_PER_PICTURE))
    return [x0 + sigma * eps for eps in draws.double()]


def _mean_power(pictures: list[Tensor]) -> Array:
    """Power per octave, mean over draws and pictures, (n,)."""
    return np.mean([octave_power(some).mean(0) for some in pictures], axis=0)
