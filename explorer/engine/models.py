"""The denoisers that a request can name, as calls that take turns on one device."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from explorer import examples, weights
from explorer.api import RequestRefused
from explorer.backends.worker import Worker
from explorer.core.analytic import Ideal
from explorer.core.denoiser import Denoiser
from explorer.core.guidance import class_guided

NOT_FINITE = "The model gave a result that is not a number here; another size or level may work."


class Models:
    """The network, the Wiener filter and the ideal denoiser, on CPU tensors whatever the device is."""

    def __init__(self, model: str, device: torch.device, dtype: torch.dtype) -> None:
        """Raises WeightsRefused."""
        self.card, self.device, self.dtype = weights.card(model), device, dtype
        self._network = weights.load(model, device, dtype)
        self._wiener = weights.load("wiener")
        self._ideal: dict[int, Denoiser] = {}
        self._worker = Worker()
        self.network = self._in_turn(self._on_device)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that the network knows, 'any' last."""
        return tuple(self.card["classes"])

    def card_of(self, model: str) -> dict:
        """The card of "network", "wiener" or "ideal"; the last one has no file, but the pictures it knows."""
        if model == "ideal":
            return {"name": "ideal denoiser", "purpose": f"mixture of {len(examples.EXAMPLES)} example pictures' views"}
        return self.card if model == "network" else weights.card(model)

    def check_label(self, label: str) -> None:
        """Raises RequestRefused unless the network knows the class."""
        if label not in self.classes:
            raise RequestRefused(f"The class must be one of: {', '.join(self.classes)}.")

    def denoiser(self, model: str, size: int, label: str = "any", guidance: float = 1.0) -> Denoiser:
        """The denoiser for pictures of this size, class and guidance being part of it. Raises RequestRefused."""
        self.check_label(label)
        if model == "network":
            index, unnamed = self.classes.index(label), len(self.classes) - 1
            return class_guided(self.network, index, 1.0 if index == unnamed else guidance, unnamed)
        if model == "wiener":
            return self._in_turn(self._wiener)
        if size not in self._ideal:
            self._ideal[size] = Ideal(torch.from_numpy(examples.views(size)))
        return self._in_turn(self._ideal[size])

    def training_spectrum(self, size: int) -> np.ndarray:
        """Power (R,) of the training pictures at the annuli of a size x size picture, mean of the colours."""
        return self._wiener.spectrum(size, size).mean(0)

    def _in_turn(self, denoiser: Denoiser) -> Denoiser:
        def call(x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
            return self._worker(_evaluated, denoiser, x, sigma, label)

        return call

    def _on_device(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        sigma = torch.as_tensor(sigma, dtype=torch.float32, device=self.device)
        label = None if label is None else label.to(self.device)
        return self._network(x.to(self.device), sigma, label).float().cpu()


@torch.inference_mode()
def _evaluated(denoiser: Denoiser, x: Tensor, sigma: Tensor | float, label: Tensor | None) -> Tensor:
    estimate = denoiser(x, sigma, label)
    if not bool(estimate.isfinite().all()):
        raise RequestRefused(NOT_FINITE)
    return estimate
