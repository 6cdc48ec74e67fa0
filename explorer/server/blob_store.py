"""Large answers for the page, kept in memory for a short while under names that cannot be guessed.

Gradio sends a component's value as JSON and copies it several times in the browser. Pictures and noise therefore take
a way of their own: the value only names the parts, and the page fetches each as bytes.
"""

from __future__ import annotations

import json
import secrets
import struct
import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

# Bytes of all visitors together, by where the answers are computed; parts that were fetched go first, then the oldest.
# A call at 64x64 with 8 levels leaves 0.3 MB; on two cores 13 of them a second take six seconds to fill this.
MAX_STORE_BYTES = {"cpu": 24 * 2**20, "mps": 64 * 2**20, "cuda": 256 * 2**20}


def pack_blob(header: dict, *blobs: bytes) -> bytes:
    """One part: the header's length as uint32, the header as JSON with `blobs` = their lengths, then the blobs."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}, separators=(",", ":")).encode()
    return b"".join([struct.pack("<I", len(text)), text, *blobs])


def json_numbers(values: Sequence[float] | np.ndarray) -> list[float | None]:
    """For a header: five significant digits, below the width of any line; what is not finite becomes null."""
    return [float(f"{v:.5g}") if np.isfinite(v) else None for v in values]


class BlobStore:
    """Parts by name, and the route /parts/NAME that hands them out; safe to use from many threads."""

    def __init__(self, kept_bytes: int = MAX_STORE_BYTES["cpu"]) -> None:
        self._parts: OrderedDict[str, bytes] = OrderedDict()
        self._limit, self._size = kept_bytes, 0
        self._lock = threading.Lock()
        self.route = Route("/parts/{name}", self._serve)

    def put(self, part: bytes) -> str:
        """Keep a part; its name, 128 random bits."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._parts[name] = part
            self._size += len(part)
            while self._size > self._limit and len(self._parts) > 1:
                self._size -= len(self._parts.popitem(last=False)[1])
        return name

    def get(self, name: str) -> bytes | None:
        """The part of that name, or None if it is gone; the page asks once, so it is then the first to go."""
        with self._lock:
            if name in self._parts:
                self._parts.move_to_end(name, last=False)
            return self._parts.get(name)

    async def _serve(self, request: Request) -> Response:
        part = self.get(request.path_params["name"])
        if part is None:
            return PlainTextResponse("This part of the answer is no longer kept here.", 404)
        headers = {"cache-control": "private, no-store"}
        return Response(part, media_type="application/octet-stream", headers=headers)
