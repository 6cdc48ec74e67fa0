"""What each of the small autoencoders and denoisers is trained on, and how.

All of them see the same pictures: every training scene and cat face, whole, at 32x32, mirrored or not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from explorer import datasets
from explorer.autoencoders import CODE_SIZES, DAE_SIGMAS
from explorer.core.networks.autoencoder import SIDE, CodeConfig
from explorer.core.networks.autoencoder_unet import WIRINGS, UNetDenoiser
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.datasets import Collection, at_size
from explorer.train.code_recipe import CodeRecipe
from explorer.train.crops import CropSource
from explorer.train.objectives import composite, contractive, denoising, layer_by_layer, plain, quantised, variational
from explorer.train.recipes import Recipe

SMALL_UNET = UNetConfig(channels=16, classes=1)
WITHOUT_SKIPS = UNetConfig(channels=16, classes=1, skips=False)
WITH_BOTTLENECK = UNetConfig(channels=16, classes=1, skips=False, bottleneck=4)  # 4 channels at 4x4 places: 64 numbers
MASK_RATE = 0.5  # share of pixels that the masking autoencoder has to fill in
ALL_LEVELS_IMAGES = 320_016  # for those that learn every noise level: as many as the five specialists together


def small_pictures(root: Path, split: str = "train") -> list[Collection]:
    """Return the scenes and the cat faces of a split at 32x32. Raises DataRefused."""
    parts = (datasets.scenes(root, split), datasets.cat_faces(root, split))
    return [Collection([at_size(p, SIDE) for p in part.pictures], part.labels) for part in parts]


def small_picture_source(root: Path) -> CropSource:
    """Return a source of every training picture equally often, half of the time mirrored. Raises DataRefused."""
    parts = small_pictures(root)
    return CropSource([(len(part.pictures), part) for part in parts], SIDE)


@dataclass(frozen=True)
class SmallUNetRecipe(Recipe):
    """A small U-Net: one architecture, one way of training; noise and wiring differ.

    ln sigma ~ N(mean, std^2), with std 0 for a single level.
    """

    architecture: UNetConfig = SMALL_UNET
    size: int = SIDE
    images: int = 64_032
    batch: int = 48
    learning_rate: float = 2e-3
    warmup: int = 100
    log_sigma_mean: float = -0.7
    log_sigma_std: float = 1.3
    label_dropout: float = 1.0  # these networks know no classes
    wiring: str = "conditional"  # key of WIRINGS
    level: float | None = None  # noise level that a specialist takes for granted
    mask: float = 0.0  # share of pixels set to 0 instead of noise being added

    def collections(self, root: Path) -> list[tuple[float, Collection]]:
        return [(len(part.pictures), part) for part in small_pictures(root)]

    def denoiser(self, net: UNet) -> UNetDenoiser:
        return WIRINGS[self.wiring](net, self.sigma_data, self.level)

    def weight(self, sigma: Tensor) -> Tensor:
        return WIRINGS[self.wiring].weight(sigma, self.sigma_data)

    def corrupt(self, x0: Tensor, sigma: Tensor, generator: torch.Generator) -> Tensor:
        if self.mask == 0:
            return super().corrupt(x0, sigma, generator)
        shape = (len(x0), 1, *x0.shape[2:])  # a pixel is masked in all its colours
        return x0 * (torch.rand(shape, generator=generator, device=x0.device) >= self.mask)


def specialist(sigma: float) -> SmallUNetRecipe:
    """Return the recipe of a network for one noise level."""
    return SmallUNetRecipe(wiring="specialist", level=sigma, log_sigma_mean=math.log(sigma), log_sigma_std=0.0)


UNET_RECIPES: dict[str, SmallUNetRecipe] = {
    "conditional": SmallUNetRecipe(images=ALL_LEVELS_IMAGES),
    **{f"dae-{name}": specialist(sigma) for name, sigma in DAE_SIGMAS.items()},
    "blind": SmallUNetRecipe(images=ALL_LEVELS_IMAGES, wiring="blind"),
    "unet-noskip": SmallUNetRecipe(images=ALL_LEVELS_IMAGES, wiring="direct", architecture=WITHOUT_SKIPS),
    "unet-bottleneck": SmallUNetRecipe(images=ALL_LEVELS_IMAGES, wiring="direct", architecture=WITH_BOTTLENECK),
    "dae-mask": SmallUNetRecipe(images=160_032, wiring="completing", mask=MASK_RATE),
}

CODE_RECIPES: dict[str, CodeRecipe] = {
    **{f"ae-conv-{k}": CodeRecipe("convolutional", CodeConfig(k), plain) for k in CODE_SIZES},
    "ae-conv-256": CodeRecipe("convolutional", CodeConfig(256), plain, images=320_000),  # takes that long to pass PCA
    "vae": CodeRecipe("variational", CodeConfig(64), variational),
    "vq-vae": CodeRecipe("vector-quantised", CodeConfig(16, channels=48, entries=256), quantised),
    "ae-contractive": CodeRecipe("convolutional", CodeConfig(64), contractive, contraction=0.1),
    "dae-dense": CodeRecipe("dense", CodeConfig(128), denoising, noise=0.5, noise_end=0.5, seeds=5),
    "dae-scheduled": CodeRecipe("dense", CodeConfig(128), denoising, noise=2.0, noise_end=0.5, seeds=5),
    "dae-composite": CodeRecipe("dense", CodeConfig(128, entries=4), composite, noise=2.0, noise_end=0.25, seeds=5),
    "dae-stacked": CodeRecipe("stacked", CodeConfig(128, channels=128), layer_by_layer, noise=0.5, seeds=5),
}
