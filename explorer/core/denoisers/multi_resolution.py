"""A denoiser that computes at a lower resolution where the noise is strong (subspace diffusion, Jing et al. 2022).

At a high noise level the fine octaves of a picture are far below the noise, and a network at full resolution spends
most of its work on them. Means of 2x2 pixels are an orthogonal projection up to a factor, so white noise stays white:

    mean(x0 + sigma eps) = mean(x0) + (sigma / 2) eps',    eps' ~ N(0, I)

and the posterior mean of the means is that of a denoiser at half the resolution and half the noise level:

    D(x, sigma) = D_full(x, sigma)                     below the first threshold
                = up(D_half(mean(x), sigma / 2))       above it, blended over a factor BLEND in sigma
                = up(D_quarter(mean4(x), sigma / 4))   above the second one, likewise

`up` is bicubic, corrected so that the means of its result are its input. Finer octaves are estimated as smooth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.core.denoiser import Denoiser, broadcast_sigma

BLEND_RATIO = 1.7  # ratio of the noise levels between which one resolution gives way to the next


@dataclass(frozen=True)
class Level:
    """A denoiser of means of reduction x reduction pixels, used above a noise level."""

    denoiser: Denoiser
    reduction: int  # 1, 2 or 4: side of the squares of pixels whose mean is one pixel for it
    sigma_from: float  # noise level of the full picture, data units, at which it takes half of the estimate


def block_means(x: Tensor, reduction: int) -> Tensor:
    """Return the means of squares of pixels: (B, C, H, W) -> (B, C, ceil(H / r), ceil(W / r)).

    Where a side is no multiple of `reduction`, the last mean is that of the last `reduction` pixels, so that its noise
    has the same variance as that of the others (it shares pixels with its neighbour). Sides must be >= reduction.
    """
    for axis in (-2, -1):
        side = x.shape[axis]
        if beyond := -side % reduction:
            x = torch.cat([x, x.narrow(axis, side - reduction, beyond)], axis)
    return F.avg_pool2d(x, reduction)


def upsample(means: Tensor, reduction: int, size: tuple[int, int]) -> Tensor:
    """Return a smooth picture (B, C, *size) whose means of reduction x reduction pixels are `means` (B, C, h, w).

    Bicubic, followed by two corrections of the means, the second one constant over each square and therefore exact.
    """
    if reduction == 1:
        return means
    full = (means.shape[-2] * reduction, means.shape[-1] * reduction)
    picture = F.interpolate(means, full, mode="bicubic")
    picture = picture + F.interpolate(means - F.avg_pool2d(picture, reduction), full, mode="bicubic")
    picture = picture + F.interpolate(means - F.avg_pool2d(picture, reduction), full, mode="nearest")
    return picture[..., : size[0], : size[1]]


def level_shares(sigma: Tensor, thresholds: Sequence[float]) -> Tensor:
    """Return the share of each level in the estimate at sigma (B,): (levels, B), rows in [0, 1], columns of sum 1.

    thresholds: `sigma_from` of all levels after the first, rising by more than BLEND each.
    """
    above = [torch.ones_like(sigma)]
    for threshold in thresholds:
        u = ((sigma / threshold).log() / math.log(BLEND_RATIO) + 0.5).clamp(0, 1)
        above.append(u * u * (3 - 2 * u))  # smoothstep: no kink at either end
    above.append(torch.zeros_like(sigma))
    return torch.stack([high - low for high, low in zip(above[:-1], above[1:], strict=True)])


class MultiResolution(nn.Module):
    """A Denoiser made of denoisers at decreasing resolutions; rows of a batch may use different ones."""

    def __init__(self, levels: Sequence[Level]) -> None:
        """Combine levels, the first at full resolution. Raise ValueError where reductions or thresholds do not rise.

        Denoisers that are modules are registered, so moving this module moves all of them.
        """
        super().__init__()
        reductions, thresholds = [v.reduction for v in levels], [v.sigma_from for v in levels[1:]]
        if not levels or reductions[0] != 1 or sorted(set(reductions)) != reductions:
            raise ValueError("levels are given by rising reduction, the first at full resolution")
        if not all(math.isfinite(s) and s > 0 for s in thresholds):
            raise ValueError("a level's noise level must be finite and positive")
        if any(b < a * BLEND_RATIO for a, b in zip(thresholds, thresholds[1:], strict=False)):
            raise ValueError(f"the levels' noise levels must rise by a factor of {BLEND_RATIO} or more")
        self.levels = tuple(levels)
        self.networks = nn.ModuleList(v.denoiser for v in levels if isinstance(v.denoiser, nn.Module))
        self.thresholds = thresholds

    def forward(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return x0, shape of x (B, C, H, W); sigma: () or (B,), data units; label: (B,) int64 or None."""
        sigma = broadcast_sigma(sigma, x).flatten()
        estimate = torch.zeros_like(x)
        for level, share in zip(self.levels, level_shares(sigma, self.thresholds), strict=True):
            rows = share.nonzero().flatten()
            if len(rows) == 0:
                continue
            means = block_means(x[rows], level.reduction)
            part = level.denoiser(means, sigma[rows] / level.reduction, None if label is None else label[rows])
            part = upsample(part, level.reduction, (x.shape[-2], x.shape[-1]))
            estimate.index_add_(0, rows, share[rows, None, None, None] * part)
        return estimate
