"""A small classifier of clean pictures: its classes judge samples, its features compare sets of pictures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

MAX_NUMBER = 2048  # of channels, features or classes in a card


@dataclass(frozen=True)
class ClassifierConfig:
    """The shapes of a classifier; stored in the weight card."""

    channels: int = 32  # of the first level
    features: int = 64  # numbers that the head decides on
    classes: int = 7

    def to_json(self) -> dict[str, Any]:
        """Return the dictionary that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> ClassifierConfig:
        """Return the configuration in a card. Raise TypeError or ValueError for an impossible one."""
        config = cls(**fields)
        numbers = (config.channels, config.features, config.classes)
        if not all(type(n) is int and 1 <= n <= MAX_NUMBER for n in numbers):
            raise ValueError(f"a number of the architecture is not whole or not from 1 to {MAX_NUMBER}")
        return config


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(max(1, channels // 8), channels)


class Residual(nn.Module):
    """Two convolutions with a shortcut: (B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm1, self.norm2 = _norm(outputs), _norm(outputs)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, stride, stride)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm2(self.conv2(F.silu(self.norm1(self.conv1(x)))))
        return F.silu(self.shortcut(x) + h)


class Classifier(nn.Module):
    """Map pictures (B, 3, H, W) in data units to logits (B, classes); designed for 64x64."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config, c = config, config.channels
        self.body = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(12, c, 3, padding=1),
            Residual(c, 2 * c, stride=2),  # side 1/4 of the picture's
            Residual(2 * c, 4 * c, stride=2),  # 1/8
            Residual(4 * c, 4 * c),
            Residual(4 * c, 8 * c, stride=2),  # 1/16
        )
        self.project = nn.Linear(8 * c, config.features)
        self.head = nn.Linear(config.features, config.classes)

    def features(self, x: Tensor) -> Tensor:
        """Return the features (B, features) that the head decides on, in which sets of pictures are compared."""
        return self.project(self.body(x).mean((2, 3)))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.silu(self.features(x)))
