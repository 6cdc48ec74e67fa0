"""Convolutional autoencoders: with a plain bottleneck, variational, and vector-quantised.

    variational       code ~ N(mean(x), var(x)); KL(N(mean, var) || N(0, I)) in nats (Kingma & Welling 2014)
    vector-quantised  each of 8x8 positions takes the nearest of K vectors: 64 log2 K bits (van den Oord et al. 2017)

The decoder of the variational one is Gaussian with one variance for all pixels, set to its optimum, the mean squared
error (Rybkin et al. 2021): the negative evidence lower bound is then d / 2 ln(MSE) + KL, up to a constant.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.core.networks.autoencoder import COLOURS, SIDE, Autoencoder, CodeConfig, check_size

FOLD = 2  # side of the blocks of pixels that are folded into channels
FLATTENED_CHANNELS = 32  # of the coarsest level, before it is flattened


class Residual(nn.Module):
    """Two convolutions with a shortcut and without norms, which would remove brightness and contrast."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, stride, stride)
        for parameter in self.conv2.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x) + self.conv2(F.silu(self.conv1(F.silu(x))))


def build_encoder(channels: int, levels: int, outputs: int) -> nn.Sequential:
    """Return an encoder of pictures (B, 3, 32, 32) -> (B, outputs, s, s) with s = 16 / 2^levels."""
    widths = [channels * 2**i for i in range(levels + 1)]
    layers: list[nn.Module] = [nn.PixelUnshuffle(FOLD), nn.Conv2d(COLOURS * FOLD**2, channels, 3, padding=1)]
    layers += [Residual(channels, channels)]
    layers += [Residual(a, b, stride=2) for a, b in zip(widths, widths[1:], strict=False)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], outputs, 1))


def build_decoder(channels: int, levels: int, inputs: int) -> nn.Sequential:
    """Return the mirror image of `build_encoder`: (B, inputs, s, s) -> pictures (B, 3, 32, 32)."""
    widths = [channels * 2**i for i in reversed(range(levels + 1))]
    layers: list[nn.Module] = [nn.Conv2d(inputs, widths[0], 1)]
    for a, b in zip(widths, widths[1:], strict=False):
        layers += [nn.Upsample(scale_factor=2), Residual(a, b)]
    layers += [Residual(channels, channels), nn.Conv2d(channels, COLOURS * FOLD**2, 3, padding=1)]
    return nn.Sequential(*layers, nn.PixelShuffle(FOLD))


class Convolutional(Autoencoder):
    """Convolutions down to 4x4 positions, one matrix to the code of k numbers, and the mirror image back."""

    OUTPUTS = 1  # numbers from the encoder per number of the code

    def __init__(self, config: CodeConfig) -> None:
        super().__init__(config)
        self.side = SIDE // FOLD // 4
        flat = FLATTENED_CHANNELS * self.side**2
        self.down, self.up = (
            build_encoder(config.channels, 2, FLATTENED_CHANNELS),
            build_decoder(config.channels, 2, FLATTENED_CHANNELS),
        )
        self.to_code = nn.Linear(flat, self.OUTPUTS * config.code)
        self.from_code = nn.Linear(config.code, flat)

    def encode(self, x: Tensor) -> Tensor:
        return self.to_code(self.down(check_size(x)).flatten(1))

    def decode(self, code: Tensor) -> Tensor:
        return self.up(self.from_code(code).unflatten(1, (FLATTENED_CHANNELS, self.side, self.side)))

    @torch.no_grad()
    def rescale(self, factor: float) -> None:
        """Multiply every code by the factor and undo it in the decoder, so that pictures do not change."""
        self.to_code.weight.mul_(factor)
        self.to_code.bias.mul_(factor)
        self.from_code.weight.div_(factor)


class Variational(Convolutional):
    """Variational autoencoder with prior N(0, I); `encode` returns the posterior mean."""

    OUTPUTS = 2

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and natural logarithm of the variance of the code of x, each (B, k)."""
        mean, log_variance = super().encode(x).chunk(2, dim=1)
        return mean, log_variance.clamp(-20, 10)

    def encode(self, x: Tensor) -> Tensor:
        return self.posterior(x)[0]

    def draw(self, x: Tensor, eps: Tensor) -> Tensor:
        """Return the code mean + std * eps of x, (B, k), for standard normal eps (B, k) (reparameterisation)."""
        mean, log_variance = self.posterior(x)
        return mean + (log_variance / 2).exp() * eps

    def kl(self, x: Tensor) -> Tensor:
        """Return KL(N(mean, var) || N(0, I)) per number of the code, (B, k), nats (Kingma & Welling 2014, app. B)."""
        mean, log_variance = self.posterior(x)
        return (mean.square() + log_variance.exp() - 1 - log_variance) / 2


class VectorQuantised(Autoencoder):
    """Vector-quantised autoencoder: 8x8 tokens, each one of K vectors; `encode` returns those vectors, (B, 64 k)."""

    def __init__(self, config: CodeConfig) -> None:
        super().__init__(config)
        if config.entries < 2:
            raise ValueError("a codebook needs two entries or more")
        self.side = SIDE // FOLD // 2
        self.down, self.up = (
            build_encoder(config.channels, 1, config.code),
            build_decoder(config.channels, 1, config.code),
        )
        self.codebook = nn.Parameter(torch.randn(config.entries, config.code))

    @property
    def bits(self) -> float:
        """Bits per picture: number of tokens times log2 K."""
        return self.side**2 * math.log2(self.config.entries)

    def vectors(self, x: Tensor) -> Tensor:
        """Return the vectors before quantisation, (B, 8, 8, k)."""
        return self.down(check_size(x)).movedim(1, -1)

    def nearest(self, vectors: Tensor) -> Tensor:
        """Return the index of the nearest entry of the codebook, (..., k) -> (...) int64."""
        return torch.cdist(vectors.detach().flatten(0, -2), self.codebook).argmin(1).view(vectors.shape[:-1])

    def tokens(self, x: Tensor) -> Tensor:
        """Return the token map (B, 8, 8) int64, values below K."""
        return self.nearest(self.vectors(x))

    def encode(self, x: Tensor) -> Tensor:
        return F.embedding(self.tokens(x), self.codebook).flatten(1)

    def decode(self, code: Tensor) -> Tensor:
        return self.up(code.unflatten(1, (self.side, self.side, -1)).movedim(-1, 1))

    def decode_tokens(self, tokens: Tensor) -> Tensor:
        """Return the picture (B, 3, 32, 32) of a token map (B, 8, 8)."""
        return self.decode(F.embedding(tokens, self.codebook).flatten(1))


def token_entropy_bits(tokens: Tensor, entries: int) -> float:
    """Return the entropy of the usage of entries times the tokens per picture, bits; tokens: (B, h, w) int64."""
    share = torch.bincount(tokens.flatten(), minlength=entries).double()
    share = share[share > 0] / share.sum()
    return float(-(share * share.log2()).sum()) * tokens[0].numel()


def jacobian_norm(model: Autoencoder, x: Tensor) -> Tensor:
    """Return ||d code / d x||_F of each picture, exactly, row by row: (B, 3, 32, 32) -> (B,) float64."""
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        code = model.encode(x)
        total = torch.zeros(len(x), dtype=torch.float64)
        for i in range(code.shape[1]):
            (row,) = torch.autograd.grad(code[:, i].sum(), x, retain_graph=True)
            total += row.double().square().sum((1, 2, 3))
    return total.sqrt()
