"""The denoisers of the family that share one small U-Net F and differ in what it is told and what goes around it.

    conditional   D(x; sigma) = c_skip x + c_out F(c_in x, ln(sigma) / 4)     sigma told: the diffusion model
    specialist    the same at one fixed level s, whatever sigma it is told: a denoising autoencoder (Vincent 2008)
    blind         the same with the picture's own root mean square in place of sigma: nothing is told
    direct        D(x; sigma) = sd F(c_in x, ln(sigma) / 4): nothing goes around the network
    completing    D(x) = x where x is not 0, and sd F(x / sd) in its holes, which is all that the network learns from

Coefficients as in `preconditioning`, from which all of them come. The outer residual c_skip x is a skip connection
too, so the U-Nets whose skips are cut are direct: what they give has passed through their coarsest level.
"""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.core.denoisers.preconditioning import Preconditioned, coefficients, loss_weight
from explorer.core.networks.unet import UNet


class UNetDenoiser(Preconditioned):
    """A Preconditioned U-Net without classes; any label it is given is ignored."""

    def __init__(self, net: UNet, sigma_data: float, level: float | None = None) -> None:
        """level: the noise level that the network always takes for granted; only for the specialist."""
        super().__init__(net, sigma_data, net.config.classes)
        self.level = level

    def told(self, x: Tensor, sigma: Tensor | float) -> Tensor | float:
        """The noise level, () or (B,), that the coefficients and the network are given."""
        return sigma

    @staticmethod
    def weight(sigma: Tensor, sigma_data: float) -> Tensor:
        """Weight of the squared error at each true sigma (B,): 1 / c_out^2, so that all levels count alike."""
        return loss_weight(sigma, sigma_data)

    def forward(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        return super().forward(x, self.told(x, sigma), None)


class Specialist(UNetDenoiser):
    """Told the same level whatever the noise: of use at the level that it was trained at."""

    def told(self, x: Tensor, sigma: Tensor | float) -> float:
        return self.level


class Blind(UNetDenoiser):
    """Sees the picture alone. Its root mean square, near sigma where noise prevails, only sets the scale."""

    def told(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        return x.float().square().mean((1, 2, 3)).sqrt()


class Direct(UNetDenoiser):
    """All of the estimate is the network's output; c_out is then sd at every level."""

    @staticmethod
    def weight(sigma: Tensor, sigma_data: float) -> Tensor:
        return torch.full_like(sigma, sigma_data**-2)

    def raw(self, x: Tensor, c_in: Tensor, sigma: Tensor) -> Tensor:
        """sd F(c_in x, ln(sigma) / 4) in float32; c_in and sigma (B,)."""
        inputs = (c_in[:, None, None, None] * x).contiguous(memory_format=torch.channels_last)
        anything = torch.full((x.shape[0],), self.any_label, device=x.device)
        return self.sigma_data * self.net(inputs, sigma.clamp_min(1e-4).log() / 4, anything).float()

    def forward(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        sigma = torch.as_tensor(sigma, dtype=torch.float32, device=x.device).expand(x.shape[0])
        return self.raw(x, coefficients(sigma, self.sigma_data)[2], sigma)


class Completing(Direct):
    """Fills pixels that are 0 in all colours and keeps the rest: full emphasis on them, in Vincent et al. 2010's words.

    Under noise nothing is 0, and the picture comes back as it is.
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
