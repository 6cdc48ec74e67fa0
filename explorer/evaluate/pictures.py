"""The pictures that models are judged on, as tensors in data units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from explorer import datasets
from explorer.images import decoder

SIZE = 64  # side of the pictures that samples and noise levels are compared on, pixels


def centre(picture: np.ndarray, size: int | None) -> np.ndarray:
    """Return the middle size x size of a picture (H, W, 3), or as much of it as there is; all of it for None."""
    if size is None:
        return picture
    top, left = (max(0, side - size) // 2 for side in picture.shape[:2])
    return picture[top : top + size, left : left + size]


def test_set(root: Path, name: str, size: int | None) -> list[Tensor]:
    """Return centre crops, or whole pictures for None, of 'CBSD68' or 'Set12': (3, H, W) each. Raises DataRefused."""
    return [torch.from_numpy(decoder.to_data(centre(p, size))) for p in datasets.test_pictures(root, name)]


def training_set(root: Path, limit: int | None = None) -> Tensor:
    """Return the training pictures at 64x64, (N, 3, 64, 64): what the ideal denoiser knows. Raises DataRefused."""
    parts = (datasets.scenes(root, "train", limit), datasets.cat_faces(root, "train", limit))
    pictures = [decoder.to_data(datasets.at_size(p, SIZE)) for part in parts for p in part.pictures]
    return torch.from_numpy(np.stack(pictures))


def held_out(root: Path, limit: int | None = None) -> tuple[Tensor, Tensor]:
    """Return the `val` pictures (N, 3, 64, 64) with their classes (N,), scenes and cats in turn. Raises DataRefused."""
    x0, label = datasets.held_out(root, SIZE, limit)
    return torch.from_numpy(x0), torch.from_numpy(label)


def equal_mix(label: Tensor, classes: int, total: int) -> Tensor:
    """Return rows (n,), n <= total, with as many of each class, in turn: 0, 1, ..., classes - 1, 0, 1, ..."""
    per_class = [(label == c).nonzero().flatten() for c in range(classes)]
    each = min(total // classes, *(len(rows) for rows in per_class))
    return torch.stack([rows[:each] for rows in per_class], dim=1).flatten()


def spaced(count: int, limit: int) -> list[int]:
    """Return at most `limit` of the numbers below `count`, evenly spaced."""
    return list(range(count)) if count <= limit else [i * count // limit for i in range(limit)]
