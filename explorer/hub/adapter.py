"""Adapters from networks of discrete time to `Denoiser`.

DDPM networks have T noise levels, t = 0 .. T - 1, each with its alpha_bar, and take the variance-preserving state

    x_t = a x0 + s eps,   a = sqrt(alpha_bar) = 1 / sqrt(1 + sigma^2),   s = a sigma        Ho et al. 2020, eq. 4

so x = x0 + sigma eps enters as a x. The time of a level between two training levels is interpolated in ln sigma; beyond
either end it is that of the end, with the true a and s.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.core.denoiser import Denoiser, broadcast_sigma, convert
from explorer.core.networks.unet import pad_to_multiple

MAX_BETA = 0.999  # Nichol & Dhariwal 2021, section 3.2, so that the last level is not noise alone


def noise_levels(schedule: str, steps: int, first: float, last: float) -> NDArray[np.float64]:
    """Return sigma of each training time, (steps,) float64, increasing, data units; first, last: betas at both ends.

    schedule: "linear" (Ho et al. 2020, section 4), "scaled_linear" (square roots of the betas evenly spaced; Rombach et
    al. 2022) or "squaredcos_cap_v2" (Nichol & Dhariwal 2021, eq. 17; uses no betas). Raise ValueError for any other
    schedule, and where the levels are not finite and increasing.
    """
    if schedule == "linear":
        betas = np.linspace(first, last, steps)
    elif schedule == "scaled_linear":
        betas = np.linspace(math.sqrt(first), math.sqrt(last), steps) ** 2
    elif schedule == "squaredcos_cap_v2":
        power = np.cos((np.linspace(0, 1, steps + 1) + 0.008) / 1.008 * np.pi / 2) ** 2
        betas = np.minimum(1 - power[1:] / power[:-1], MAX_BETA)
    else:
        raise ValueError(f"unknown schedule of betas {schedule!r}")
    log_alpha_bar = np.log1p(-betas).cumsum()
    sigmas = np.sqrt(np.expm1(-log_alpha_bar))
    if not (np.isfinite(sigmas).all() and sigmas[0] > 0 and (np.diff(sigmas) > 0).all()):
        raise ValueError("the noise levels must rise, and be finite")
    return sigmas


class DiscreteVPDenoiser(nn.Module):
    """A Denoiser made of a network net(x_t, t, class_labels) that predicts eps, x0 or v at discrete times."""

    def __init__(
        self, net: nn.Module, sigmas: NDArray[np.float64], prediction: str, classes: int = 0, multiple: int = 1
    ) -> None:
        """Wrap a network.

        sigmas: (T,), see `noise_levels`. prediction: "eps", "x0" or "v", as in `convert`. classes: 0 for an
        unconditional network. multiple: pixels to whose multiples the sides are padded.
        """
        super().__init__()
        self.net, self.prediction, self.classes, self.multiple = net, prediction, classes, multiple
        # not a buffer, which a conversion of the module to half precision would round
        self.log_sigmas = torch.from_numpy(np.log(sigmas)).float()

    def time(self, sigma: Tensor) -> Tensor:
        """Return t (B,) float32 in [0, T - 1] of sigma (B,), linear in ln sigma between two training times."""
        levels = self.log_sigmas = self.log_sigmas.to(sigma.device)
        wanted = sigma.log().clamp(levels[0], levels[-1])
        above = torch.searchsorted(levels, wanted).clamp(1, len(levels) - 1)
        low, high = levels[above - 1], levels[above]
        return above - 1 + (wanted - low) / (high - low)

    def forward(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return x0, shape of x (B, C, H, W); sigma: () or (B,), data units.

        label: (B,) int64 in [0, classes), None for class 0; ignored without classes. At sigma = 0 the result is x
        itself where the network predicts eps or v.
        """
        sigma = broadcast_sigma(sigma, x.float())
        a = torch.rsqrt(1 + sigma * sigma)  # (B, 1, 1, 1)
        x_t = a * x
        raw = self._predict(x_t, self.time(sigma.flatten()), label)
        return convert(raw, self.prediction, "x0", x_t, a, a * sigma)

    def _predict(self, x_t: Tensor, t: Tensor, label: Tensor | None) -> Tensor:
        weight = next(self.net.parameters())
        labels = {}
        if self.classes:
            label = torch.zeros(len(x_t), dtype=torch.int64) if label is None else label
            labels["class_labels"] = label.to(x_t.device).expand(len(x_t))
        inputs = pad_to_multiple(x_t, self.multiple).to(weight.dtype, memory_format=torch.channels_last)
        raw = self.net(inputs, t, **labels, return_dict=False)[0].float()
        return raw[:, : x_t.shape[1], : x_t.shape[2], : x_t.shape[3]]  # a learned variance follows the mean


class GreyDenoiser(nn.Module):
    """The Denoiser of colour pictures with equal channels, made of the Denoiser of a single channel.

    The mean of C channels with independent noise is a sufficient statistic, with noise sigma / sqrt(C), so this is the
    exact posterior mean where `denoiser` is exact.
    """

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self.denoiser = denoiser

    def forward(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return x0, shape of x (B, C, H, W); sigma, label: as of `denoiser`."""
        return self.denoiser(x.mean(1, keepdim=True), sigma / math.sqrt(x.shape[1]), label).expand_as(x)
