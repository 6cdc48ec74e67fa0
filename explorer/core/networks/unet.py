"""A small U-Net conditioned on noise level and class: the raw network, before preconditioning.

It is fully convolutional, folds each 2x2 block of pixels into channels, halves the resolution between levels, and has
attention only at its coarsest level (1/8 of the picture's side for three levels), where it is cheap at every picture
size. Noise level and class modulate every block by a scale and a shift (FiLM; Perez et al. 2018).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Limits on cards. A network within them is built in a second on the meta device, where its shapes are compared.
MAX_CHANNELS = 2048
MAX_LEVELS = 8
MAX_BLOCKS = 16  # of each level
MAX_CLASSES = 2048
MAX_FOLD = 16


@dataclass(frozen=True)
class UNetConfig:
    """The shapes of a U-Net; stored in the weight card."""

    channels: int = 32
    multipliers: tuple[int, ...] = (1, 2, 4)  # width of each level over `channels`, finest first
    blocks: int = 1  # residual blocks of each level
    classes: int = 7  # labels with a name; label `classes` itself means 'any'
    fold: int = 2  # side of the blocks of pixels that are folded into channels
    colours: int = 3
    skips: bool = True  # whether the decoder gets the encoder's levels
    bottleneck: int = 0  # channels that the coarsest level is squeezed into, 0 for none

    @property
    def stride(self) -> int:
        """The multiple of pixels that the network pads both sides of its input to."""
        return self.fold * 2 ** (len(self.multipliers) - 1)

    def to_json(self) -> dict[str, Any]:
        """Return the dictionary that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> UNetConfig:
        """Return the configuration in a card. Raise KeyError, TypeError or ValueError for an impossible one."""
        config = cls(**{**fields, "multipliers": tuple(fields["multipliers"])})
        if not 1 <= len(config.multipliers) <= MAX_LEVELS:
            raise ValueError(f"a U-Net has 1 to {MAX_LEVELS} levels")
        limited = [(config.blocks, MAX_BLOCKS), (config.classes, MAX_CLASSES), (config.fold, MAX_FOLD)]
        limited += [(width, MAX_CHANNELS) for width in (config.channels, config.colours, *config.multipliers)]
        for number, limit in limited:
            if type(number) is not int or not 1 <= number <= limit:
                raise ValueError(f"a number of the architecture is not whole or not from 1 to {limit}")
        bottleneck = config.bottleneck
        if type(config.skips) is not bool or type(bottleneck) is not int or not 0 <= bottleneck <= MAX_CHANNELS:
            raise ValueError(f"skips must be true or false, and bottleneck a number from 0 to {MAX_CHANNELS}")
        return config


