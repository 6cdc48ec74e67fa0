"""What stands between the network and Gradio: an ASGI middleware.

Gradio limits uploads, but takes a JSON body of any size, fetches what a FileData names by URL, reads NaN as a number,
and serves more routes than the page needs. The middleware lets through only what explorer.server.allowed_routes lists,
takes every body in whole (so that an aborted upload leaves nothing behind), checks it, and only then hands it on.
Whoever sends too many requests, or has too much under way, is told to wait.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable

from gradio.queueing import Queue
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.errors import BodyRefused
from explorer.server import allowed_routes as routes
from explorer.server import gradio_patches
from explorer.server.health import SHUTTING_DOWN_MESSAGE
from explorer.server.log_redaction import redacted_traceback
from explorer.server.orphaned_events import OrphanedEvents
from explorer.server.rate_limit import LOGIN_RATE, TOO_MANY_REQUESTS_MESSAGE, WORK_RATE, RateLimiter
from explorer.server.request_body import MAX_JSON_BYTES, MAX_UPLOAD_BODY_BYTES, check_declared_length, forward_checked
from explorer.server.request_validation import is_foreign, validate_json
from explorer.server.session_limits import TOO_MANY_EVENTS_MESSAGE, admit_event
from explorer.server.upload_cleanup import forget_uploads, sweep_uploads

log = logging.getLogger(__name__)

NOT_FOUND_MESSAGE = "There is nothing at this address."
QUEUE_FULL_MESSAGE = "Very many people are computing here; please try again in a minute."
RETRY_AFTER_S = 5  # what a client that is sent away is told to wait


class RequestFilterMiddleware:
    """The middleware. A request that is not let through is answered with 4xx or 503 and one plain sentence."""

    def __init__(
        self, app: ASGIApp, orphans: OrphanedEvents, frame_ancestors: str = "'self'",
        stopping: Callable[[], bool] = lambda: False, tools: bool = False,
    ) -> None:  # fmt: skip
        """stopping: whether nothing new may begin; running events go on to their end. tools: open MCP_ROUTE."""
        self.app, self.orphans = app, orphans
        self.frame_ancestors, self.stopping = frame_ancestors, stopping
        called = routes.CALL_ROUTES
        self.call_routes = re.compile(f"{called.pattern}|{routes.MCP_ROUTE.pattern}") if tools else called
        self.work, self.logins = RateLimiter(WORK_RATE), RateLimiter(LOGIN_RATE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": self._headers(path, message.get("headers", []))}
            await send(message)

        try:
            await self._dispatch(path, scope, receive, send_with_headers)
        except BodyRefused as refused:
            await _error_response(path, refused.status, str(refused))(scope, receive, send_with_headers)
        except Exception as error:
            if started:  # the connection is closed, which is all that can be said now
                log.warning("an answer to %s broke off: %s", scope["method"], type(error).__qualname__)
                return
            log.warning("a %s failed\n%s", scope["method"], redacted_traceback(error))
            await _error_response(path, 400, "This request could not be answered.")(scope, receive, send_with_headers)

    async def _dispatch(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what may pass. Raises BodyRefused."""
        if scope["method"] in ("GET", "HEAD"):
            file = path.removeprefix(routes.FILE_ROUTE) if path.startswith(routes.FILE_ROUTE) else ""
            if not routes.GET_ROUTES.fullmatch(path) or is_foreign(file):
                raise BodyRefused(404, NOT_FOUND_MESSAGE)
            with self.orphans.listening(path, scope["query_string"]):
                await self.app(scope, receive, send)
            return
        called = bool(self.call_routes.fullmatch(path))
        if scope["method"] != "POST" or not (called or path in (routes.UPLOAD_ROUTE, routes.LOGIN_ROUTE)):
            raise BodyRefused(404, NOT_FOUND_MESSAGE)
        if self.stopping() and routes.WORK_ROUTES.fullmatch(path):
            raise BodyRefused(503, SHUTTING_DOWN_MESSAGE)
        self._check_rate(path, scope)
        limit = MAX_UPLOAD_BODY_BYTES if path == routes.UPLOAD_ROUTE else MAX_JSON_BYTES
        check_declared_length(scope, limit)
        check = (lambda body: self._check_call(path, scope, body)) if called else None
        try:
            await forward_checked(self.app, scope, receive, send, limit, check)
        finally:
            if path == routes.UPLOAD_ROUTE:
                deleted = await asyncio.to_thread(sweep_uploads)
                forget_uploads(gradio_patches.blocks_of(scope["app"]), deleted)

    def _check_rate(self, path: str, scope: Scope) -> None:
        """Raise BodyRefused when this address asks for work, or to be let in, too often."""
        limiter = self.logins if path == routes.LOGIN_ROUTE else None
        if routes.WORK_ROUTES.fullmatch(path):
            limiter = self.work
        if limiter and not limiter.admit((scope.get("client") or ("",))[0]):
            raise BodyRefused(429, TOO_MANY_REQUESTS_MESSAGE)

    async def _check_call(self, path: str, scope: Scope, body: bytes) -> bytes:
        """Return the body of a call to be handed on. Raises BodyRefused."""
        if not dict(scope["headers"]).get(b"content-type", b"").lower().startswith(b"application/json"):
            raise BodyRefused(400, "The request must be JSON.")  # a browser asks before it sends JSON abroad
        checked = validate_json(body)
        if routes.QUEUE_ROUTES.fullmatch(path):
            queue = gradio_patches.queue_of(gradio_patches.blocks_of(scope["app"]))
            await self._check_queue(json.loads(checked), queue)
        return checked

    async def _check_queue(self, call: object, queue: Queue) -> None:
        """Raise BodyRefused when this session has too much under way, or all visitors together."""
        if isinstance(call, dict) and not await admit_event(queue, call):
            raise BodyRefused(429, TOO_MANY_EVENTS_MESSAGE)
        if not await self.orphans.make_room(queue):
            raise BodyRefused(503, QUEUE_FULL_MESSAGE)

    def _headers(self, path: str, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        policy = f"frame-ancestors {self.frame_ancestors}"
        if path.startswith(routes.FILE_ROUTE):
            policy += "; sandbox; default-src 'none'"  # what someone has uploaded must never run
        added = {
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "content-security-policy": policy,
        }
        others = [(name, value) for name, value in headers if name.decode("latin-1").lower() not in added]
        return others + [(name.encode(), value.encode("latin-1")) for name, value in added.items()]


def _error_response(path: str, status: int, sentence: str) -> Response:
    """Return the response: the page shows the text of a refused upload, and the `detail` of everything else."""
    headers = {"retry-after": str(RETRY_AFTER_S)} if status in (429, 503) else None
    if path == routes.UPLOAD_ROUTE:
        return PlainTextResponse(sentence, status, headers)
    return JSONResponse({"detail": sentence}, status, headers)
