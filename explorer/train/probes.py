"""Linear probes on the codes of trained autoencoders and of the same networks as initialised (Alain & Bengio 2016)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from explorer import datasets
from explorer.core.networks.autoencoder import SIDE
from explorer.core.networks.linear_probe import ProbePictures, confidence_interval, probe_accuracy
from explorer.datasets import CLASSES
from explorer.train.crops import CropSource
from explorer.train.fit_autoencoder import AutoencoderTrainer

MAX_FIT_PICTURES = 6000  # training pictures that a probe is fitted to


def probe_pictures(data: Path, source: CropSource) -> ProbePictures:
    """Return training pictures to fit a probe to, evenly spaced, and the `val` pictures to judge it by.

    source: every training picture once, at 32x32. Raises DataRefused.
    """
    pictures = source.pixels.view(-1, SIDE, SIDE, 3)
    rows = torch.from_numpy(np.linspace(0, len(pictures) - 1, min(MAX_FIT_PICTURES, len(pictures))).astype(int))
    x0 = pictures[rows].movedim(3, 1).float() / 127.5 - 1
    held_out, classes = datasets.held_out(data, SIDE)
    return ProbePictures((x0, source.labels[rows]), (torch.from_numpy(held_out), torch.from_numpy(classes)))


def probe_gain(first: AutoencoderTrainer, pictures: ProbePictures) -> dict:
    """Return the probes' accuracies by seed, trained and as initialised, with the mean gain and its 95 % interval.

    first: the finished run of the first seed; those of the other seeds of its recipe are trained here.
    """
    found: dict[str, list[float]] = {"trained": [], "initialised": []}
    for run in _finished_runs(first):
        found["trained"].append(probe_accuracy(run.model.encode, pictures))
        fresh = AutoencoderTrainer(run.recipe, run.source)
        found["initialised"].append(probe_accuracy(fresh.model.encode, pictures))
    gains = [a - b for a, b in zip(found["trained"], found["initialised"], strict=True)]
    chance = 1 / len(CLASSES)
    return {**found, "gain": sum(gains) / len(gains), "interval": confidence_interval(gains), "chance": chance}


def _finished_runs(first: AutoencoderTrainer) -> Iterator[AutoencoderTrainer]:
    yield first
    for seed in range(1, first.recipe.seeds):
        run = AutoencoderTrainer(replace(first.recipe, seed=seed), first.source)
        for _ in run.run():
            pass
        yield run