def fourier_features(c_noise: Tensor, half: int) -> Tensor:
    """Return cosines and sines of c_noise (B,) at geometric frequencies from 1/2 to 32 radians: (B, 2 half) float32.

    c_noise = ln(sigma) / 4 spans less than 3, so the features are smooth in the noise level.
    """
    angles = c_noise.float()[:, None] * torch.logspace(-1, 5, half, base=2.0, device=c_noise.device)
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(max(1, min(32, channels // 8)), channels)


def _normalised(norm: nn.GroupNorm, x: Tensor) -> Tensor:
    """norm(x), returned in float32 where that is faster than bfloat16.

    Both kernels sum in float32, but for fewer than 1024 positions and fewer than 16 channels in a group the CPU's
    kernel for bfloat16 processes channels one by one, in 3 to 8 times the time of float32 with both conversions.
    """
    slow = x.dtype == torch.bfloat16 and x.device.type == "cpu" and norm.num_channels < 16 * norm.num_groups
    if not slow or x.shape[-2] * x.shape[-1] >= 1024:
        return norm(x)
    return F.group_norm(x.float(), norm.num_groups, norm.weight.float(), norm.bias.float(), norm.eps)


def _zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    """The layer with zero weights: a residual branch that ends in it is the identity before training."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class Block(nn.Module):
    """Two convolutions with a residual connection, (B, inputs, H, W) -> (B, outputs, H, W), modulated by (B, E)."""

    def __init__(self, inputs: int, outputs: int, embedding: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = _norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.modulation = nn.Linear(embedding, 2 * outputs)
        self.norm2, self.conv2 = _norm(outputs), _zeroed(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.conv1(F.silu(_normalised(self.norm1, x)).to(x.dtype))
        scale, shift = self.modulation(embedding)[:, :, None, None].chunk(2, dim=1)
        h = _normalised(self.norm2, h)
        h = torch.addcmul(shift.to(h.dtype), h, (1 + scale).to(h.dtype))
        return self.shortcut(x) + self.conv2(F.silu(h).to(x.dtype))


class Attention(nn.Module):
    """Self-attention over all positions, as a residual: (B, C, H, W) -> (B, C, H, W)."""

    def __init__(self, channels: int, head: int = 64) -> None:
        super().__init__()
        self.heads = max(1, channels // head)
        self.norm = _norm(channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = _zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        qkv = self.qkv(_normalised(self.norm, x).to(x.dtype)).reshape(b, 3, self.heads, c // self.heads, h * w)
        q, k, v = qkv.transpose(-1, -2).unbind(1)  # each (B, heads, HW, C / heads)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return x + self.out(mixed.transpose(-1, -2).reshape(b, c, h, w))


class UNet(nn.Module):
    """The network F(x, c_noise, label): x (B, C, H, W) of any size, c_noise (B,), label (B,) int64 -> (B, C, H, W)."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.channels * m for m in config.multipliers]
        embedding = 4 * config.channels
        self.noise_embedding = nn.Sequential(
            nn.Linear(2 * config.channels, embedding), nn.SiLU(), nn.Linear(embedding, embedding)
        )
        self.label_embedding = nn.Embedding(config.classes + 1, embedding)
        nn.init.normal_(self.label_embedding.weight, std=0.1)

        folded = config.colours * config.fold**2
        self.stem = nn.Conv2d(folded, widths[0], 3, padding=1)
        self.encoder, self.downs = nn.ModuleList(), nn.ModuleList()
        for i, width in enumerate(widths):
            self.encoder.append(nn.ModuleList(Block(width, width, embedding) for _ in range(config.blocks)))
            if i + 1 < len(widths):
                self.downs.append(nn.Conv2d(width, widths[i + 1], 3, stride=2, padding=1))
        self.middle1 = Block(widths[-1], widths[-1], embedding)
        self.attention = Attention(widths[-1])
        self.middle2 = Block(widths[-1], widths[-1], embedding)
        self.squeeze: nn.Module = nn.Identity()
        if config.bottleneck:
            self.squeeze = nn.Sequential(
                nn.Conv2d(widths[-1], config.bottleneck, 1), nn.Conv2d(config.bottleneck, widths[-1], 1)
            )
        self.decoder, self.ups = nn.ModuleList(), nn.ModuleList()
        for i in reversed(range(len(widths))):
            inputs = 2 * widths[i] if config.skips else widths[i]
            self.decoder.append(nn.ModuleList(Block(inputs, widths[i], embedding) for _ in range(config.blocks)))
            if i > 0:
                self.ups.append(nn.Conv2d(widths[i], widths[i - 1], 3, padding=1))
        self.head_norm = _norm(widths[0])
        self.head = _zeroed(nn.Conv2d(widths[0], folded, 3, padding=1))

    def compute_in(self, dtype: torch.dtype) -> UNet:
        """Convert the convolutions to `dtype` and return self; call it on the final device.

        Cheap parts stay in float32, which reduces the error of a picture sampled in bfloat16 to a quarter: the
        embeddings and the norms' scales, whose rounding shifts whole channels, and the head, whose rounding is that of
        the output. On devices other than the CPU the norms are converted too, because mixed types are not supported.
        """
        on_cpu = self.stem.weight.device.type == "cpu"
        for module in self.modules():
            if isinstance(module, nn.Conv2d if on_cpu else (nn.Conv2d, nn.GroupNorm)) and module is not self.head:
                module.to(dtype)
        return self

    def embed(self, c_noise: Tensor, label: Tensor) -> Tensor:
        """Return the embedding (B, E) of c_noise (B,) and label (B,) that all blocks share."""
        features = fourier_features(c_noise, self.config.channels).to(self.label_embedding.weight.dtype)
        return F.silu(self.noise_embedding(features) + self.label_embedding(label))

    def forward(self, x: Tensor, c_noise: Tensor, label: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        embedding = self.embed(c_noise, label)
        x = pad_to_multiple(x.to(self.stem.weight.dtype), self.config.stride)
        h = self.stem(F.pixel_unshuffle(x, self.config.fold))
        skips = []
        for i, blocks in enumerate(cast("list[nn.ModuleList]", self.encoder)):
            for block in blocks:
                h = block(h, embedding)
                skips.append(h)
            if i < len(self.downs):
                h = self.downs[i](h)
        h = self.middle2(self.squeeze(self.attention(self.middle1(h, embedding))), embedding)
        for i, blocks in enumerate(cast("list[nn.ModuleList]", self.decoder)):
            for block in blocks:
                h = block(torch.cat([h, skips.pop()], dim=1) if self.config.skips else h, embedding)
            if i < len(self.ups):
                h = self.ups[i](F.interpolate(h, scale_factor=2.0, mode="nearest"))
        h = F.silu(_normalised(self.head_norm, h)).to(self.head.weight.dtype)
        out = F.pixel_shuffle(self.head(h), self.config.fold)
        return out[..., :height, :width]


def pad_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """Return x (B, C, H, W), H, W >= 1, with its last row and column repeated until both sides are multiples."""
    height, width = x.shape[-2:]
    extra = (math.ceil(width / multiple) * multiple - width, math.ceil(height / multiple) * multiple - height)
    return F.pad(x, (0, extra[0], 0, extra[1]), mode="replicate") if any(extra) else x
