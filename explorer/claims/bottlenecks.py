"""The claims about codes of fixed size: as large as the picture, and smaller.

The best linear code of k numbers is the projection on the first k principal components, and its error is the sum of
the other eigenvalues of the pixels' covariance (Baldi & Hornik 1989).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.autoencoders import CODE_SIZES
from explorer.claims._autoencoders import (
    Card,
    Load,
    autoencoder,
    by_picture,
    card,
    clean_error,
    error,
    octave_power,
    small_pictures,
)
from explorer.claims._inputs import noise_like
from explorer.claims._statistics import Array, bootstrap
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.networks.autoencoder import PICTURE_VALUES, SIDE
from explorer.core.spectra.octaves import decided_size

MAX_IDENTITY_MSE = 1e-6  # data units squared
SIGMA = 0.5  # sigma, data units
MAX_POWER_DEVIATION = 0.01  # of the noise's own power
MAX_DEVIATION_FROM_PCA = 0.02  # of the least error of a linear code
MAX_CODE_SHARE = 1 / 12  # of the picture's numbers: the largest code


@claim(
    "C04", text="A", quote="trained to predict their input",
    shown="line-up: the identity autoencoder beside the others, on the picture and on its corruption",
    prediction=f"with a code as large as the picture the mean squared error is below {MAX_IDENTITY_MSE:g}, on "
    "pictures and on "
    f"white noise alike; of noise of sigma {SIGMA:g} on a picture all is kept, within {MAX_POWER_DEVIATION:.0%} of "
    "its power",
)  # fmt: skip
def trivial_identity(*, pictures: Tensor | None = None, load: Load = autoencoder) -> Verdict:
    """Measure mean squared errors, data units squared; of noisy pictures, the error against the clean over sigma^2."""
    x0, identity = small_pictures() if pictures is None else pictures, load("ae-identity")
    eps = noise_like(x0, 0)
    plain, noise = clean_error(identity, x0).mean(), by_picture(identity(eps, 1.0) - eps).mean()
    power = np.mean([float((SIGMA * noise_like(x0, seed)).double().square().mean()) for seed in range(4)])
    kept = error(identity, x0, SIGMA).mean() / power
    measured = {
        "mean squared error, pictures": plain,
        "mean squared error, white noise": noise,
        "error of noisy pictures over the noise's power": kept,
    }
    return verdict("C04", measured, max(plain, noise) < MAX_IDENTITY_MSE and abs(kept - 1) <= MAX_POWER_DEVIATION)


@claim(
    "C05", text="A", quote="a bottleneck, which limits the amount of information",
    shown="codes: error of the trained linear autoencoder against code size, the exact PCA beside it",
    prediction=f"trained linear autoencoders of {', '.join(map(str, CODE_SIZES))} numbers err as much as the sum of "
    f"the eigenvalues left out, within {MAX_DEVIATION_FROM_PCA:.0%}, on their training pictures; and as much as PCA of "
    "the same size on the examples, within as much",
)  # fmt: skip
def linear_is_pca(*, pictures: Tensor | None = None, load: Load = autoencoder, cards: Card = card) -> Verdict:
    """Measure the error over that of the exact solution, no units (Baldi & Hornik 1989).

    Training pictures are not shipped: the error on them, and the eigenvalues, are those that the cards record. The
    interval, of the ratio furthest from 1 on the examples, comes from resampling the pictures.
    """
    x0 = small_pictures() if pictures is None else pictures
    linear = np.array([clean_error(load(f"ae-linear-{k}"), x0) for k in CODE_SIZES])  # (codes, pictures)
    exact = np.array([clean_error(load(f"pca-{k}"), x0) for k in CODE_SIZES])
    least = cards("pca")["training"]["mse"]
    recorded = {k: cards(f"ae-linear-{k}")["training"]["loss"] / least[str(k)] for k in CODE_SIZES}

    def ratios(rows: NDArray[np.int64]) -> Array:
        return linear[:, rows].mean(1) / exact[:, rows].mean(1)

    found = ratios(np.arange(len(x0)))
    furthest = int(np.abs(found - 1).argmax())
    measured = {
        "error over PCA's on the examples, furthest from 1": found[furthest],
        **{f"error over PCA's on the examples, {k} numbers": r for k, r in zip(CODE_SIZES, found, strict=True)},
        **{f"training error over eigenvalues left out, {k} numbers": ratio for k, ratio in recorded.items()},
    }
    off = np.abs(np.append(found, list(recorded.values())) - 1).max()
    return verdict(
        "C05", measured, off <= MAX_DEVIATION_FROM_PCA, bootstrap(lambda rows: float(ratios(rows)[furthest]), len(x0))
    )


@claim(
    "C07", text="A", quote="capture the essence of the input",
    shown="codes: spectra of reconstructions against code size, with the frequency up to which half is kept",
    prediction=f"the half-power frequency rises with every larger code ({', '.join(map(str, CODE_SIZES))} numbers), "
    "for PCA, trained linear and convolutional autoencoders: what is left out first is the finest",
)  # fmt: skip
def fine_detail_goes_first(*, pictures: Tensor | None = None, load: Load = autoencoder) -> Verdict:
    """Measure the cycles/pixel up to which at least half of every octave's power is reproduced; 0 where none is."""
    x0 = small_pictures() if pictures is None else pictures
    clean = octave_power(x0).mean(0)
    curves = {idea: [_half_power(load(f"{idea}-{k}"), x0, clean) for k in CODE_SIZES] for idea in _IDEAS}
    rise = min(float(np.diff(curve).min()) for curve in curves.values())
    measured = {"least rise from one code size to the next, cycles/pixel": rise}
    for idea, curve in curves.items():
        measured |= {f"half-power frequency, {_IDEAS[idea]} of {k}": f for k, f in zip(CODE_SIZES, curve, strict=True)}
    return verdict("C07", measured, rise > 0)


