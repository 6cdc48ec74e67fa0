"""The claims about how denoising autoencoders were used before: layer by layer, noise lowered, parts for each level.

Text A reports these as history. They need labelled pictures and several runs, which are not shipped: the accuracies are
those that training recorded in the cards, one per seed. The filters are those of the shipped weights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from explorer.claims._autoencoders import Card, Load, autoencoder, card
from explorer.claims._statistics import Array
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.networks.autoencoder import COLOURS, SIDE
from explorer.core.networks.autoencoder_dense import Dense
from explorer.core.spectra.radial import counts, rapsd, wavenumbers

MIN_SEEDS = 5


@claim(
    "C09", text="A", quote="pre-train networks layer by layer",
    shown="line-up: the stacked autoencoder, with the accuracy of a linear probe on its code",
    prediction="a linear probe on the code of the stacked autoencoder tells classes apart more often than one on the "
    f"same network as initialised; the 95 % interval of the gain over {MIN_SEEDS} seeds is above 0",
)  # fmt: skip
def layer_by_layer(*, cards: Card = card) -> Verdict:
    """Measure the gain in accuracy on `val` by seed (Vincent et al. 2010), as recorded when it was trained."""
    probe = cards("dae-stacked")["training"]["probe"]
    trained, initialised = np.array(probe["trained"]), np.array(probe["initialised"])
    gain, interval = _gain(trained - initialised)
    measured = {
        "gain of accuracy over the network as initialised": gain,
        "its interval's lower end": interval[0],
        "seeds": len(trained),
        "accuracy, trained": trained.mean(),
        "accuracy, as initialised": initialised.mean(),
        "accuracy of guessing": probe["chance"],
    }
    return verdict("C09", measured, len(trained) >= MIN_SEEDS and interval[0] > 0, interval)


@claim(
    "C24", text="A", quote="gradually decreasing the level of noise over training",
    shown="line-up: scheduled and fixed denoising autoencoders, accuracy of a probe and filters of both",
    prediction="of two networks alike at the start, a linear probe tells classes apart more often on the code of that "
    "trained with noise falling from sigma 2 to 0.5 than of that trained at 0.5; the 95 % interval of the difference "
    f"over {MIN_SEEDS} seeds is above 0; its filters are coarser: their centroid frequency is lower",
)  # fmt: skip
def scheduled(*, load: Load = autoencoder, cards: Card = card) -> Verdict:
    """Measure differences of accuracies by seed, as recorded; centroids of the filters of seed 0 in cycles/pixel.

    Geras & Sutton 2015: features of high noise are preserved while those of low noise are learnt.
    """
    accuracy = {name: np.array(cards(name)["training"]["probe"]["trained"]) for name in ("dae-dense", "dae-scheduled")}
    gain, interval = _gain(accuracy["dae-scheduled"] - accuracy["dae-dense"])
    (fixed,), (falling,) = (centroids(load(name)) for name in accuracy)
    measured = {
        "accuracy, scheduled less fixed": gain,
        "its interval's lower end": interval[0],
        "seeds": len(accuracy["dae-dense"]),
        "centroid of the filters, scheduled over fixed": falling / fixed,
        "accuracy, scheduled": accuracy["dae-scheduled"].mean(),
        "accuracy, fixed": accuracy["dae-dense"].mean(),
    }
    holds = interval[0] > 0 and len(accuracy["dae-dense"]) >= MIN_SEEDS and falling < fixed
    return verdict("C24", measured, holds, interval)


@claim(
    "C25", text="A", quote="multiple subnetworks that handle different noise levels",
    shown="line-up: the composite autoencoder, with the filters of its 4 parts, highest noise first",
    prediction="the centroid frequency of the filters rises with every one of the 4 parts, from the part trained at "
    "the highest noise to that trained at the lowest",
)  # fmt: skip
def parts_by_scale(*, load: Load = autoencoder) -> Verdict:
    """Measure centroids in cycles/pixel (Geras & Sutton 2016: a part per noise level of one network)."""
    found = centroids(load("dae-composite"))
    rise = np.diff(found).min() if len(found) == 4 else -1.0
    parts = {f"centroid of the filters, part {i + 1}": value for i, value in enumerate(found)}
    return verdict("C25", {"least rise from part to part, cycles/pixel": rise, **parts}, rise > 0)


def centroids(dense: Dense) -> Array:
    """Return the mean frequency of the filters of each part, weighted by power, without DC, cycles/pixel, (parts,)."""
    power = rapsd(dense.filters.detach().double().unflatten(1, (COLOURS, SIDE, SIDE))).mean(1).numpy()  # (units, R)
    power = power[:, 1:] * counts(SIDE, SIDE)[1:]
    frequency = power @ wavenumbers(SIDE, SIDE)[1:] / power.sum(1)
    return np.array([frequency[part].mean() for part in dense.parts])


def _gain(differences: NDArray[np.float64]) -> tuple[float, tuple[float, float]]:
    """Mean and its 95 % interval by Student's t (n,)."""
    mean, count = float(differences.mean()), len(differences)
    margin = float(stats.t.ppf(0.975, count - 1) * differences.std(ddof=1) / count**0.5)
    return mean, (mean - margin, mean + margin)
