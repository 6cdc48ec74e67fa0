"""The ideal (empirical Bayes) denoiser of a finite set of pictures.

    D = sum_i w_i x_i,   w = softmax_i(-||x - x_i||^2 / (2 sigma^2))

It is exact for data drawn from the set, and therefore memorises, where a network generalises. The exponents exceed half
the number of pixels, so the weights are computed in float64.
"""

from collections.abc import Iterator
from math import log, pi

import torch
from torch import Tensor

from explorer.core.denoiser import broadcast_sigma

CHUNK_VALUES = 2**22  # float64 values of the set that are processed at once: 32 MB
MIN_SIGMA = 1e-8  # data units; stands for sigma = 0, where the nearest picture has all the weight


class Ideal:
    """The optimal Denoiser of a finite set of pictures, E[x0 | x] for x0 drawn from it (Karras et al. 2022, app. B.3).

    As sigma -> 0 it returns the nearest picture, as sigma -> infinity the mean of the set.
    """

    def __init__(self, images: Tensor, labels: Tensor | None = None, any_label: int | None = None) -> None:
        """Define the set.

        images: (N, C, H, W), data units. labels: (N,) int64; a call's label then restricts its row to that class.
        any_label: the label that stands for the whole set. Raise ValueError for an empty set and for labels that are
        not one per picture.
        """
        if images.ndim != 4 or len(images) == 0:
            raise ValueError(f"a set of pictures (N, C, H, W) is needed, got shape {tuple(images.shape)}")
        if labels is not None and labels.shape != images.shape[:1]:
            raise ValueError(f"{len(images)} pictures need as many labels, got shape {tuple(labels.shape)}")
        self.images, self.labels, self.any_label = images, labels, any_label

    def __call__(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return the posterior mean, shape of x (B, C, H, W). Raise ValueError for a size or class not in the set."""
        weights = self.weights(x, sigma, label)
        mean = weights.new_zeros(len(x), self.images[0].numel())
        for rows, chunk in self._chunks():
            mean += weights[:, rows] @ chunk  # (B, n) @ (n, D)
        return mean.reshape(x.shape).to(x)

    def weights(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return the posterior probability of each picture of the set, (B, N) float64; rows sum to 1."""
        return torch.softmax(self._exponents(x, sigma, label), dim=1)

    def perplexity(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return exp(-sum w ln w), (B,) float64: the effective number of plausible pictures, from 1 to N."""
        return torch.special.entr(self.weights(x, sigma, label)).sum(dim=1).exp()

    def log_density(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return ln p(x; sigma), (B,) float64; N counts the pictures of the label.

        logsumexp_i(-||x - x_i||^2 / (2 sigma^2)) - ln N - D/2 ln(2 pi sigma^2)
        """
        exponents = self._exponents(x, sigma, label)
        plausible = torch.isfinite(exponents).sum(dim=1)
        normal = x[0].numel() * (_levels(sigma, exponents).log() + 0.5 * log(2 * pi))
        return torch.logsumexp(exponents, dim=1) - plausible.double().log() - normal

    def _exponents(self, x: Tensor, sigma: Tensor | float, label: Tensor | None) -> Tensor:
        """-||x - x_i||^2 / (2 sigma^2), (B, N) float64, -inf for pictures of another class."""
        if x.shape[1:] != self.images.shape[1:]:
            raise ValueError(f"the set has pictures {tuple(self.images.shape[1:])}, got {tuple(x.shape[1:])}")
        flat = x.detach().to(self.images.device, torch.float64).flatten(1)  # (B, D)
        distances = flat.new_empty(len(x), len(self.images))
        for rows, chunk in self._chunks():
            distances[:, rows] = (chunk * chunk).sum(dim=1) - 2 * flat @ chunk.T
        distances += (flat * flat).sum(dim=1, keepdim=True)
        exponents = distances.clamp_(min=0) / (-2 * _levels(sigma, flat)[:, None] ** 2)
        return exponents if label is None else exponents.masked_fill(~self._same_class(label), -torch.inf)

    def _same_class(self, label: Tensor) -> Tensor:
        """Mask (B, N): whether picture i has the class of row b."""
        if self.labels is None:
            raise ValueError("this set of pictures has no labels")
        same = label.to(self.labels.device)[:, None] == self.labels
        if self.any_label is not None:
            same |= label.to(same.device)[:, None] == self.any_label
        if not same.any(dim=1).all():
            raise ValueError("no picture of the set has that label")
        return same.to(self.images.device)

    def _chunks(self) -> Iterator[tuple[slice, Tensor]]:
        """The set in float64, a few pictures at a time: (rows, (n, D))."""
        size = max(1, CHUNK_VALUES // self.images[0].numel())
        for start in range(0, len(self.images), size):
            chunk = self.images[start : start + size].flatten(1)
            yield slice(start, start + len(chunk)), chunk.to(torch.float64)


def _levels(sigma: Tensor | float, like: Tensor) -> Tensor:
    """sigma, a number or () or (B,), as (B,), type and device of `like` (B, ...), at least MIN_SIGMA."""
    return broadcast_sigma(sigma, like).flatten().clamp(min=MIN_SIGMA)
