"""A reverse proxy on loopback that shows a server under a path prefix, as nginx does with `location /explorer/`."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from harness.server_process import free_port
from tests.support.waiting import wait_until

PER_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@contextmanager
def proxied(upstream: str, prefix: str) -> Iterator[str]:
    """The address at which the upstream is shown; outside the prefix there is nothing."""
    port = free_port()

    async def forward(request: Request) -> StreamingResponse:
        path = request.url.path.removeprefix(prefix) or "/"
        headers = {k: v for k, v in request.headers.items() if k not in PER_HOP}
        headers |= {"host": request.headers["host"], "x-forwarded-host": request.headers["host"]}
        headers |= {"x-forwarded-proto": "http", "x-forwarded-for": "203.0.113.20"}
        url = httpx.URL(upstream + path, query=request.url.query.encode())
        asked = httpx.Request(request.method, url, headers=headers, content=await request.body())
        answer = await transport.handle_async_request(asked)  # a client would keep one visitor's cookies for all
        kept = {k: v for k, v in answer.headers.items() if k not in PER_HOP}

        async def body() -> AsyncIterator[bytes]:
            try:
                async for chunk in answer.aiter_raw():
                    yield chunk
            finally:
                await answer.aclose()

        return StreamingResponse(body(), answer.status_code, kept)

    @asynccontextmanager
    async def closing(app: Starlette) -> AsyncIterator[None]:
        yield
        await transport.aclose()

    transport = httpx.AsyncHTTPTransport()
    everything = ["GET", "HEAD", "POST"]
    app = Starlette(
        routes=[
            Route(f"{prefix}/{{path:path}}", forward, methods=everything),
            Route("/{path:path}", lambda request: PlainTextResponse("another site", 404), methods=everything),
        ],
        lifespan=closing,
    )
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    yield f"http://127.0.0.1:{port}{prefix}"
    server.should_exit = True
    server.force_exit = True
    thread.join(5)
