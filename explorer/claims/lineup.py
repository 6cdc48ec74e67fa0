"""The claim that all autoencoders do one thing: given some data, they reproduce it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.autoencoders import AUTOENCODERS
from explorer.claims._autoencoders import LEAST_SIGMA, Load, autoencoder, by_picture, clean_error, small_pictures
from explorer.claims._statistics import bootstrap
from explorer.claims.registry import Verdict, claim, verdict


@claim(
    "C49", text="B", quote="Given some data as input, reproduce it as output",
    shown="line-up: one picture through the whole family, with the error of every member",
    prediction=f"given the example pictures as they are, told sigma {LEAST_SIGMA:g} where it listens, every member "
    "errs less "
    "than one that always shows the mean of the training pictures: the ratio of the errors is below 1",
)  # fmt: skip
def reproduces(*, pictures: Tensor | None = None, load: Load = autoencoder) -> Verdict:
    """Measure the mean squared error of each autoencoder over that of the mean picture, no units.

    Those trained on corrupted pictures alone never saw clean ones. The interval comes from resampling the pictures.
    """
    x0 = small_pictures() if pictures is None else pictures
    mean = autoencoder("pca-4").mean.unflatten(0, x0.shape[1:])
    guess = by_picture(mean - x0)
    errors = np.array([clean_error(load(name), x0) for name in AUTOENCODERS])

    def largest(rows: NDArray[np.int64]) -> float:
        return float((errors[:, rows].mean(1) / guess[rows].mean()).max())

    ratios = errors.mean(1) / guess.mean()
    worst = largest(np.arange(len(x0)))
    measured = {"largest error over that of the mean picture": worst}
    measured |= {f"error over that of the mean picture, {info.title}": ratio
                 for info, ratio in zip(AUTOENCODERS.values(), ratios, strict=True)}  # fmt: skip
    return verdict("C49", measured, worst < 1, bootstrap(largest, len(x0)))
