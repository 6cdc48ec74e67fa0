"""The denoisers that a request can name, in calls that share forward passes on one device."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer import examples, weights
from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.guidance import class_guided
from explorer.core.denoisers.wiener import Ideal, Wiener
from explorer.engine.loading import load
from explorer.errors import ModelUnavailable, RequestRefused, WeightsRefused
from explorer.inference.batcher import PICTURE_PIXELS, Batcher
from explorer.inference.replicas.client import Replicas

ANY = "any"  # the label that names no class
MAX_NAMED_CLASSES = 9  # in the sentence that refuses a class


class Models:
    """The network, the Wiener filter and the ideal denoiser as one caller of the batcher sees them. Thread-safe."""

    def __init__(
        self,
        model: str,
        device: torch.device,
        dtype: torch.dtype,
        chunk: int = 8,
        compiled: bool = False,
        replicas: Replicas | None = None,
    ) -> None:
        """Load the network of that name in weights/, or hub:OWNER/NAME@REVISION. Raises WeightsRefused.

        chunk: pictures of 128x128 that share a forward pass at most. replicas: of the network on other machines; it
        is not loaded here then, and the other two run on the CPU here.
        """
        self.device, self.dtype, self.replicas = device, dtype, replicas
        self._network: Callable[[Callable[[], bool], bool], Denoiser]  # (cancelled, background) -> one caller's view
        self.card: dict[str, Any]  # of the network
        if replicas is None:
            network, self.card = load(model, device, dtype, compiled)
            self.batcher = Batcher(device, max_pixels=chunk * PICTURE_PIXELS)
            self._network = partial(self.batcher.denoiser, network)
        else:
            self.card = replicas.info.card
            self.batcher = Batcher("cpu")
            self._network = replicas.denoiser
        self._wiener = _load_wiener()
        self._hashes: dict[str, str] = {m: weights.identity(self.card_of(m)) for m in ("network", "wiener")}
        self._ideal: dict[int, Denoiser] = {}

    @property
    def parallel_networks(self) -> int:
        """The number of networks that compute at the same time: that of the replicas at most, or 1."""
        return self.replicas.max_replicas if self.replicas is not None else 1

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the network, 'any' last where it has been trained without a class, too."""
        return tuple(self.card["classes"])

    @property
    def default_label(self) -> str:
        """The label that stands for 'any': the first class of a network that was never trained without one."""
        return ANY if ANY in self.classes else self.classes[0]

    def card_of(self, model: str) -> dict[str, Any]:
        """Return the card of "network", "wiener" or "ideal".

        It holds the name and, where there is a weight file, its sha256; the ideal denoiser has none, but pictures.
        """
        if model == "ideal":
            return {"name": "ideal denoiser", "purpose": f"mixture of {len(examples.EXAMPLES)} example pictures' views"}
        return self.card if model == "network" else weights.card(model)

    def hash_of(self, model: str) -> str:
        """Return the sha256 of the weight file of "network" or "wiener"; "ideal" has none and stands for itself."""
        return self._hashes.get(model, model)

    def check_label(self, label: str) -> None:
        """Raise RequestRefused unless the label is 'any' or a class of the network."""
        if label != ANY and label not in self.classes:
            more = " and so on" if len(self.classes) > MAX_NAMED_CLASSES else ""
            known = ", ".join(self.classes[:MAX_NAMED_CLASSES]) + more
            raise RequestRefused(f"The class must be one of: {known}.")

    def denoiser(
        self,
        model: str,
        size: int,
        label: str = "any",
        guidance: float = 1.0,
        stopped: Callable[[], bool] | None = None,
    ) -> Denoiser:
        """Return the denoiser "network", "wiener" or "ideal" for pictures of this size, with its class and guidance.

        label: class of the network, which the others ignore. guidance: weight of the class against 'any', 1 for none.
        stopped: as of `batched`. Raises RequestRefused for an unknown class, and for guidance that the network cannot
        have.
        """
        self.check_label(label)
        if model == "network":
            label = self.default_label if label == ANY else label
            network = _refusing(self._network(stopped or _never, stopped is not None))
            return self._conditioned(network, label, guidance)
        if model == "wiener":
            return self.batched(self._wiener, stopped)
        if size not in self._ideal:
            self._ideal[size] = Ideal(torch.as_tensor(examples.views(size)))
        return self.batched(self._ideal[size], stopped)

    def _conditioned(self, network: Denoiser, label: str, guidance: float) -> Denoiser:
        """Return the network with a class, guided away from 'any' by that weight. Raises RequestRefused."""
        if label == ANY or guidance == 1:
            guidance = 1.0
        elif ANY not in self.classes:
            raise RequestRefused("This model was never trained without a class, so it cannot be guided: use weight 1.")
        return class_guided(network, self.classes.index(label), guidance, len(self.classes) - 1)

    def training_spectrum(self, size: int) -> NDArray[np.float64]:
        """Return the power (R,) of the training pictures at the annuli of size x size pixels, mean of the colours."""
        spectrum: NDArray[np.float64] = self._wiener.spectrum(size, size).mean(0)
        return spectrum

    def batched(self, model: Denoiser, stopped: Callable[[], bool] | None = None) -> Denoiser:
        """Return any model as calls that share forward passes with all other callers. The calls raise RequestRefused.

        stopped: given for work in the background, for which no visitor waits; once it is true, calls raise Cancelled.
        """
        return _refusing(self.batcher.denoiser(model, stopped or _never, background=stopped is not None))

    def close(self) -> None:
        """Make calls under way and all later ones raise RequestRefused, and end the replicas."""
        self.batcher.close()
        if self.replicas is not None:
            self.replicas.close()


def _load_wiener() -> Wiener:
    wiener = weights.load("wiener")
    if not isinstance(wiener, Wiener):
        raise WeightsRefused("The weight file of 'wiener' holds another kind of model.")
    return wiener


def _never() -> bool:
    return False


def _refusing(denoiser: Denoiser) -> Denoiser:
    """Return the denoiser; its calls raise RequestRefused where it has no answer."""

    def call(x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        try:
            return denoiser(x, sigma, label)
        except (FloatingPointError, ModelUnavailable) as error:
            raise RequestRefused(str(error)) from None

    return call
