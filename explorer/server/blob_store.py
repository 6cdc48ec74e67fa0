"""Large answers for the page, in memory for a short while under names that cannot be guessed.

Gradio sends a component's value as JSON and copies it several times in the browser. Pictures and noise therefore take
a way of their own: the value only names the parts of the answer, and the page fetches each as bytes, a blob.
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

# Of all visitors together, by where the answers are computed. A call at 64x64 with 8 levels leaves 0.3 MB; on two cores
# 13 of them a second take six seconds to fill this.
MAX_STORE_BYTES = {"cpu": 24 * 2**20, "mps": 64 * 2**20, "cuda": 256 * 2**20}
NAME_BYTES = 16  # random ones in a blob's name


def pack_blob(header: dict, *sections: bytes) -> bytes:
    """Return one blob: the header's length as uint32, the header as JSON with the sections' lengths, the sections."""
    text = json.dumps({**header, "blobs": [len(section) for section in sections]}, separators=(",", ":")).encode()
    return b"".join([struct.pack("<I", len(text)), text, *sections])


def json_numbers(values: Sequence[float] | np.ndarray) -> list[float | None]:
    """Return numbers for a header: five significant digits, less than a line is wide; null for what is not finite."""
    return [float(f"{v:.5g}") if np.isfinite(v) else None for v in values]


class BlobStore:
    """Blobs by name, and the route /parts/NAME that hands them out; safe to use from many threads."""

    def __init__(self, max_bytes: int = MAX_STORE_BYTES["cpu"]) -> None:
        self._blobs = _FetchedFirstCache(max_bytes)
        self._lock = threading.Lock()
        self.route = Route("/parts/{name}", self._serve)

    def put(self, blob: bytes) -> str:
        """Store a blob and return its name, NAME_BYTES random bytes in text; the newest blob is always stored."""
        name = secrets.token_urlsafe(NAME_BYTES)
        with self._lock:
            self._blobs[name] = blob
        return name

    def get(self, name: str) -> bytes | None:
        """Return the blob of that name, None if it is gone; a page fetches once, so it is then the first to go."""
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
    """At most max_bytes; what has been fetched is evicted first, then the oldest."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=lambda blob: min(len(blob), max_bytes))  # a larger one fills it alone
        self.fetched: dict[str, None] = {}  # names, the latest last

    def popitem(self) -> tuple[str, bytes]:
        """Remove and return the name and the blob that go next."""
        name = self.fetched.popitem()[0] if self.fetched else next(iter(self))
        return name, self.pop(name)
