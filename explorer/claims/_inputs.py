"""What the claims are measured on: the shipped example pictures, the shipped network, and noise keyed by seed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from explorer import examples, weights
from explorer.core.denoiser import Denoiser
from explorer.core.noise import white
from explorer.images import decoder

SIZE = 64  # pixels
SEEDS = (0, 1)
NOISE_ROLE = "noising"  # the noise that the pages show

Noise = Callable[[tuple[int, ...], int], Tensor]  # (shape of one picture, seed) -> unit noise of that shape
# numbers a and s of x_t = a x0 + s eps, low to high noise, for every kind of schedule
SCALES: dict[str, tuple[tuple[float, float], ...]] = {
    "VE": ((1.0, 0.5), (1.0, 1.0), (1.0, 2.0)),
    "VP": ((0.96, 0.28), (0.6, 0.8), (0.28, 0.96)),
    "flow": ((0.7, 0.3), (0.5, 0.5), (0.3, 0.7)),
}


@lru_cache(maxsize=1)
@torch.inference_mode(False)  # cached, and some claims need gradients
def example_pictures() -> Tensor:
    """Return the shipped example pictures, (N, 3, 64, 64) float32 in [-1, 1]."""
    views = [decoder.to_data(decoder.fit(examples.load(example.name), SIZE)) for example in examples.EXAMPLES]
    return torch.from_numpy(np.stack(views))


@lru_cache(maxsize=1)
@torch.inference_mode(False)  # cached, and some claims need gradients
def network() -> Denoiser:
    """Return the shipped network in float32 on the CPU. Raises WeightsRefused."""
    return weights.load("scenes")


def page_noise(shape: tuple[int, ...], seed: int) -> Tensor:
    """Return the white noise that a page shows for this seed."""
    return white(shape, seed, NOISE_ROLE)


def noise_like(pictures: Tensor, seed: int, noise: Noise = page_noise) -> Tensor:
    """Return unit noise of the shape of pictures (N, C, H, W), different for every picture and seed."""
    return torch.stack([noise(tuple(pictures.shape[1:]), seed * len(pictures) + i) for i in range(len(pictures))])
