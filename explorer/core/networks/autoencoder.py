"""Autoencoders of fixed size: picture -> code -> picture, as Denoisers that ignore the noise level.

    D(x, sigma) = decode(encode(x))        code (B, k)

Here: what they share, and the linear ones. The best linear code of k numbers is the projection on the first k principal
components; its error is the sum of the other eigenvalues of the pixels' covariance (Baldi & Hornik 1989).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIZE = 32  # side of the pictures, pixels
COLOURS = 3
VALUES = COLOURS * SIZE**2  # numbers in a picture


@dataclass(frozen=True)
class CodeConfig:
    """Everything that fixes the shapes of an autoencoder; stored in the weight card. Its kind gives the meaning."""

    code: int  # numbers in the code; of a vector-quantised one, numbers per token
    channels: int = 32  # width of the first level of a convolutional one
    entries: int = 0  # size of the codebook, or number of parts of a composite one

    def to_json(self) -> dict:
        """The plain dictionary that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict) -> CodeConfig:
        """Rebuild from a card. Raises TypeError or ValueError on unknown or impossible fields."""
        config = cls(**fields)
        numbers = (config.code, config.channels)
        if not all(type(n) is int and 1 <= n <= 4096 for n in numbers) or not 0 <= config.entries <= 4096:
            raise ValueError("the architecture's numbers must be whole and positive")
        return config


def check_size(x: Tensor) -> Tensor:
    """x itself. Raises ValueError unless it is (B, 3, 32, 32)."""
    if x.ndim != 4 or x.shape[1:] != (COLOURS, SIZE, SIZE):
        raise ValueError(f"this autoencoder takes pictures of {SIZE}x{SIZE}, got {tuple(x.shape)}")
    return x


class Autoencoder(nn.Module):
    """Base of all: subclasses give encode (B, 3, 32, 32) -> (B, k) and decode (B, k) -> (B, 3, 32, 32)."""

    def __init__(self, config: CodeConfig) -> None:
        super().__init__()
        self.config = config

    def encode(self, x: Tensor) -> Tensor:
        """The code, (B, k). Raises ValueError for another size."""
        raise NotImplementedError

    def decode(self, code: Tensor) -> Tensor:
        """The picture, (B, 3, 32, 32), data units, of a code (B, k)."""
        raise NotImplementedError

    def forward(self, x: Tensor, sigma: Tensor | float = 0.0, label: Tensor | None = None) -> Tensor:
        """decode(encode(x)); sigma and label are ignored."""
        return self.decode(self.encode(x))


class Linear(Autoencoder):
    """code = E (x - mean), picture = D code + mean: one matrix each way."""

    def __init__(self, config: CodeConfig) -> None:
        super().__init__(config)
        self.encoder = nn.Parameter(torch.zeros(config.code, VALUES))
        self.decoder = nn.Parameter(torch.zeros(VALUES, config.code))
        self.mean = nn.Parameter(torch.zeros(VALUES))

    def encode(self, x: Tensor) -> Tensor:
        return F.linear(check_size(x).flatten(1) - self.mean, self.encoder)

    def decode(self, code: Tensor) -> Tensor:
        return (F.linear(code, self.decoder) + self.mean).unflatten(1, (COLOURS, SIZE, SIZE))


class PrincipalComponents(Autoencoder):
    """The exact linear autoencoder: rows of `components` (K, 3072) are orthonormal, greatest variance first.

    `use(k)` sets how many of them make the code.
    """

    def __init__(self, config: CodeConfig) -> None:
        super().__init__(config)
        self.components = nn.Parameter(torch.zeros(config.code, VALUES))
        self.mean = nn.Parameter(torch.zeros(VALUES))
        self.used = config.code

    def use(self, k: int) -> PrincipalComponents:
        """Make the code k numbers long; returns self. Raises ValueError unless 1 <= k <= components."""
        if not 1 <= k <= self.config.code:
            raise ValueError(f"there are {self.config.code} components, not {k}")
        self.used = k
        return self

    def encode(self, x: Tensor) -> Tensor:
        return F.linear(check_size(x).flatten(1) - self.mean, self.components[: self.used])

    def decode(self, code: Tensor) -> Tensor:
        return (code @ self.components[: self.used] + self.mean).unflatten(1, (COLOURS, SIZE, SIZE))


class Identity(Autoencoder):
    """A code as large as the picture: one matrix each way, from every block of 8x8 pixels to 192 numbers and back."""

    BLOCK = 8

    def __init__(self, config: CodeConfig) -> None:
        super().__init__(config)
        values = COLOURS * self.BLOCK**2
        if config.code != VALUES:
            raise ValueError(f"the code of the identity is as large as its input, {VALUES}")
        self.encoder, self.decoder = nn.Linear(values, values), nn.Linear(values, values)

    @classmethod
    def blocks(cls, x: Tensor) -> Tensor:
        """Every block of 8x8 pixels as a row, (B, 3, 32, 32) -> (B, 4, 4, 192)."""
        return F.pixel_unshuffle(check_size(x), cls.BLOCK).movedim(1, -1)

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(self.blocks(x)).flatten(1)

    def decode(self, code: Tensor) -> Tensor:
        side = SIZE // self.BLOCK
        blocks = self.decoder(code.unflatten(1, (side, side, -1)))
        return F.pixel_shuffle(blocks.movedim(-1, 1), self.BLOCK)
