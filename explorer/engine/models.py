"""The denoisers that a request can name, as calls that share forward passes on one device."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from explorer import examples, weights
from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.guidance import class_guided
from explorer.core.denoisers.wiener import Ideal
from explorer.engine.loading import load
from explorer.errors import ModelUnavailable, RequestRefused
from explorer.inference.batcher import PICTURE_PIXELS, Batcher
from explorer.inference.replicas.client import Replicas

ANY = "any"


class Models:
    """The network, the Wiener filter and the ideal denoiser, each as one caller of the batcher sees it."""

    def __init__(
        self,
        model: str,
        device: torch.device,
        dtype: torch.dtype,
        chunk: int = 8,
        compiled: bool = False,
        replicas: Replicas | None = None,
    ) -> None:
        """chunk: pictures of 128x128 that share a forward pass at most. Raises WeightsRefused.

        replicas: where the network runs elsewhere; it is not loaded here then, and all else runs on the CPU here.
        """
        self.device, self.dtype, self.replicas = device, dtype, replicas
        if replicas is None:
            self._network, self.card = load(model, device, dtype, compiled)
        else:
            self._network, self.card = None, replicas.info.card
        self._wiener = weights.load("wiener")
        self._hashes = {"network": self.card["sha256"], "wiener": weights.card("wiener")["sha256"]}
        self._ideal: dict[int, Denoiser] = {}
        self.batcher = Batcher(device, max_pixels=chunk * PICTURE_PIXELS) if replicas is None else Batcher("cpu")

    @property
    def places(self) -> int:
        """Networks that compute at the same time: as many as there are replicas at most, or the one here."""
        return self.replicas.max_replicas if self.replicas is not None else 1

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

    def hash_of(self, model: str) -> str:
        """What "network", "wiener" or "ideal" computes with: the hash of its weight file, or the name without one."""
        return self._hashes.get(model, model)

    def check_label(self, label: str) -> None:
        """Raises RequestRefused unless the network knows the class; 'any' it may always be told."""
        if label != ANY and label not in self.classes:
            known = ", ".join(self.classes[:9]) + (" and so on" if len(self.classes) > 9 else "")
            raise RequestRefused(f"The class must be one of: {known}.")

    def denoiser(
        self,
        model: str,
        size: int,
        label: str = "any",
        guidance: float = 1.0,
        stopped: Callable[[], bool] | None = None,
    ) -> Denoiser:
        """The denoiser for pictures of this size, class and guidance being part of it. Raises RequestRefused.

        stopped: see `in_turn`.
        """
        self.check_label(label)
        if model == "network":
            told = self.default_label if label == ANY else label
            return self._told(self._network_in_turn(stopped), told, guidance)
        if model == "wiener":
            return self.in_turn(self._wiener, stopped)
        if size not in self._ideal:
            self._ideal[size] = Ideal(torch.from_numpy(examples.views(size)))
        return self.in_turn(self._ideal[size], stopped)

    def _told(self, network: Denoiser, label: str, guidance: float) -> Denoiser:
        """The network told a class, and guided away from 'any' where it can be told that. Raises RequestRefused."""
        if label == ANY or guidance == 1:
            guidance = 1.0
        elif ANY not in self.classes:
            raise RequestRefused("This model was never trained without a class, so it cannot be guided: use weight 1.")
        return class_guided(network, self.classes.index(label), guidance, len(self.classes) - 1)

    def training_spectrum(self, size: int) -> np.ndarray:
        """Power (R,) of the training pictures at the annuli of a size x size picture, mean of the colours."""
        return self._wiener.spectrum(size, size).mean(0)

    def in_turn(self, model: Denoiser, stopped: Callable[[], bool] | None = None) -> Denoiser:
        """Any model in forward passes that are shared with everybody. Calls raise RequestRefused.

        stopped: for work in the background, whether it is no longer wanted; calls then raise Cancelled.
        """
        return _plainly(self.batcher.denoiser(model, stopped or _never, background=stopped is not None))

    def _network_in_turn(self, stopped: Callable[[], bool] | None) -> Denoiser:
        if self.replicas is None:
            return self.in_turn(self._network, stopped)
        return _plainly(self.replicas.denoiser(stopped or _never, background=stopped is not None))

    def close(self) -> None:
        """Calls under way and all later ones raise RequestRefused; replicas end."""
        self.batcher.close()
        if self.replicas is not None:
            self.replicas.close()


def _never() -> bool:
    return False


def _plainly(ask: Denoiser) -> Denoiser:
    """The denoiser, refusing a request where it has no answer."""

    def call(x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        try:
            return ask(x, sigma, label)
        except (FloatingPointError, ModelUnavailable) as error:
            raise RequestRefused(str(error)) from None

    return call
