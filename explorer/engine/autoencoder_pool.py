"""The members of the family as the engine calls them: loaded when first needed, a bad file leaving one member out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import torch

from explorer.autoencoders import AUTOENCODERS, FOLDER, load_autoencoder
from explorer.core.denoiser import Denoiser
from explorer.errors import RequestRefused, WeightsRefused
from explorer.schemas.autoencoders import MissingAutoencoder

InTurn = Callable[[Denoiser], Denoiser]


class AutoencoderPool:
    """All members by name, called through the batcher by `in_turn`; safe to use from many threads."""

    def __init__(self, in_turn: InTurn, folder: Path = FOLDER) -> None:
        """folder: of the weight files."""
        self._in_turn, self._folder = in_turn, folder
        self._loaded: dict[str, torch.nn.Module] = {}

    def __getitem__(self, name: str) -> torch.nn.Module:
        """The member itself. Raises RequestRefused."""
        if refused := self.missing(name):
            raise RequestRefused(refused.reason)
        return self._loaded[name]

    def denoiser(self, name: str) -> Denoiser:
        """The member as one caller of the batcher sees it. Raises RequestRefused."""
        return self._in_turn(self[name])

    def missing(self, name: str) -> MissingAutoencoder | None:
        """Why the member cannot be asked, None where it can; a file that is put right is taken at the next question."""
        if name in self._loaded:
            return None
        try:
            self._loaded[name] = load_autoencoder(name, folder=self._folder)
        except WeightsRefused as refusal:
            info = AUTOENCODERS[name]
            return MissingAutoencoder(name, info.title, info.group, info.code, info.numbers, str(refusal))
        return None

    def available(self, names: Iterable[str]) -> tuple[list[str], tuple[MissingAutoencoder, ...]]:
        """Those that can be asked, and those that are left out."""
        asked = {name: self.missing(name) for name in names}
        return [n for n, out in asked.items() if out is None], tuple(out for out in asked.values() if out is not None)
