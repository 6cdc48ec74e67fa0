"""The U-Net members of the family: one architecture, one mechanism, other noise, other wiring.

All members of the family see the same pictures: every training scene and cat face, whole, at 32x32, mirrored or not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from explorer import datasets
from explorer.autoencoders import LEVELS
from explorer.core.networks.autoencoder_unet import WIRINGS, UNetDenoiser
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.datasets import Collection, at_size
from explorer.train.crops import CropSource
from explorer.train.recipes import Recipe

SIZE = 32  # side of the family's pictures, pixels
SMALL = UNetConfig(channels=16, classes=1)
MASKED = 0.5  # rate of the masking autoencoder
ALL_LEVELS = 320_016  # pictures for those that learn every noise level: as many as the five specialists together


def whole_pictures(root: Path, split: str = "train") -> list[Collection]:
    """The scenes and the cat faces at 32x32. Raises DataRefused."""
    parts = (datasets.scenes(root, split), datasets.cat_faces(root, split))
    return [Collection([at_size(p, SIZE) for p in part.pictures], part.labels) for part in parts]


def family_source(root: Path) -> CropSource:
    """Every picture equally often, half of the time mirrored. Raises DataRefused."""
    parts = whole_pictures(root)
    return CropSource([(len(part.pictures), part) for part in parts], SIZE)


@dataclass(frozen=True)
class MemberRecipe(Recipe):
    """A U-Net of the family; ln sigma ~ N(mean, std^2) with std 0 for a single level."""

    architecture: UNetConfig = SMALL
    size: int = SIZE
    images: int = 64_032
    batch: int = 48
    learning_rate: float = 2e-3
    warmup: int = 100
    log_sigma_mean: float = -0.7
    log_sigma_std: float = 1.3
    label_dropout: float = 1.0  # the family knows no classes
    wiring: str = "conditional"  # key of WIRINGS
    level: float | None = None  # noise level that a specialist takes for granted
    mask: float = 0.0  # share of pixels set to 0 instead of noise being added

    def collections(self, root: Path) -> list[tuple[float, Collection]]:
        return [(len(part.pictures), part) for part in whole_pictures(root)]

    def denoiser(self, net: UNet) -> UNetDenoiser:
        return WIRINGS[self.wiring](net, self.sigma_data, self.level)

    def weight(self, sigma: Tensor) -> Tensor:
        return WIRINGS[self.wiring].weight(sigma, self.sigma_data)

    def corrupted(self, x0: Tensor, sigma: Tensor, generator: torch.Generator) -> Tensor:
        if self.mask == 0:
            return super().corrupted(x0, sigma, generator)
        shape = (len(x0), 1, *x0.shape[2:])  # a pixel is masked in all its colours
        return x0 * (torch.rand(shape, generator=generator, device=x0.device) >= self.mask)


def at_level(sigma: float) -> MemberRecipe:
    """Trained at one noise level."""
    return MemberRecipe(wiring="specialist", level=sigma, log_sigma_mean=math.log(sigma), log_sigma_std=0.0)


CUT = UNetConfig(channels=16, classes=1, skips=False)
SQUEEZED = UNetConfig(channels=16, classes=1, skips=False, bottleneck=4)  # 4 channels at 4x4 places: 64 numbers

UNETS: dict[str, MemberRecipe] = {
    "conditional": MemberRecipe(images=ALL_LEVELS),
    **{f"dae-{name}": at_level(sigma) for name, sigma in LEVELS.items()},
    "blind": MemberRecipe(images=ALL_LEVELS, wiring="blind"),
    "unet-noskip": MemberRecipe(images=ALL_LEVELS, wiring="direct", architecture=CUT),
    "unet-bottleneck": MemberRecipe(images=ALL_LEVELS, wiring="direct", architecture=SQUEEZED),
    "dae-mask": MemberRecipe(images=160_032, wiring="completing", mask=MASKED),
}
