"""The Wiener denoiser of the training pictures: their mean spectrum and mean colour, measured, not learned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from explorer import datasets, weights
from explorer.core.spectra.radial import rapsd
from explorer.images import decoder
from explorer.train.export import PROVENANCE

CHUNK_PICTURES = 512


def _chunks(root: Path, size: int) -> Iterator[torch.Tensor]:
    for collection in (datasets.scenes(root, "train"), datasets.cat_faces(root, "train")):
        for start in range(0, len(collection.pictures), CHUNK_PICTURES):
            rows = collection.pictures[start : start + CHUNK_PICTURES]
            yield torch.from_numpy(np.stack([decoder.to_data(datasets.at_size(row, size)) for row in rows]))


def fit_wiener(root: Path, folder: Path, size: int = 64) -> Path:
    """Write wiener.safetensors and its card; return the path. Raises DataRefused.

    psd (3, R): the mean over pictures of |F|^2 with the mean colour taken off, so that the DC bin is the variance of
    the mean brightness. mean (3,): the mean colour, data units.
    """
    count, total, power = 0, torch.zeros(3, dtype=torch.float64), torch.zeros(3, size // 2 + 1, dtype=torch.float64)
    for chunk in _chunks(root, size):
        count += len(chunk)
        total += chunk.double().mean((2, 3)).sum(0)
        power += rapsd(chunk).double().sum(0)
    mean = total / count
    power /= count
    power[:, 0] -= mean**2 * size**2  # E|F(0)|^2 - |E F(0)|^2; no other bin sees a constant
    fields = {
        "kind": "wiener",
        "purpose": "the best that can be done knowing only the mean spectrum of the training pictures",
        "data_range": [-1, 1],
        "classes": ["any"],
        "training": {"images_seen": count, "size": size},
        "provenance": PROVENANCE[:2],
    }
    return weights.save(folder, "wiener", {"psd": power, "mean": mean}, fields, torch.float32)
