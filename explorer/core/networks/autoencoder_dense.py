"""Dense denoising autoencoders of one picture each, as in the history: tied weights, rectified units.

    z = max(0, W x + b)      D(x) = W^T z + c        (Vincent et al. 2008, 2010)

Composite (Geras & Sutton 2016): the units are in parts, each trained on its own noise level of the same picture.
Stacked (Vincent et al. 2010): a second layer that is trained to undo the corruption of the first layer's code.
The rows of W are pictures: the filters.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.core.networks.autoencoder import COLOURS, SIZE, VALUES, Autoencoder, CodeConfig, check_size


def _rows(units: int, values: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(units, values) * values**-0.5)


class Dense(Autoencoder):
    """One hidden layer; config.code units, in config.entries parts where it is composite (0 or 1: not)."""

    def __init__(self, config: CodeConfig) -> None:
        super().__init__(config)
        if config.entries and config.code % config.entries:
            raise ValueError("the parts of a composite autoencoder are equally large")
        self.filters = _rows(config.code, VALUES)
        self.inner, self.outer = nn.Parameter(torch.zeros(config.code)), nn.Parameter(torch.zeros(VALUES))

    @property
    def parts(self) -> list[slice]:
        """The units of each part, in the order in which they are trained: highest noise first."""
        count = max(1, self.config.entries)
        each = self.config.code // count
        return [slice(i * each, (i + 1) * each) for i in range(count)]

    def encode(self, x: Tensor) -> Tensor:
        return self.encode_parts([x] * len(self.parts))

    def hidden(self, x: Tensor) -> Tensor:
        """What the units with filters answer, (B, units); the code itself where there is one layer."""
        return F.relu(F.linear(check_size(x).flatten(1), self.filters, self.inner))

    def encode_parts(self, xs: list[Tensor]) -> Tensor:
        """The code when each of the first len(xs) parts sees a version of its own; the rest is silent, 0."""
        codes = [
            F.relu(F.linear(check_size(x).flatten(1), self.filters[part], self.inner[part]))
            for x, part in zip(xs, self.parts, strict=False)
        ]
        code = torch.cat(codes, dim=1)
        return F.pad(code, (0, self.config.code - code.shape[1]))

    def decode(self, code: Tensor) -> Tensor:
        return (code @ self.filters + self.outer).unflatten(1, (COLOURS, SIZE, SIZE))


class Stacked(Dense):
    """Two layers; config.channels units in the first, config.code in the second."""

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
        """Code of the second layer, (B, k), of a code of the first."""
        return F.relu(F.linear(code, self.top, self.top_inner))

    def encode(self, x: Tensor) -> Tensor:
        return self.second(self.hidden(x))

    def first_from_second(self, code: Tensor) -> Tensor:
        """The first layer's code as the second layer gives it back, (B, channels)."""
        return F.relu(code @ self.top + self.top_outer)

    def from_first(self, code: Tensor) -> Tensor:
        """The picture (B, 3, 32, 32) of a code of the first layer."""
        return super().decode(code)

    def decode(self, code: Tensor) -> Tensor:
        return self.from_first(self.first_from_second(code))
