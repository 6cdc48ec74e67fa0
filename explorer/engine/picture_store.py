"""Decoded pictures by name: the examples for ever, the latest uploads of all visitors as far as there is room."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from explorer import examples
from explorer.engine.cache import Cache
from explorer.errors import RequestRefused

MAX_UPLOADS = 64  # pictures of all visitors together, of at most 3 MB each
ID_BYTES = 12  # of the hash in an upload's name: no two of them meet by chance


class PictureStore:
    """Pictures as uint8 (H, W, 3) arrays; thread-safe."""

    def __init__(self) -> None:
        self._uploads: Cache[NDArray[np.uint8]] = Cache(MAX_UPLOADS)
        self._examples = {example.name for example in examples.EXAMPLES}

    def add(self, picture: NDArray[np.uint8]) -> str:
        """Store a picture (H, W, 3) uint8 and return its name, a hash of shape and pixels."""
        shape = "x".join(map(str, picture.shape))
        digest = hashlib.blake2b(picture.tobytes() + shape.encode(), digest_size=ID_BYTES).hexdigest()
        self._uploads.put(f"upload-{digest}", picture)
        return f"upload-{digest}"

    def get(self, name: str) -> NDArray[np.uint8]:
        """Return the upload or example of that name, uint8 (H, W, 3).

        Raises RequestRefused when there is no such example, or when the upload has been evicted.
        """
        picture = self._uploads.get(name)
        if picture is not None:
            return picture
        if name not in self._examples:
            raise RequestRefused("This picture is no longer kept here; please upload it again.")
        return examples.load(name)
