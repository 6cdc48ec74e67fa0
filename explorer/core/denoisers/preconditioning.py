"""Raw network -> Denoiser: the preconditioning of Karras et al. 2022 (EDM), table 1 and section 5.

    D(x; sigma) = c_skip x + c_out F(c_in x, ln(sigma) / 4)

    c_skip = sd^2 / (sigma^2 + sd^2)      c_out = sigma sd / sqrt(sigma^2 + sd^2)      c_in = 1 / sqrt(sigma^2 + sd^2)

where sd is the standard deviation of the data. Input and training target of F then have unit variance at every noise
level, and the loss weight (sigma^2 + sd^2) / (sigma sd)^2 = 1 / c_out^2 gives all levels the same weight.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def coefficients(sigma: Tensor, sigma_data: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return (c_skip, c_out, c_in), each of the shape of sigma; sigma, sigma_data: data units."""
    total = sigma**2 + sigma_data**2
    return sigma_data**2 / total, sigma * sigma_data * total.rsqrt(), total.rsqrt()


def loss_weight(sigma: Tensor, sigma_data: float) -> Tensor:
    """Return the weight of the squared error of D, 1 / c_out^2, shape of sigma (Karras et al. 2022, eq. 8)."""
    return (sigma**2 + sigma_data**2) / (sigma * sigma_data) ** 2


class Preconditioned(nn.Module):
    """A Denoiser made of a network F(x, c_noise, label) of any number type; input and output are float32."""

    def __init__(self, net: nn.Module, sigma_data: float, any_label: int) -> None:
        """Wrap a network; sigma_data: data units. any_label: the label used where a call has none."""
        super().__init__()
        self.net = net
        self.sigma_data = float(sigma_data)
        self.any_label = int(any_label)

    def forward(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return x0, shape of x (B, C, H, W); sigma: () or (B,), data units; label: (B,) int64, None for `any_label`.

        At sigma = 0 this is x itself: c_skip = 1, c_out = 0.
        """
        sigma = torch.as_tensor(sigma, dtype=torch.float32, device=x.device).expand(x.shape[0])
        if label is None:
            label = torch.full((x.shape[0],), self.any_label, device=x.device)
        c_skip, c_out, c_in = (c[:, None, None, None] for c in coefficients(sigma, self.sigma_data))
        inputs = c_in * x
        if x.shape[-1] > 1:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        c_noise = sigma.clamp_min(1e-4).log() / 4  # clamped to keep ln finite where c_out is 0
        raw = self.net(inputs, c_noise, label.to(x.device).expand(x.shape[0]))
        return c_skip * x + c_out * raw.float()
