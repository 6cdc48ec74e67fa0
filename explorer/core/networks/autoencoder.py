"""Autoencoders of 32x32 pictures as Denoisers that ignore the noise level: the base class and the linear ones.

    D(x, sigma) = decode(encode(x))        code (B, k)

The best linear code of k numbers is the projection onto the first k principal components; its mean squared error is
the sum of the other eigenvalues of the pixels' covariance (Baldi & Hornik 1989).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIDE = 32  # of the pictures, pixels
COLOURS = 3
PICTURE_VALUES = COLOURS * SIDE**2  # numbers in a picture
MAX_NUMBER = 4096  # of code numbers, channels or entries in a card


@dataclass(frozen=True)
class CodeConfig:
    """The shapes of an autoencoder; stored in the weight card."""

    code: int  # numbers in the code; numbers per token where it is vector-quantised
    channels: int = 32  # width of the first level where it is convolutional, units of the first layer where stacked
    entries: int = 0  # size of the codebook, or number of parts where it is composite

    def to_json(self) -> dict[str, Any]:
        """Return the dictionary that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> CodeConfig:
        """Return the configuration in a card. Raise TypeError or ValueError for an impossible one."""
        config = cls(**fields)
        for number, least in ((config.code, 1), (config.channels, 1), (config.entries, 0)):
            if type(number) is not int or not least <= number <= MAX_NUMBER:
                raise ValueError(f"a number of the architecture is not whole or not from {least} to {MAX_NUMBER}")
        return config


def check_size(x: Tensor) -> Tensor:
    """Return x. Raise ValueError unless it is (B, 3, 32, 32)."""
    if x.ndim != 4 or x.shape[1:] != (COLOURS, SIDE, SIDE):
        raise ValueError(f"this autoencoder takes pictures of {SIDE}x{SIDE}, got {tuple(x.shape)}")
    return x


class Autoencoder(nn.Module):
    """Base class: subclasses define `encode` and `decode`."""

    def __init__(self, config: CodeConfig) -> None:
        super().__init__()
        self.config = config

    def encode(self, x: Tensor) -> Tensor:
        """Return the code (B, k) of x (B, 3, 32, 32), data units. Raise ValueError for another size."""
        raise NotImplementedError

    def decode(self, code: Tensor) -> Tensor:
        """Return the picture (B, 3, 32, 32), data units, of a code (B, k)."""
        raise NotImplementedError

    def forward(self, x: Tensor, sigma: Tensor | float = 0.0, label: Tensor | None = None) -> Tensor:
        """Return decode(encode(x)), (B, 3, 32, 32); sigma and label are ignored."""
        return self.decode(self.encode(x))


class Linear(Autoencoder):
    """Linear autoencoder: code = E (x - mean), picture = D code + mean."""

    def __init__(self, config: CodeConfig) -> None:
        super().__init__(config)
        self.encoder = nn.Parameter(torch.zeros(config.code, PICTURE_VALUES))
        self.decoder = nn.Parameter(torch.zeros(PICTURE_VALUES, config.code))
        self.mean = nn.Parameter(torch.zeros(PICTURE_VALUES))

    def encode(self, x: Tensor) -> Tensor:
        return F.linear(check_size(x).flatten(1) - self.mean, self.encoder)

    def decode(self, code: Tensor) -> Tensor:
        return (F.linear(code, self.decoder) + self.mean).unflatten(1, (COLOURS, SIDE, SIDE))


class PrincipalComponents(Autoencoder):
    """The optimal linear autoencoder: rows of `components` (K, 3072) are orthonormal, greatest variance first.

    `truncate(k)` sets how many of them the code uses; all K by default.
    """

    def __init__(self, config: CodeConfig) -> None:
        super().__init__(config)
        self.components = nn.Parameter(torch.zeros(config.code, PICTURE_VALUES))
        self.mean = nn.Parameter(torch.zeros(PICTURE_VALUES))
        self.code_size = config.code

    def truncate(self, k: int) -> PrincipalComponents:
        """Use the first k components and return self. Raise ValueError unless 1 <= k <= K."""
        if not 1 <= k <= self.config.code:
            raise ValueError(f"there are {self.config.code} components, not {k}")
        self.code_size = k
        return self

    def encode(self, x: Tensor) -> Tensor:
        return F.linear(check_size(x).flatten(1) - self.mean, self.components[: self.code_size])

    def decode(self, code: Tensor) -> Tensor:
        return (code @ self.components[: self.code_size] + self.mean).unflatten(1, (COLOURS, SIDE, SIDE))


class Identity(Autoencoder):
    """Autoencoder with a code as large as the picture: one matrix each way for every block of 8x8 pixels."""

    BLOCK = 8

    def __init__(self, config: CodeConfig) -> None:
        super().__init__(config)
        values = COLOURS * self.BLOCK**2
        if config.code != PICTURE_VALUES:
            raise ValueError(f"the code of the identity is as large as its input, {PICTURE_VALUES}")
        self.encoder, self.decoder = nn.Linear(values, values), nn.Linear(values, values)

    @classmethod
    def blocks(cls, x: Tensor) -> Tensor:
        """Return every block of 8x8 pixels as a row, (B, 3, 32, 32) -> (B, 4, 4, 192)."""
        return F.pixel_unshuffle(check_size(x), cls.BLOCK).movedim(1, -1)

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(self.blocks(x)).flatten(1)

    def decode(self, code: Tensor) -> Tensor:
        side = SIDE // self.BLOCK
        blocks = self.decoder(code.unflatten(1, (side, side, -1)))
        return F.pixel_shuffle(blocks.movedim(-1, 1), self.BLOCK)
