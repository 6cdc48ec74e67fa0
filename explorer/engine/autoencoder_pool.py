"""The autoencoders as the engine calls them: each loaded when it is first needed, through the shared batcher."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from torch import nn

from explorer.autoencoders import AUTOENCODERS, FOLDER, load_autoencoder
from explorer.core.denoiser import Denoiser
from explorer.errors import RequestRefused, WeightsRefused
from explorer.schemas.autoencoders import MissingAutoencoder

Kind = TypeVar("Kind", bound=nn.Module)


class AutoencoderPool:
    """All autoencoders by name; one whose weight file is missing or damaged does not affect the others. Thread-safe."""

    def __init__(self, batched: Callable[[Denoiser], Denoiser], folder: Path = FOLDER) -> None:
        """Load from the weight files in `folder`; `batched` turns a model into calls that share forward passes."""
        self._batched, self._folder = batched, folder
        self._loaded: dict[str, nn.Module] = {}

    def network(self, name: str, kind: type[Kind]) -> Kind:
        """Return the network itself, of class `kind`.

        Raises RequestRefused when it cannot be loaded, and TypeError when it is of another class.
        """
        network = self._load(name)
        if not isinstance(network, kind):
            raise TypeError(f"'{name}' is a {type(network).__name__}, not a {kind.__name__}")
        return network

    def denoiser(self, name: str) -> Denoiser:
        """Return the autoencoder on the shared batcher. Raises RequestRefused when it cannot be loaded."""
        return self._batched(self._load(name))

    def missing(self, name: str) -> MissingAutoencoder | None:
        """Load the autoencoder; return why that fails, or None. A repaired weight file is found at the next call."""
        if name in self._loaded:
            return None
        try:
            self._loaded[name] = load_autoencoder(name, folder=self._folder)
        except WeightsRefused as error:
            info = AUTOENCODERS[name]
            return MissingAutoencoder(name, info.title, info.group, info.code, info.numbers, str(error))
        return None

    def available(self, names: Iterable[str]) -> tuple[list[str], tuple[MissingAutoencoder, ...]]:
        """Split names into those of autoencoders that can be called, and the missing ones with their reasons."""
        found = {name: self.missing(name) for name in names}
        missing = tuple(reason for reason in found.values() if reason is not None)
        return [name for name, reason in found.items() if reason is None], missing

    def _load(self, name: str) -> nn.Module:
        if missing := self.missing(name):
            raise RequestRefused(missing.reason)
        return self._loaded[name]
