"""What is trained under which name: architecture, data mixture and optimiser settings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer import datasets
from explorer.core.denoisers.preconditioning import Preconditioned, loss_weight
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.datasets import Collection


@dataclass(frozen=True)
class Recipe:
    """A noise-conditional denoiser of multi-scale crops; the recipes of `LEVELS` change some of the defaults."""

    architecture: UNetConfig = UNetConfig(channels=64, classes=len(datasets.CLASSES))
    size: int = 64  # side of a training crop, pixels
    images: int = 300_000  # how many crops to train on in all
    batch: int = 16  # crops per step, over all processes
    learning_rate: float = 1e-3
    warmup: int = 300  # steps
    cooldown: float = 0.4  # last share of the run in which the learning rate falls to 0
    log_sigma_mean: float = -0.8  # training noise: ln sigma ~ N(mean, std^2); EDM has N(-1.2, 1.2^2)
    log_sigma_std: float = 1.4
    sigma_data: float = 0.5
    label_dropout: float = 0.15  # share of crops shown as 'any'
    ema_share: float = 0.05  # half-life of the average of the weights, as a share of the crops seen so far
    seed: int = 0
    shares: tuple[float, float, float] = (0.5, 0.25, 0.25)  # scenes, cat faces, larger photographs
    whole: float = 6.0  # how many times as often whole compositions are drawn as their number of windows says
    native: float = 0.0  # share of rows below `native_sigma` that are photographs at their own resolution
    native_sigma: float = 0.5
    saturation: float = 0.0  # standard deviation of ln(factor) by which saturation is varied
    turns: bool = False  # whether half of the crops are turned by 90 degrees
    reduction: int = 1  # side of the squares of pixels whose mean is one pixel that the network sees: 1, 2 or 4

    def to_json(self) -> dict:
        """Return plain values for the weight card."""
        return {**asdict(self), "architecture": self.architecture.to_json()}

    def collections(self, root: Path) -> list[tuple[float, Collection]]:
        """Return the training pictures and how often each collection is drawn. Raises DataRefused."""
        parts = (datasets.scenes(root, "train"), datasets.cat_faces(root, "train"), datasets.photographs(root))
        return list(zip(self.shares, parts, strict=True))

    def denoiser(self, net: UNet) -> Preconditioned:
        """Return the network with its preconditioning, as the Denoiser that is trained."""
        return Preconditioned(net, self.sigma_data, self.architecture.classes)

    def weight(self, sigma: Tensor) -> Tensor:
        """Return the weight of the squared error at each true noise level (B,)."""
        return loss_weight(sigma, self.sigma_data)

    def corrupt(self, x0: Tensor, sigma: Tensor, generator: torch.Generator) -> Tensor:
        """Return the denoiser's input for x0 (B, 3, H, W) and sigma (B,), data units: x0 + sigma eps."""
        return x0 + sigma[:, None, None, None] * torch.randn(x0.shape, generator=generator, device=x0.device)


RECIPES = {"scenes": Recipe()}

# Networks that work on means of 2x2 and 4x4 pixels, where noise hides everything finer (Jing et al. 2022). Their noise
# is that of the means: sigma / 2 and sigma / 4.
MOSTLY_WHOLE: dict[str, Any] = {"shares": (0.6, 0.3, 0.1), "whole": 24.0, "learning_rate": 7e-4}
LEVELS = {
    "full": Recipe(native=0.7, saturation=0.3, turns=True, log_sigma_mean=-1.0, log_sigma_std=1.3, learning_rate=5e-4),
    "half": Recipe(reduction=2, batch=32, images=400_000, log_sigma_mean=0.3, log_sigma_std=1.2, **MOSTLY_WHOLE),
    "quarter": Recipe(reduction=4, batch=64, images=300_000, log_sigma_mean=1.2, log_sigma_std=1.0, **MOSTLY_WHOLE),
}