@claim(
    "C41", text="B", quote="much lower dimension",
    shown="codes: size of the hidden layer written beside every reconstruction",
    prediction="the hidden layer of linear and convolutional bottlenecks has the numbers that the page writes beside "
    f"it, at most 1/{1 / MAX_CODE_SHARE:.0f} of the picture's {PICTURE_VALUES}; the error falls with every larger one",
)  # fmt: skip
def lower_dimension(*, pictures: Tensor | None = None, load: Load = autoencoder) -> Verdict:
    """Measure the largest width of a code over the picture's numbers; errors in data units squared.

    The interval of the largest ratio of errors, one code size to the next smaller, comes from resampling the pictures.
    """
    x0 = small_pictures() if pictures is None else pictures
    ideas = ("ae-linear", "ae-conv")
    loaded = {(idea, k): load(f"{idea}-{k}") for idea in ideas for k in CODE_SIZES}
    with torch.inference_mode():
        widths = {key: one.encode(x0[:1]).shape[1] for key, one in loaded.items()}
    errors = np.array([[clean_error(loaded[idea, k], x0) for k in CODE_SIZES] for idea in ideas])

    def ratio(rows: NDArray[np.int64]) -> float:
        mean = errors[:, :, rows].mean(2)
        return float((mean[:, 1:] / mean[:, :-1]).max())

    largest = ratio(np.arange(len(x0)))
    differing = sum(width != k for (_, k), width in widths.items())
    measured = {
        "largest error over that of the next smaller code": largest,
        "largest code over the picture's numbers": max(widths.values()) / PICTURE_VALUES,
        "hidden layers of another size than written": differing,
        **{f"error, {_IDEAS[idea]} of {k}": errors[i, j].mean() for i, idea in enumerate(ideas)
           for j, k in enumerate(CODE_SIZES)},
    }  # fmt: skip
    holds = largest < 1 and differing == 0 and max(widths.values()) <= MAX_CODE_SHARE * PICTURE_VALUES
    return verdict("C41", measured, holds, bootstrap(ratio, len(x0)))


_IDEAS = {"pca": "PCA", "ae-linear": "linear", "ae-conv": "convolutional"}


@torch.inference_mode()
def _half_power(autoencoder: torch.nn.Module, x0: Tensor, clean: Array) -> float:
    kept = 1 - octave_power(autoencoder(x0) - x0).mean(0) / clean
    return 0.5 / decided_size(kept, SIDE, SIDE)
