"""The pictures that visitors have uploaded, for a while, and the examples, for ever."""

from __future__ import annotations

import hashlib

import numpy as np

from explorer import examples
from explorer.engine.cache import Cache
from explorer.errors import RequestRefused

KEPT_PICTURES = 64


class PictureStore:
    """Decoded pictures by name."""

    def __init__(self) -> None:
        self._kept: Cache[np.ndarray] = Cache(KEPT_PICTURES)
        self._examples = {example.name for example in examples.EXAMPLES}

    def add(self, picture: np.ndarray) -> str:
        """Keep a picture (H, W, 3) uint8 for a while; returns its id, which depends on its pixels alone."""
        shape = "x".join(map(str, picture.shape))
        name = "upload-" + hashlib.blake2b(picture.tobytes() + shape.encode(), digest_size=12).hexdigest()
        self._kept.put(name, picture)
        return name

    def get(self, name: str) -> np.ndarray:
        """The picture of that id or example name, uint8 (H, W, 3). Raises RequestRefused when it is not kept."""
        picture = self._kept.get(name)
        if picture is not None:
            return picture
        if name not in self._examples:
            raise RequestRefused("This picture is no longer kept here; please upload it again.")
        return examples.load(name)
