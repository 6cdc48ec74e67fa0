"""Denoising score matching in the plane: a small network learns a score from noisy points alone.

    DSM(theta) = E || s_theta(x) - (x0 - x) / sigma^2 ||^2      x = x0 + sigma eps: one noisy point, one clean one
    ESM(theta) = E || s_theta(x) - grad log p(x; sigma) ||^2    the score itself, which nobody has

They differ by E || (x0 - x) / sigma^2 - grad log p ||^2, in which theta does not occur (Vincent 2011, section 4.2).
With s = (D - x) / sigma^2 both are squared errors of the denoiser D over sigma^4: the first against x0, the second
against the posterior mean. Weighted as in EDM, all noise levels count alike.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.core.denoisers.preconditioning import Preconditioned, loss_weight
from explorer.core.networks.unet import fourier_features
from explorer.core.noise import generator, white
from explorer.core.toy2d.densities import SIGMA_MAX, SIGMA_MIN, Pattern

HIDDEN_UNITS = 128
NOISE_FEATURE_PAIRS = 8  # pairs of cosine and sine that tell the noise level
INPUT_FREQUENCIES = (
    2.0,
    4.0,
    8.0,
)  # radians per standard deviation of the input: without them fine detail is learned late
BATCH_POINTS = 512
LEARNING_RATE = 8e-3  # learning rate at the beginning; it falls to 0 along a half cosine
EMA_DECAY = 0.99  # of the exponential average of weights that is shown


class PointNetwork(nn.Module):
    """F(x, c_noise, label): two hidden layers over the point, waves of it and the noise level; labels are ignored.

    A point is a picture of one pixel, x (B, 2, 1, 1), so that the preconditioning of pictures serves it too.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        sizes = (2 + 4 * len(INPUT_FREQUENCIES) + 2 * NOISE_FEATURE_PAIRS, HIDDEN_UNITS, HIDDEN_UNITS, 2)
        self.layers = nn.ModuleList(_linear(i, o, seed, n) for n, (i, o) in enumerate(pairwise(sizes)))

    def forward(self, x: Tensor, c_noise: Tensor, label: Tensor | None = None) -> Tensor:
        """(B, 2, 1, 1), (B,) -> (B, 2, 1, 1)."""
        point = x.flatten(1)
        angle = torch.cat([wave * point for wave in INPUT_FREQUENCIES], dim=1)
        h = torch.cat([point, angle.sin(), angle.cos(), fourier_features(c_noise, NOISE_FEATURE_PAIRS)], dim=1)
        first, second, last = self.layers
        return last(F.silu(second(F.silu(first(h)))))[..., None, None]


def _linear(inputs: int, outputs: int, seed: int, n: int) -> nn.Linear:
    """A layer whose weights depend on the seed alone, not on a global stream: variance 2 / inputs, no offset."""
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    with torch.no_grad():
        layer.weight.copy_(math.sqrt(2 / inputs) * white((outputs, inputs), seed, "planar network", n))
        layer.bias.zero_()
    return layer


class PointDenoiser(nn.Module):
    """A Denoiser of pictures (B, 2, 1, 1) as one of points (B, 2)."""

    def __init__(self, denoiser: nn.Module) -> None:
        super().__init__()
        self.denoiser = denoiser

    def forward(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Estimate of x0 (B, 2) float32; sigma () or (B,), data units."""
        return self.denoiser(x.float()[..., None, None], sigma, label)[..., 0, 0]


def untrained(sigma_data: float, seed: int) -> PointDenoiser:
    """The network before its first step, as a Denoiser of points (B, 2)."""
    return PointDenoiser(Preconditioned(PointNetwork(seed), sigma_data, any_label=0))


def noised_points(pattern: Pattern, count: int, seed: int, role: str, index: int) -> tuple[Tensor, Tensor, Tensor]:
    """What it learns from: x0 (count, 2), x (count, 2), sigma (count,), float32; ln sigma is uniform over the range."""
    x0 = pattern.sample(count, seed, f"{role}, points", index).float()
    share = torch.from_numpy(generator(seed, f"{role}, levels", index).random(count)).float()
    sigma = SIGMA_MIN * (SIGMA_MAX / SIGMA_MIN) ** share
    return x0, x0 + sigma[:, None] * white((count, 2), seed, f"{role}, noise", index), sigma


def train(pattern: Pattern, steps: int, seed: int, shown: set[int]) -> Iterator[tuple[int, PointDenoiser]]:
    """Yield (steps done, averaged network) at the numbers of steps in `shown`; 0 is the network before the first.

    A function of the arguments alone. Adam; each step sees BATCH fresh points. The caller may stop at any yield.
    """
    model = untrained(pattern.sigma_data, seed)
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.99))
    if 0 in shown:
        yield 0, copy.deepcopy(average)
    for step in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * (1 + math.cos(math.pi * step / steps)) / 2
        _learn(model, optimizer, noised_points(pattern, BATCH_POINTS, seed, "learning", step))
        with torch.no_grad():
            for kept, new in zip(average.parameters(), model.parameters(), strict=True):
                kept.lerp_(new, 1 - min(EMA_DECAY, step / (step + 9)))  # short at first, or the start would stay in it
        if step in shown:
            yield step, copy.deepcopy(average)


@torch.enable_grad()
def _learn(model: PointDenoiser, optimizer: torch.optim.Optimizer, batch: tuple[Tensor, Tensor, Tensor]) -> None:
    x0, x, sigma = batch
    square = (model(x, sigma) - x0).square().mean(1)
    loss = (loss_weight(sigma, model.denoiser.sigma_data) * square).mean()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
