"""Random multi-scale crops as pure index arithmetic, so that the same code feeds a CPU and a GPU.

Each picture is stored at several antialiased sizes (a pyramid) in one flat buffer of pixels; a training crop is an
untouched window of one of them. A crop thus never costs a resize, and a batch is a function of (seed, step) alone.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from explorer.datasets import Collection


def pyramid(picture: np.ndarray, smallest: int, ratio: float = 2**-0.5) -> list[np.ndarray]:
    """Return the picture (H, W, 3) at its own size and at every `ratio` below it whose short side is >= smallest.

    The last level's short side is exactly `smallest` pixels, so that whole compositions are among the crops.
    """
    short = min(picture.shape[:2])
    count = max(0, math.ceil(math.log(smallest / short) / math.log(ratio) - 1e-9))
    levels = [picture]
    for i in range(1, count + 1):
        scale = max(smallest / short, ratio**i)
        height, width = (max(smallest, round(side * scale)) for side in picture.shape[:2])
        levels.append(np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)))
    return levels


class CropSource:
    """Crops of size x size from several collections, each drawn with its own share.

    Within a collection every level of every picture is drawn in proportion to `1 + windows / size^2`, so that large
    photographs give more crops than small ones without drowning the whole-picture views; the smallest level, which
    shows whole compositions, is drawn `whole` times as often as that.
    """

    def __init__(
        self, collections: Iterable[tuple[float, Collection]], size: int, whole: float = 1.0, *, native: bool = False
    ) -> None:
        """Lay out the pixels of every level; pictures with a side below `size` are skipped.

        collections: (share of the crops, pictures) each. native: draw from the pictures at their own resolution alone,
        where no filter has taken away fine detail.
        """
        self.size = size
        pixels, shapes, labels, weights = [], [], [], []
        for share, collection in collections:
            group = []
            for picture, label in zip(collection.pictures, collection.labels, strict=True):
                if min(picture.shape[:2]) < size:
                    continue
                for level in [picture] if native else pyramid(picture, size):
                    height, width = level.shape[:2]
                    pixels.append(level.reshape(-1, 3))
                    shapes.append((height, width))
                    labels.append(label)
                    often = 1 + (height - size) * (width - size) / size**2
                    group.append(whole * often if min(height, width) == size else often)
            weights.append(share * np.array(group) / max(sum(group), 1e-12))
        sizes = np.array(shapes, dtype=np.int64)
        self.pixels = torch.from_numpy(np.concatenate(pixels))  # (P, 3) uint8
        self.heights, self.widths = torch.from_numpy(sizes[:, 0]), torch.from_numpy(sizes[:, 1])
        self.offsets = torch.from_numpy(np.concatenate([[0], np.cumsum(sizes.prod(1))[:-1]]))
        self.labels = torch.from_numpy(np.array(labels, dtype=np.int64))
        cumulative = np.cumsum(np.concatenate(weights))
        self.cumulative = torch.from_numpy(cumulative / cumulative[-1])  # float64

    def to(self, device: torch.device) -> CropSource:
        """Move the pixels and tables to the device; return self."""
        for name in ("pixels", "heights", "widths", "offsets", "labels", "cumulative"):
            setattr(self, name, getattr(self, name).to(device))
        return self

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return crops (count, 3, size, size) float32 in [-1, 1], half of them mirrored, and labels (count,) int64."""
        device, size = self.pixels.device, self.size
        u = torch.rand(4, count, generator=generator, device=device, dtype=torch.float64)
        entry = torch.searchsorted(self.cumulative, u[0]).clamp_max(len(self.labels) - 1)
        width = self.widths[entry]
        top = (u[1] * (self.heights[entry] - size + 1)).long()
        left = (u[2] * (width - size + 1)).long()
        steps = torch.arange(size, device=device)
        mirrored = (u[3] < 0.5)[:, None]
        columns = torch.where(mirrored, size - 1 - steps, steps) + left[:, None]  # (count, size)
        rows = (top[:, None] + steps) * width[:, None] + self.offsets[entry][:, None]
        windows = self.pixels[rows[:, :, None] + columns[:, None, :]]  # (count, size, size, 3) uint8
        return windows.permute(0, 3, 1, 2).float() / 127.5 - 1, self.labels[entry]


def quarter_turned(x0: Tensor, generator: torch.Generator) -> Tensor:
    """Return square pictures (B, 3, H, H), each turned by 90 degrees with probability 1/2."""
    turned = torch.rand(len(x0), generator=generator, device=x0.device) < 0.5
    return torch.where(turned[:, None, None, None], x0.rot90(1, (2, 3)), x0)


def saturated(x0: Tensor, spread: float, generator: torch.Generator) -> Tensor:
    """Return pictures (B, 3, H, W) with the distance of each colour from grey scaled by exp(N(0, spread^2)), clipped.

    One factor for each picture. Photographs differ far more in saturation than any one collection shows.
    """
    factor = (spread * torch.randn(len(x0), generator=generator, device=x0.device)).exp()[:, None, None, None]
    grey = x0.mean(1, keepdim=True)
    return (grey + factor * (x0 - grey)).clamp(-1, 1)


def step_generator(seed: int, step: int, device: torch.device) -> torch.Generator:
    """Return a generator that depends on (seed, step) alone: a resumed run sees the batches it would have seen."""
    digest = hashlib.blake2b(f"train/{seed}/{step}".encode(), digest_size=8).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest, "big") >> 1)
