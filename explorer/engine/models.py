"""The denoisers that a request can name, as calls that share forward passes on one device."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from explorer import examples, hub, weights
from explorer.api import RequestRefused
from explorer.backends.local import Batcher, Unavailable
from explorer.core.analytic import Ideal
from explorer.core.denoiser import Denoiser
from explorer.core.guidance import class_guided

ANY = "any"


class Models:
    """The network, the Wiener filter and the ideal denoiser, each as one caller of the batcher sees it."""

    def __init__(self, model: str, device: torch.device, dtype: torch.dtype) -> None:
        """Raises WeightsRefused."""
        self.device, self.dtype = device, dtype
        if model.startswith(hub.PREFIX):
            self._network, self.card = hub.load(model, device, dtype)
        else:
            self._network, self.card = weights.load(model, device, dtype), weights.card(model)
        self._wiener = weights.load("wiener")
        self._ideal: dict[int, Denoiser] = {}
        self.batcher = Batcher(device)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that the network knows, 'any' last where it has one."""
        return tuple(self.card["classes"])

    @property
    def default_label(self) -> str:
        """'any', or the first class of a network that cannot do without one."""
        return ANY if ANY in self.classes else self.classes[0]

    def card_of(self, model: str) -> dict:
        """The card of "network", "wiener" or "ideal"; the last one has no file, but the pictures it knows."""
        if model == "ideal":
            return {"name": "ideal denoiser", "purpose": f"mixture of {len(examples.EXAMPLES)} example pictures' views"}
        return self.card if model == "network" else weights.card(model)

    def check_label(self, label: str) -> None:
        """Raises RequestRefused unless the network knows the class; 'any' it may always be told."""
        if label != ANY and label not in self.classes:
            known = ", ".join(self.classes[:9]) + (" and so on" if len(self.classes) > 9 else "")
            raise RequestRefused(f"The class must be one of: {known}.")

    def denoiser(self, model: str, size: int, label: str = "any", guidance: float = 1.0) -> Denoiser:
        """The denoiser for pictures of this size, class and guidance being part of it. Raises RequestRefused."""
        self.check_label(label)
        if model == "network":
            return self._told(self.default_label if label == ANY else label, guidance)
        if model == "wiener":
            return self.in_turn(self._wiener)
        if size not in self._ideal:
            self._ideal[size] = Ideal(torch.from_numpy(examples.views(size)))
        return self.in_turn(self._ideal[size])

    def _told(self, label: str, guidance: float) -> Denoiser:
        """The network told a class, and guided away from 'any' where it can be told that. Raises RequestRefused."""
        if label == ANY or guidance == 1:
            guidance = 1.0
        elif ANY not in self.classes:
            raise RequestRefused("This model was never trained without a class, so it cannot be guided: use weight 1.")
        return class_guided(self.in_turn(self._network), self.classes.index(label), guidance, len(self.classes) - 1)

    def training_spectrum(self, size: int) -> np.ndarray:
        """Power (R,) of the training pictures at the annuli of a size x size picture, mean of the colours."""
        return self._wiener.spectrum(size, size).mean(0)

    def in_turn(self, model: Denoiser) -> Denoiser:
        """Any model in forward passes that are shared with everybody. Calls raise RequestRefused."""
        ask = self.batcher.denoiser(model)

        def call(x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
            try:
                return ask(x, sigma, label)
            except (FloatingPointError, Unavailable) as error:
                raise RequestRefused(str(error)) from None

        return call
