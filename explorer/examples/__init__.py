"""The nine example photographs of the explorer, under free licences; see ATTRIBUTION.md."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.images.decoder import decode, fit, to_data

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """An example picture with its attribution."""

    name: str  # in requests
    file: str  # in this folder
    title: str  # two or three words
    alt: str  # text alternative, one sentence
    author: str
    licence: str  # SPDX identifier
    source: str


EXAMPLES: tuple[Example, ...] = tuple(
    Example(**entry) for entry in json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))
)
_FILES = {example.name: FOLDER / example.file for example in EXAMPLES}


@lru_cache(maxsize=len(EXAMPLES))
def load(name: str) -> NDArray[np.uint8]:
    """Return the example of that name, uint8 (H, W, 3), read-only. Raise KeyError for an unknown name."""
    picture = decode(_FILES[name].read_bytes())
    picture.flags.writeable = False  # the cached array is shared by all callers
    return picture


def views(size: int) -> NDArray[np.float32]:
    """Return all examples at one size, each followed by its mirror image, in data units.

    float32 (2 * len(EXAMPLES), 3, size, size) in [-1, 1], in the order of EXAMPLES.
    """
    whole = [to_data(fit(load(example.name), size)) for example in EXAMPLES]
    return np.stack([view for x in whole for view in (x, x[..., ::-1])])
