"""Guidance: a denoiser that extrapolates the difference between two others.

    D_w = D_ref + w (D - D_ref)

w = 1 is the denoiser itself, w = 0 the reference. At each level the score is that of p^w p_ref^(1 - w), but these
densities are not the noised versions of one distribution, so the result is not a sample from any of them. With a class
against 'any' it is classifier-free guidance (Ho & Salimans 2022, eq. 6, with their w + 1 as our w), with a worse model
of the same data autoguidance (Karras et al. 2024). A sampler is unaware of it.
"""

from math import isfinite

import torch
from torch import Tensor

from explorer.core.denoiser import Denoiser


def guided(denoiser: Denoiser, reference: Denoiser, weight: float) -> Denoiser:
    """Return D_ref + weight (D - D_ref), which makes two calls, or one where weight is 1 or 0.

    Raise ValueError for a weight that is not finite.
    """
    _check_weight(weight)
    if weight in (0, 1):
        return denoiser if weight == 1 else reference

    def guide(x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        return torch.lerp(reference(x, sigma, label), denoiser(x, sigma, label), weight)

    return guide


def class_guided(denoiser: Denoiser, label: int | Tensor, weight: float, any_label: int) -> Denoiser:
    """Return a class-conditional denoiser guided towards a class and away from 'any', in one call of 2B rows.

    label: a class for all pictures, or (B,) int64. any_label: the label that stands for any class. The result is
    called as D(x, sigma) and raises ValueError for a label. Weight 1 makes a call of B rows. Raise ValueError for a
    weight that is not finite.
    """
    _check_weight(weight)
    towards = label

    def guide(x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        if label is not None:
            raise ValueError("the class is already part of this denoiser")
        labels = torch.as_tensor(towards, device=x.device).expand(len(x))  # (B,)
        if weight == 1:
            return denoiser(x, sigma, labels)
        pairs = torch.cat([labels, torch.full_like(labels, any_label)])  # (2B,)
        levels = torch.as_tensor(sigma, dtype=x.dtype, device=x.device).expand(len(x)).repeat(2)  # (2B,)
        of_class, of_any = denoiser(torch.cat([x, x]), levels, pairs).chunk(2)
        return torch.lerp(of_any, of_class, weight)

    return guide


def _check_weight(weight: float) -> None:
    if not isfinite(weight):
        raise ValueError(f"the guidance weight must be finite, got {weight}")
