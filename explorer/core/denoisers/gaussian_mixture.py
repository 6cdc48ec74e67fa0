"""The denoiser of a Gaussian mixture prior: posterior mean, density and score in closed form, in float64."""

from math import log, pi

import torch
from torch import Tensor


class GaussianMixture:
    """The mixture sum_k weights_k N(means_k, covariances_k) over vectors or, isotropic, over pictures.

    A Denoiser of x (..., *event) with sigma () or of the leading shape, such as pictures (B, C, H, W) or points (B, 2).
    """

    def __init__(self, means: Tensor, covariances: Tensor, weights: Tensor | None = None) -> None:
        """Define the mixture.

        means: (K, *event), event = (D,) or (C, H, W), data units. covariances: (K,) variances of isotropic components,
        or (K, D, D), positive semi-definite, for vectors. weights: (K,), normalised here; default equal. Raise
        ValueError for shapes that do not fit and for negative variances or weights.
        """
        count, dim = len(means), means[0].numel()
        covariances = torch.as_tensor(covariances, dtype=torch.float64)
        if covariances.shape not in ((count,), (count, dim, dim)):
            raise ValueError(f"covariances must be ({count},) or ({count}, {dim}, {dim})")
        weights = torch.ones(count) if weights is None else torch.as_tensor(weights)
        if weights.shape != (count,) or not (weights >= 0).all() or not weights.sum() > 0:
            raise ValueError(f"weights must be ({count},), none negative, not all zero")
        self.event = means.shape[1:]
        self.means = means.to(torch.float64).reshape(count, dim)
        self.log_weights = torch.log_softmax(weights.to(torch.float64).log(), dim=0)
        self.axes: Tensor | None = None  # (K, D, D) principal axes as columns; None if isotropic
        self.variances = covariances[:, None]  # (K, D or 1) along the axes
        if covariances.ndim == 3:
            self.variances, self.axes = torch.linalg.eigh(covariances)
        if not (self.variances >= -1e-12 * self.variances.abs().max()).all():
            raise ValueError("variances must not be negative")
        self.variances = self.variances.clamp(min=0)  # eigenvalues of a singular matrix come out as -1e-17

    def __call__(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return the posterior mean, shape of x (..., *event): sum_k r_k (m_k + C_k (C_k + sigma^2)^-1 (x - m_k))."""
        offset, noise = self._offsets(x, sigma)
        filtered = offset * (self.variances / (self.variances + noise))  # (B, K, D)
        if self.axes is not None:
            filtered = torch.einsum("kde,bke->bkd", self.axes, filtered)
        share = torch.softmax(self._exponents(offset, noise), dim=1)  # (B, K)
        mean = torch.einsum("bk,bkd->bd", share, self.means + filtered)
        return mean.reshape(x.shape).to(x)

    def responsibilities(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """Return the posterior probability of each component, (..., K) float64."""
        share = torch.softmax(self._exponents(*self._offsets(x, sigma)), dim=1)
        return share.reshape(*self._leading(x), -1)

    def log_density(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """Return ln p(x; sigma) of data plus noise, (...) float64."""
        return torch.logsumexp(self._exponents(*self._offsets(x, sigma)), dim=1).reshape(self._leading(x))

    def score(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """Return grad_x ln p(x; sigma) = -sum_k r_k (C_k + sigma^2)^-1 (x - m_k), shape of x; sigma may be 0."""
        offset, noise = self._offsets(x, sigma)
        pull = -offset / (self.variances + noise)
        if self.axes is not None:
            pull = torch.einsum("kde,bke->bkd", self.axes, pull)
        share = torch.softmax(self._exponents(offset, noise), dim=1)
        return torch.einsum("bk,bkd->bd", share, pull).reshape(x.shape).to(x)

    def _leading(self, x: Tensor) -> torch.Size:
        return x.shape[: x.ndim - len(self.event)]

    def _offsets(self, x: Tensor, sigma: Tensor | float) -> tuple[Tensor, Tensor]:
        """x - m_k along the axes of component k, (B, K, D), and sigma^2, (B, 1, 1); leading axes flattened."""
        if x.shape[-len(self.event) :] != self.event:
            raise ValueError(f"this mixture is over {tuple(self.event)}, got x of shape {tuple(x.shape)}")
        flat = x.detach().to(self.means).reshape(-1, self.means.shape[1])
        sigma = torch.as_tensor(sigma, dtype=flat.dtype, device=flat.device)
        sigma = sigma.expand(self._leading(x)).reshape(-1, 1, 1)
        offset = flat[:, None] - self.means
        if self.axes is not None:
            offset = torch.einsum("kde,bkd->bke", self.axes, offset)
        return offset, sigma**2

    def _exponents(self, offset: Tensor, noise: Tensor) -> Tensor:
        """ln weights_k N(x; m_k, C_k + sigma^2), (B, K)."""
        spread = (self.variances + noise).expand_as(offset)
        return self.log_weights - 0.5 * (offset**2 / spread + spread.log() + log(2 * pi)).sum(dim=2)
