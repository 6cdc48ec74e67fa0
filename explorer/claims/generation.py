"""The claim that a denoiser makes data out of pure noise: new pictures, as strong as real ones at every scale.

A few dozen samples are drawn here and compared with the mean spectrum of the training pictures, which is shipped. The
held-out pictures are not: `python -m explorer.evaluate` compares several hundred samples with them, and with the
training pictures for the nearest one. What it measured lies beside the weights, and counts if it is of these weights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer import weights
from explorer.claims._inputs import SIZE, network
from explorer.claims._statistics import Array, bootstrap
from explorer.claims.registry import Verdict, claim, verdict
from explorer.claims.residual import wiener_filter
from explorer.core.denoiser import Denoiser
from explorer.core.noise import white_batch
from explorer.core.samplers.registry import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.core.spectra.radial import octave_edges, octave_means, rapsd

NETWORK = "scenes"
STEPS = 18  # of Heun's method, as in the evaluation; on Gaussian pictures they alone leave 0.2 to 0.7 dB too much
MAX_OCTAVE_DB = 1.0
CAT_LABEL = 6  # label of cat faces; the scenes come before it
# 13 cats and 15 scenes, in the ratio of the 8,527 and 9,798 pictures that the shipped spectrum is the mean of
LABELS = torch.tensor([CAT_LABEL if i % 2 else i // 2 % CAT_LABEL for i in range(26)] + [1, 2])


@claim(
    "C02", text="A", quote="you can generate data this way",
    shown="samples from pure noise, their spectra, and the training picture nearest to each",
    prediction=f"in every octave the mean power of samples is within {MAX_OCTAVE_DB:g} dB of held-out pictures', and "
    "median "
    "and 5th percentile of the distance to the nearest training picture are not below held-out pictures' (both as "
    f"evaluated, for these weights); of {len(LABELS)} samples drawn here no octave's 95 % interval lies more than "
    f"{MAX_OCTAVE_DB:g} dB from the training pictures' mean",
)  # fmt: skip
def generated(
    *, denoiser: Denoiser | None = None, evaluation: Mapping[str, Any] | None = None, noise: Tensor | None = None
) -> Verdict:
    """Measure powers of samples over real pictures', dB, and ratios of distances (Karras et al. 2022, alg. 1: Heun).

    evaluation: what explorer.evaluate wrote. noise: unit noise (N, 3, 64, 64), N <= 28, that the samples start from.
    The first number is that of the octave most surely off among samples drawn here; its interval comes from
    resampling them. Without an evaluation of the shipped weights half of the evidence is missing, and the claim does
    not hold.
    """
    start = white_batch((3, SIZE, SIZE), 0, "sample", range(len(LABELS))) if noise is None else noise
    power = _octave_powers(network() if denoiser is None else denoiser, start)
    real = octave_means(wiener_filter().psd.mean(0), SIZE, SIZE)

    def decibels(rows: NDArray[np.int64]) -> Array:
        return 10 * np.log10(power[rows].mean(0) / real)

    def decibel(octave: int, rows: NDArray[np.int64]) -> float:
        return float(decibels(rows)[octave])

    here = decibels(np.arange(len(power)))
    intervals = [bootstrap(partial(decibel, i), len(power)) for i in range(len(here))]
    away = [max(low, -high, 0.0) for low, high in intervals]  # of 0 dB from the interval
    worst = max(range(len(here)), key=lambda i: (away[i], abs(here[i])))
    figures = _of_these_weights(_shipped_evaluation() if evaluation is None else evaluation)
    evaluated, as_good = ({}, False) if figures is None else _evaluated(figures)
    measured = {
        "octave most surely off, samples drawn here, dB": here[worst],
        "of these at least, dB": away[worst],
        "evaluations of these weights": figures is not None,
        **evaluated,
        **_by_octave("drawn here", here),
    }
    return verdict("C02", measured, as_good and away[worst] <= MAX_OCTAVE_DB, intervals[worst])


@torch.inference_mode()
def _octave_powers(denoiser: Denoiser, start: Tensor) -> Array:
    """Mean power of each sample in each octave, mean of the colours, (N, octaves); every sample is given a class."""
    sigmas, labels = SCHEDULES["karras"].sigmas(STEPS), LABELS[: len(start)]
    with_class = lambda x, sigma, label=None: denoiser(x, sigma, labels)
    *_, last = SAMPLERS["heun"](with_class, start * float(sigmas[0]), sigmas)
    return octave_means(rapsd(last.x).double().mean(1).numpy(), SIZE, SIZE)


def _shipped_evaluation() -> Mapping[str, Any]:
    """What explorer.evaluate wrote beside the shipped weights; empty if it has not been run."""
    path = weights.FOLDER / f"{NETWORK}.evaluation.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _of_these_weights(evaluation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The figures of generation, if it was these very weights that were evaluated."""
    same = evaluation.get("sha256") == weights.identity(weights.card(NETWORK))
    return evaluation.get("generation") if same else None


def _evaluated(figures: Mapping[str, Any]) -> tuple[dict[str, float], bool]:
    """The evaluation's numbers, and whether they are within what is claimed."""
    octaves, nearest = figures["octaves_db"], figures["nearest"]
    off = max(map(abs, octaves))
    ratios = {name: nearest["samples"][name] / nearest["held out"][name] for name in ("median", "5th percentile")}
    measured = {
        "largest difference of an octave, evaluated, dB": off,
        **{f"nearest training picture, {name}, samples over held out": ratio for name, ratio in ratios.items()},
        "samples evaluated": figures["samples"],
        **_by_octave("evaluated", octaves),
    }
    return measured, off <= MAX_OCTAVE_DB and min(ratios.values()) >= 1


def _by_octave(what: str, decibels: Array | list[float]) -> dict[str, float]:
    edges = pairwise(octave_edges(SIZE, SIZE))
    names = [f"{what}, waves of {1 / low:.0f} to {1 / high:.0f} pixels, dB" for low, high in edges]
    return dict(zip(names, decibels, strict=True))
