"""Take in the body of a request in whole, within a size and a time, and hand it on as if it had just arrived."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from typing import IO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.errors import BodyRefused
from explorer.images.decoder import MAX_UPLOAD_BYTES

MAX_JSON_BYTES = 64 * 2**10  # a body that is not an upload
MAX_UPLOAD_BODY_BYTES = MAX_UPLOAD_BYTES + 2**16  # the file and what multipart adds around it
MAX_BODY_IN_MEMORY_BYTES = 2**20  # the rest of an upload waits in a file without a name
BODY_TIMEOUT_S = 60.0  # for all of it to arrive
_READ_BYTES = 2**16


def check_declared_length(scope: Scope, limit: int) -> None:
    """Raise BodyRefused where a request announces more than `limit` bytes, or no number."""
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if not declared.isdigit() or int(declared) > limit:
        raise BodyRefused(413, _too_large(limit))


async def forward_checked(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, limit: int,
    check: Callable[[bytes], Awaitable[bytes]] | None = None,
) -> None:  # fmt: skip
    """Receive the whole body, let `check` replace it, and call the app with it; do nothing when the client has gone.

    Raises BodyRefused over the limit, after BODY_TIMEOUT_S, and where `check` does.
    """
    with tempfile.SpooledTemporaryFile(MAX_BODY_IN_MEMORY_BYTES) as body:
        if not await _receive_all(receive, body, limit):
            return
        if check is not None:
            checked = await check(body.read())
            body.seek(0)
            body.truncate()
            body.write(checked)
        size = body.seek(0, os.SEEK_END)
        body.seek(0)
        await app(_with_length(scope, size), _Replay(body, size, receive), send)


class _Replay:
    """A `receive` that gives a body that has been read already, then whatever comes next."""

    def __init__(self, body: IO[bytes], size: int, receive: Receive) -> None:
        self.body, self.left, self.receive, self.done = body, size, receive, False

    async def __call__(self) -> Message:
        if self.done:
            return await self.receive()
        chunk = self.body.read(_READ_BYTES)
        self.left -= len(chunk)
        self.done = self.left <= 0
        return {"type": "http.request", "body": chunk, "more_body": not self.done}


async def _receive_all(receive: Receive, body: IO[bytes], limit: int) -> bool:
    """Write the whole body, then rewind; return False when the client went away. Raises BodyRefused."""
    size = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return False
                size += len(message.get("body", b""))
                if size > limit:
                    raise BodyRefused(413, _too_large(limit))
                body.write(message.get("body", b""))
                if not message.get("more_body", False):
                    body.seek(0)
                    return True
    except TimeoutError:
        raise BodyRefused(408, "The request took too long to arrive.") from None


def _with_length(scope: Scope, size: int) -> Scope:
    headers = [(n, v) for n, v in scope["headers"] if n not in (b"content-length", b"transfer-encoding")]
    return {**scope, "headers": [*headers, (b"content-length", str(size).encode())]}


def _too_large(limit: int) -> str:
    if limit == MAX_JSON_BYTES:
        return f"The request is too large; the most that can be sent is {MAX_JSON_BYTES // 1024} kB."
    return f"The file is too large; the most that can be used is {MAX_UPLOAD_BYTES // 2**20} MB."
