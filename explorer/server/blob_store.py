"""A bounded store in memory of binary answers (blobs), which the page fetches by unguessable names.

Gradio sends a component's value as JSON and copies it several times in the browser. The value therefore only names
the parts of an answer, and the page fetches each part, with its pictures and noise, as bytes.
"""

from __future__ import annotations

import json
import secrets
import struct
import threading
from collections.abc import Sequence

import numpy as np
from cachetools import Cache
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

# Of all visitors together, by the device that computes. A call at 64x64 with 8 levels stores 0.3 MB; on two cores, at
# 13 calls a second, the store is full after six seconds.
MAX_STORE_BYTES = {"cpu": 24 * 2**20, "mps": 64 * 2**20, "cuda": 256 * 2**20}
NAME_BYTES = 16  # random bytes in a blob's name


def pack_blob(header: dict, *sections: bytes) -> bytes:
    """Return one blob: the header's length (uint32, little-endian), the header as JSON, the sections.

    The header also gets "blobs", the lengths of the sections in bytes.
    """
    text = json.dumps({**header, "blobs": [len(section) for section in sections]}, separators=(",", ":")).encode()
    return b"".join([struct.pack("<I", len(text)), text, *sections])


def json_numbers(values: Sequence[float] | np.ndarray) -> list[float | None]:
    """Return numbers for a header, at the five significant digits of a plotted line; None for what is not finite."""
    return [float(f"{v:.5g}") if np.isfinite(v) else None for v in values]


class BlobStore:
    """Blobs by name, of at most `max_bytes` together, and the route /parts/NAME that serves them. Thread-safe."""

    def __init__(self, max_bytes: int = MAX_STORE_BYTES["cpu"]) -> None:
        self._blobs = _FetchedFirstCache(max_bytes)
        self._lock = threading.Lock()
        self.route = Route("/parts/{name}", self._serve)

    def put(self, blob: bytes) -> str:
        """Store a blob and return its name, NAME_BYTES random bytes as text; evict older blobs as needed."""
        name = secrets.token_urlsafe(NAME_BYTES)
        with self._lock:
            self._blobs[name] = blob
        return name

    def get(self, name: str) -> bytes | None:
        """Return the blob of that name, None if it was evicted.

        A page fetches a blob once, so a fetched one is evicted before the others.
        """
        with self._lock:
            blob = self._blobs.get(name)
            if blob is not None:
                self._blobs.fetched[name] = None
            return blob

    async def _serve(self, request: Request) -> Response:
        blob = self.get(request.path_params["name"])
        if blob is None:
            return PlainTextResponse("This part of the answer is no longer kept here.", 404)
        headers = {"cache-control": "private, no-store"}
        return Response(blob, media_type="application/octet-stream", headers=headers)


class _FetchedFirstCache(Cache[str, bytes]):
    """A cache of at most `max_bytes` that evicts fetched blobs first, then the oldest."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=lambda blob: min(len(blob), max_bytes))  # a larger one fills it alone
        self.fetched: dict[str, None] = {}  # names, the last fetched at the end

    def popitem(self) -> tuple[str, bytes]:
        """Remove the next blob to evict; return its name and the blob."""
        name = self.fetched.popitem()[0] if self.fetched else next(iter(self))
        return name, self.pop(name)
