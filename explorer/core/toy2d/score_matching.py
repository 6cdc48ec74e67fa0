"""Denoising score matching in two dimensions: a small network learns the score from noisy points.

    DSM(theta) = E || s_theta(x) - (x0 - x) / sigma^2 ||^2      x = x0 + sigma eps: from pairs of points
    ESM(theta) = E || s_theta(x) - grad log p(x; sigma) ||^2    from the true score, which is unknown in practice

They differ by E || (x0 - x) / sigma^2 - grad log p ||^2, which does not depend on theta (Vincent 2011, section 4.2).
With s = (D - x) / sigma^2 both are squared errors of the denoiser D over sigma^4: the first against x0, the second
against the posterior mean. The loss weight is that of EDM, which gives all noise levels the same weight.
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
NOISE_FEATURE_PAIRS = 8  # of cosine and sine of the noise level
# radians per standard deviation of the input: without them fine detail is learned late
INPUT_FREQUENCIES = (2.0, 4.0, 8.0)
BATCH_POINTS = 512
LEARNING_RATE = 8e-3  # at the beginning; it decreases to 0 along a half cosine
EMA_DECAY = 0.99  # per step, of the exponential moving average of the weights


class PointNetwork(nn.Module):
    """The network F(x, c_noise, label): two hidden layers on the point, its sines and cosines and the noise level.

    A point is a picture of one pixel, x (B, 2, 1, 1), to which the preconditioning of pictures applies. Labels are
    ignored.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        sizes = (2 + 4 * len(INPUT_FREQUENCIES) + 2 * NOISE_FEATURE_PAIRS, HIDDEN_UNITS, HIDDEN_UNITS, 2)
        self.layers = nn.ModuleList(_linear(i, o, seed, n) for n, (i, o) in enumerate(pairwise(sizes)))

    def forward(self, x: Tensor, c_noise: Tensor, label: Tensor | None = None) -> Tensor:
        """Return F, (B, 2, 1, 1), of x (B, 2, 1, 1) and c_noise (B,)."""
        point = x.flatten(1)
        angle = torch.cat([wave * point for wave in INPUT_FREQUENCIES], dim=1)
        h = torch.cat([point, angle.sin(), angle.cos(), fourier_features(c_noise, NOISE_FEATURE_PAIRS)], dim=1)
        first, second, last = self.layers
        return last(F.silu(second(F.silu(first(h)))))[..., None, None]


def _linear(inputs: int, outputs: int, seed: int, n: int) -> nn.Linear:
    """A layer with weights of variance 2 / inputs that depend on the arguments alone, and zero bias."""
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    with torch.no_grad():
        layer.weight.copy_(math.sqrt(2 / inputs) * white((outputs, inputs), seed, "planar network", n))
        layer.bias.zero_()
    return layer


class PointDenoiser(nn.Module):
    """A Denoiser of points (B, 2) made of one of pictures (B, 2, 1, 1)."""

    def __init__(self, denoiser: Preconditioned) -> None:
        super().__init__()
        self.denoiser = denoiser

    def forward(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return x0 (B, 2) float32 of x (B, 2); sigma: () or (B,), data units."""
        return self.denoiser(x.float()[..., None, None], sigma, label)[..., 0, 0]


def untrained(sigma_data: float, seed: int) -> PointDenoiser:
    """Return the network with its initial weights as a Denoiser of points (B, 2); sigma_data: data units."""
    return PointDenoiser(Preconditioned(PointNetwork(seed), sigma_data, any_label=0))


def noised_points(pattern: Pattern, count: int, seed: int, role: str, index: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return a training batch x0 (count, 2), x (count, 2), sigma (count,), float32, with ln sigma uniform."""
    x0 = pattern.sample(count, seed, f"{role}, points", index).float()
    share = torch.from_numpy(generator(seed, f"{role}, levels", index).random(count)).float()
    sigma = SIGMA_MIN * (SIGMA_MAX / SIGMA_MIN) ** share
    return x0, x0 + sigma[:, None] * white((count, 2), seed, f"{role}, noise", index), sigma


def train(pattern: Pattern, steps: int, seed: int, shown: set[int]) -> Iterator[tuple[int, PointDenoiser]]:
    """Yield (steps done, averaged network) at the numbers of steps in `shown`; 0 is the initial network.

    A function of the arguments alone. Adam with BATCH_POINTS new points per step. The caller may stop at any yield.
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
            decay = min(EMA_DECAY, step / (step + 9))  # less at first, so that the initial weights fade
            for averaged, new in zip(average.parameters(), model.parameters(), strict=True):
                averaged.lerp_(new, 1 - decay)
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
