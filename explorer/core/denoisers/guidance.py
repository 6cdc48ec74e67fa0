"""Guidance: from two denoisers to one that exaggerates what tells the first from the second.

    D_w = D_ref + w (D - D_ref)

w = 1 means none, w = 0 the reference. At one level its score is that of p^w p_ref^(1 - w); over the levels these
belong to no noising of one law, so what comes out is not a sample of it. For a class against 'any' it is
classifier-free guidance (Ho & Salimans 2022, eq. 6, with their w + 1 as our w), for a worse model of the same data
autoguidance (Karras et al. 2024). A sampler is unaware of it.
"""

from math import isfinite

import torch
from torch import Tensor

from explorer.core.denoiser import Denoiser


def guided(denoiser: Denoiser, reference: Denoiser, weight: float) -> Denoiser:
    """D_ref + weight (D - D_ref): two calls, one where weight is 1 or 0. Raises ValueError if it is not finite."""
    _check_weight(weight)
    if weight in (0, 1):
        return denoiser if weight == 1 else reference

    def guide(x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        return torch.lerp(reference(x, sigma, label), denoiser(x, sigma, label), weight)

    return guide


def class_guided(denoiser: Denoiser, label: int | Tensor, weight: float, any_label: int) -> Denoiser:
    """Guidance of a class-conditional denoiser towards a class, away from 'any'; both rows in one batched call.

    label: a class for all pictures, or (B,) int64, one for each. any_label: the label that stands for any class.
    The label becomes part of the denoiser: it is then called as D(x, sigma), and refuses another label. Weight 1
    needs, and makes, no second row. Raises ValueError for a weight that is not finite.
    """
    _check_weight(weight)

    def guide(x: Tensor, sigma: Tensor | float, other: Tensor | None = None) -> Tensor:
        if other is not None:
            raise ValueError("the class is already part of this denoiser")
        labels = torch.as_tensor(label, device=x.device).expand(len(x))  # (B,)
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
