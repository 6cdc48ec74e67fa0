"""What stands between the network and Gradio: an ASGI middleware.

Gradio limits uploads, but takes a JSON body of any size, fetches what a FileData names by URL, reads NaN as a number,
and serves more routes than the page needs. The guard lets through only the routes and methods listed here, takes every
body in whole (so that an aborted upload leaves nothing behind), checks it, and only then hands it on. It tells who asks
too often, or has too much under way, to wait.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import tempfile
from collections.abc import Callable
from typing import IO

from gradio.queueing import Queue
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.errors import BodyRefused
from explorer.images.decoder import MAX_UPLOAD_BYTES
from explorer.server.health import SHUTTING_DOWN_MESSAGE
from explorer.server.log_redaction import redacted_traceback
from explorer.server.orphaned_events import OrphanedEvents
from explorer.server.rate_limit import LOGIN_RATE, TOO_MANY_REQUESTS_MESSAGE, WORK_RATE, RateLimiter
from explorer.server.request_validation import is_foreign, validate_json
from explorer.server.session_limits import TOO_MANY_EVENTS_MESSAGE, admit_event
from explorer.ui.widgets.upload import forget, sweep

log = logging.getLogger(__name__)

MAX_JSON_BYTES = 64 * 2**10  # bytes of a body that is not an upload
MAX_UPLOAD_BODY_BYTES = MAX_UPLOAD_BYTES + 2**16  # bytes of an upload: the file and what multipart adds around it
BODY_TIMEOUT_S = 60.0  # seconds that a body may take to arrive
MAX_BODY_IN_MEMORY_BYTES = 2**20  # bytes of an upload that are held in memory; the rest waits in a file without a name
NOT_FOUND_MESSAGE = "There is nothing at this address."
QUEUE_FULL_MESSAGE = "Very many people are computing here; please try again in a minute."
API = r"/gradio_api"

GET_ROUTES = re.compile(
    r"/|/healthz|/readyz|/metrics|/parts/[\w-]+|/(assets|static|svelte)/.+"
    r"|/(config|theme\.css|favicon\.ico|robots\.txt|manifest\.json|login_check|logout)/?"
    r"|/icon-\d+\.png"
    rf"|{API}/(info|login_check|user|token|app_id|startup-events|theme\.css|upload_progress|queue/(data|status))/?"
    rf"|{API}/(heartbeat/[^/]+|call/(v2/)?[^/]+/[^/]+|file=.+)"
)
CALL_ROUTES = re.compile(rf"{API}/(queue/join|cancel|reset|run/[^/]+|call/(v2/)?[^/]+)/?")
MCP_ROUTE = re.compile(rf"{API}/mcp/?")  # each call of a tool comes back as an event of this machine's own
QUEUE_ROUTES = re.compile(rf"{API}/(queue/join|call/(v2/)?[^/]+)/?")
WORK_ROUTES = re.compile(rf"{API}/(upload|queue/join|run/[^/]+|call/(v2/)?[^/]+|mcp)/?")  # what starts something new
UPLOAD_ROUTE, LOGIN_ROUTE = f"{API}/upload", "/login"
_FILE_ROUTE = f"{API}/file="


class RequestFilterMiddleware:
    """The middleware. Where a request is not let through it answers 4xx or 503 with one plain sentence."""

    def __init__(
        self, app: ASGIApp, orphans: OrphanedEvents, frame_ancestors: str = "'self'",
        stopping: Callable[[], bool] = lambda: False, tools: bool = False,
    ) -> None:  # fmt: skip
        """stopping: whether nothing new may begin; running events go on to their end. tools: open MCP_ROUTE."""
        self.app, self.orphans = app, orphans
        self.frame_ancestors, self.stopping = frame_ancestors, stopping
        self.callable = re.compile(f"{CALL_ROUTES.pattern}|{MCP_ROUTE.pattern}") if tools else CALL_ROUTES
        self.work, self.logins = RateLimiter(WORK_RATE), RateLimiter(LOGIN_RATE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        begun = False

        async def send_safely(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message = {**message, "headers": self._headers(path, message.get("headers", []))}
            await send(message)

        try:
            await self._pass_on(path, scope, receive, send_safely)
        except BodyRefused as refused:
            await _answer(path, refused.status, str(refused))(scope, receive, send_safely)
        except Exception as error:
            if begun:  # the connection is closed, which is all that can be said now
                log.warning("an answer to %s broke off: %s", scope["method"], type(error).__qualname__)
                return
            log.warning("a %s failed\n%s", scope["method"], redacted_traceback(error))
            await _answer(path, 400, "This request could not be answered.")(scope, receive, send_safely)

    async def _pass_on(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in ("GET", "HEAD"):
            if not GET_ROUTES.fullmatch(path) or (
                path.startswith(_FILE_ROUTE) and is_foreign(path.removeprefix(_FILE_ROUTE))
            ):
                raise BodyRefused(404, NOT_FOUND_MESSAGE)
            with self.orphans.listening(path, scope["query_string"]):
                await self.app(scope, receive, send)
            return
        if scope["method"] != "POST" or not (path in (UPLOAD_ROUTE, LOGIN_ROUTE) or self.callable.fullmatch(path)):
            raise BodyRefused(404, NOT_FOUND_MESSAGE)
        if self.stopping() and WORK_ROUTES.fullmatch(path):
            raise BodyRefused(503, SHUTTING_DOWN_MESSAGE)
        self._check_rate(path, scope)
        limit = MAX_UPLOAD_BODY_BYTES if path == UPLOAD_ROUTE else MAX_JSON_BYTES
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit:
            raise BodyRefused(413, _too_large(limit))
        with tempfile.SpooledTemporaryFile(MAX_BODY_IN_MEMORY_BYTES) as body:
            if not await _receive_all(receive, body, limit):
                return  # the client has gone
            if self.callable.fullmatch(path):
                if not headers.get(b"content-type", b"").lower().startswith(b"application/json"):
                    raise BodyRefused(400, "The request must be JSON.")  # a browser asks before it sends JSON abroad
                checked = validate_json(body.read())
                if QUEUE_ROUTES.fullmatch(path):
                    await self._check_places(json.loads(checked), scope["app"].get_blocks()._queue)
                body.seek(0)
                body.truncate()
                body.write(checked)
            size = body.seek(0, os.SEEK_END)
            body.seek(0)
            try:
                await self.app(_with_length(scope, size), _Replay(body, size, receive), send)
            finally:
                if path == UPLOAD_ROUTE:
                    forget(await asyncio.to_thread(sweep), scope["app"].get_blocks())

    def _check_rate(self, path: str, scope: Scope) -> None:
        """Raises BodyRefused when this address asks for work, or to be let in, too often."""
        rates = self.logins if path == LOGIN_ROUTE else self.work if WORK_ROUTES.fullmatch(path) else None
        if rates and not rates.admit((scope.get("client") or ("",))[0]):
            raise BodyRefused(429, TOO_MANY_REQUESTS_MESSAGE)

    async def _check_places(self, asked: object, queue: Queue) -> None:
        """Raises BodyRefused when this session has too much under way, or everybody together."""
        if isinstance(asked, dict) and not await admit_event(queue, asked):
            raise BodyRefused(429, TOO_MANY_EVENTS_MESSAGE)
        if not await self.orphans.make_space(queue):
            raise BodyRefused(503, QUEUE_FULL_MESSAGE)

    def _headers(self, path: str, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        policy = f"frame-ancestors {self.frame_ancestors}"
        if path.startswith(_FILE_ROUTE):
            policy += "; sandbox; default-src 'none'"  # what someone has uploaded must never run
        added = {
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "content-security-policy": policy,
        }
        kept = [(name, value) for name, value in headers if name.decode("latin-1").lower() not in added]
        return kept + [(name.encode(), value.encode("latin-1")) for name, value in added.items()]


class _Replay:
    """A `receive` that gives a body that has been read already, then whatever comes next."""

    def __init__(self, body: IO[bytes], size: int, receive: Receive) -> None:
        self.body, self.left, self.receive, self.done = body, size, receive, False

    async def __call__(self) -> Message:
        if self.done:
            return await self.receive()
        part = self.body.read(2**16)
        self.left -= len(part)
        self.done = self.left <= 0
        return {"type": "http.request", "body": part, "more_body": not self.done}


async def _receive_all(receive: Receive, body: IO[bytes], limit: int) -> bool:
    """Write the whole body, then rewind. False when the client went away. Raises BodyRefused over the limit."""
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


def _answer(path: str, status: int, sentence: str) -> Response:
    """The page shows the text of a refused upload, and the `detail` of everything else."""
    headers = {"retry-after": "5"} if status in (429, 503) else None
    if path == UPLOAD_ROUTE:
        return PlainTextResponse(sentence, status, headers)
    return JSONResponse({"detail": sentence}, status, headers)
