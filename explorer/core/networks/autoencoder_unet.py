"""Denoisers around one small U-Net F that differ in its conditioning and in what bypasses it.

    conditional   D(x; sigma) = c_skip x + c_out F(c_in x, ln(sigma) / 4)     the diffusion model
    specialist    the same with a constant s in place of sigma: a denoising autoencoder (Vincent et al. 2008)
    blind         the same with the picture's own root mean square in place of sigma: no conditioning
    direct        D(x; sigma) = sd F(c_in x, ln(sigma) / 4): nothing bypasses the network
    completing    D(x) = x where x is not 0, and sd F(x / sd) in the holes, where alone it is trained

The coefficients are those of `preconditioning`. The outer term c_skip x is a skip connection too, so the U-Nets whose
skips are cut are direct: their whole output has passed through the coarsest level.
"""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.core.denoisers.preconditioning import Preconditioned, coefficients, loss_weight
from explorer.core.networks.unet import UNet


class UNetDenoiser(Preconditioned):
    """A preconditioned U-Net that ignores labels."""

    def __init__(self, net: UNet, sigma_data: float, level: float | None = None) -> None:
        """Wrap the U-Net; sigma_data, level: data units. Only a specialist uses the level."""
        super().__init__(net, sigma_data, net.config.classes)
        self.level = level

    def conditioning_sigma(self, x: Tensor, sigma: Tensor | float) -> Tensor | float:
        """Return the noise level, () or (B,), data units, for the coefficients and the network's conditioning."""
        return sigma

    @staticmethod
    def weight(sigma: Tensor, sigma_data: float) -> Tensor:
        """Return the loss weight of each true sigma (B,): 1 / c_out^2, so that all levels count alike."""
        return loss_weight(sigma, sigma_data)

    def forward(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        return super().forward(x, self.conditioning_sigma(x, sigma), None)


class Specialist(UNetDenoiser):
    """Conditioned on the same level whatever the noise, so useful only at the level of its training."""

    def __init__(self, net: UNet, sigma_data: float, level: float | None = None) -> None:
        """Wrap the U-Net; level: required, data units. Raise ValueError without it."""
        if level is None:
            raise ValueError("a specialist needs a fixed noise level")
        super().__init__(net, sigma_data, level)
        self.fixed_sigma = level

    def conditioning_sigma(self, x: Tensor, sigma: Tensor | float) -> float:
        return self.fixed_sigma


class Blind(UNetDenoiser):
    """Conditioned on the root mean square of x (B,), which is near sigma where noise prevails."""

    def conditioning_sigma(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        return x.float().square().mean((1, 2, 3)).sqrt()


class Direct(UNetDenoiser):
    """The whole estimate is the network's output, so c_out is sd at every level."""

    @staticmethod
    def weight(sigma: Tensor, sigma_data: float) -> Tensor:
        return torch.full_like(sigma, sigma_data**-2)

    def raw(self, x: Tensor, c_in: Tensor, sigma: Tensor) -> Tensor:
        """Return sd F(c_in x, ln(sigma) / 4), shape of x, float32; c_in and sigma (B,)."""
        inputs = (c_in[:, None, None, None] * x).contiguous(memory_format=torch.channels_last)
        any_label = torch.full((x.shape[0],), self.any_label, device=x.device)
        return self.sigma_data * self.net(inputs, sigma.clamp_min(1e-4).log() / 4, any_label).float()

    def forward(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        sigma = torch.as_tensor(sigma, dtype=torch.float32, device=x.device).expand(x.shape[0])
        return self.raw(x, coefficients(sigma, self.sigma_data)[2], sigma)


class Completing(Direct):
    """Fill the pixels that are 0 in all colours and leave the others unchanged (Vincent et al. 2010: full emphasis).

    A picture with noise has no such pixel and is returned unchanged.
    """

    def forward(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        level = torch.full((x.shape[0],), self.sigma_data, device=x.device)
        known = (x != 0).any(1, keepdim=True)
        return torch.where(known, x, self.raw(x, 1 / level, level))


WIRINGS: dict[str, type[UNetDenoiser]] = {
    "conditional": UNetDenoiser,
    "specialist": Specialist,
    "blind": Blind,
    "direct": Direct,
    "completing": Completing,
}
