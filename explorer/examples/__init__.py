"""The example pictures that come with the explorer: nine photographs under free licences, see ATTRIBUTION.md."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from explorer.images.decoder import decode, fit, to_data

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """One picture and what must be said about it."""

    name: str  # how requests call it
    file: str  # in this folder
    title: str  # two or three words
    alt: str  # one sentence, for who cannot see it
    author: str
    licence: str  # SPDX identifier
    source: str


EXAMPLES: tuple[Example, ...] = tuple(
    Example(**entry) for entry in json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))
)
_FILES = {example.name: FOLDER / example.file for example in EXAMPLES}


@lru_cache(maxsize=len(EXAMPLES))
def load(name: str) -> np.ndarray:
    """The example of that name, uint8 (H, W, 3), read-only. Raises KeyError for an unknown name."""
    picture = decode(_FILES[name].read_bytes())
    picture.flags.writeable = False  # shared by all who ask
    return picture


def views(size: int) -> np.ndarray:
    """All examples and their mirror images at one size: float32 (2 * len(EXAMPLES), 3, size, size) in [-1, 1].

    In the order of EXAMPLES, each followed by its mirror image.
    """
    whole = [to_data(fit(load(example.name), size)) for example in EXAMPLES]
    return np.stack([view for x in whole for view in (x, x[..., ::-1])])
