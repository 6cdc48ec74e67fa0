"""Dense denoising autoencoders of the early literature: tied weights, rectified units.

    z = max(0, W x + b)      D(x) = W^T z + c        (Vincent et al. 2008, 2010)

Composite (Geras & Sutton 2016): the units are divided into parts, each trained at a noise level of its own.
Stacked (Vincent et al. 2010): a second layer is trained to undo corruption of the first layer's code.
The rows of W are pictures: the filters.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.core.networks.autoencoder import COLOURS, PICTURE_VALUES, SIDE, Autoencoder, CodeConfig, check_size


def _rows(units: int, values: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(units, values) * values**-0.5)


class Dense(Autoencoder):
    """One hidden layer of config.code units, divided into config.entries parts where it is composite (0 or 1: not)."""

    def __init__(self, config: CodeConfig) -> None:
        super().__init__(config)
        if config.entries and config.code % config.entries:
            raise ValueError("the parts of a composite autoencoder are equally large")
        self.filters = _rows(config.code, PICTURE_VALUES)
        self.inner, self.outer = nn.Parameter(torch.zeros(config.code)), nn.Parameter(torch.zeros(PICTURE_VALUES))

    @property
    def parts(self) -> list[slice]:
        """The units of each part, in the order of their training: highest noise first."""
        count = max(1, self.config.entries)
        each = self.config.code // count
        return [slice(i * each, (i + 1) * each) for i in range(count)]

    def encode(self, x: Tensor) -> Tensor:
        return self.encode_parts([x] * len(self.parts))

    def hidden(self, x: Tensor) -> Tensor:
        """Return the activations of the first layer, (B, units); with one layer this is the code."""
        return F.relu(F.linear(check_size(x).flatten(1), self.filters, self.inner))

    def encode_parts(self, xs: list[Tensor]) -> Tensor:
        """Return the code (B, k) where part i sees xs[i], (B, 3, 32, 32); parts without a picture give 0."""
        codes = [
            F.relu(F.linear(check_size(x).flatten(1), self.filters[part], self.inner[part]))
            for x, part in zip(xs, self.parts, strict=False)
        ]
        code = torch.cat(codes, dim=1)
        return F.pad(code, (0, self.config.code - code.shape[1]))

    def decode(self, code: Tensor) -> Tensor:
        return (code @ self.filters + self.outer).unflatten(1, (COLOURS, SIDE, SIDE))


class Stacked(Dense):
    """Two layers: config.channels units in the first, config.code in the second."""

    def __init__(self, config: CodeConfig) -> None:
        super().__init__(CodeConfig(config.channels))
        self.config = config
        self.top = _rows(config.code, config.channels)
        self.top_inner = nn.Parameter(torch.zeros(config.code))
        self.top_outer = nn.Parameter(torch.zeros(config.channels))

    @property
    def parts(self) -> list[slice]:
        return [slice(0, self.config.channels)]

    def second(self, code: Tensor) -> Tensor:
        """Return the second layer's code (B, k) of a first layer's code (B, channels)."""
        return F.relu(F.linear(code, self.top, self.top_inner))

    def encode(self, x: Tensor) -> Tensor:
        return self.second(self.hidden(x))

    def first_from_second(self, code: Tensor) -> Tensor:
        """Return the reconstruction (B, channels) of the first layer's code from the second layer's, (B, k)."""
        return F.relu(code @ self.top + self.top_outer)

    def from_first(self, code: Tensor) -> Tensor:
        """Return the picture (B, 3, 32, 32) of a first layer's code (B, channels)."""
        return super().decode(code)

    def decode(self, code: Tensor) -> Tensor:
        return self.from_first(self.first_from_second(code))
