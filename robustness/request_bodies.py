"""T4: bodies that are too large are refused soon, and leave nothing behind."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial

import httpx

from harness.http_client import API
from harness.measuring import Bar, Row
from robustness.scale import Scale
from robustness.server import measured_server

JSON = {"content-type": "application/json"}
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}
BLOCK_BYTES = 2**18  # of a body, sent at once


class TimedBody:
    """A body in blocks, with the time when the last was sent; a server need not read it to the end."""

    def __init__(self, body: bytes) -> None:
        self.body, self.last_sent = body, time.monotonic()

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.body), BLOCK_BYTES):
            yield self.body[start : start + BLOCK_BYTES]
            self.last_sent = time.monotonic()


def requests(client: httpx.Client) -> dict[str, httpx.Request]:
    """Return requests that are too large, by what they are."""
    url = "data:image/png;base64," + "A" * 60_000_000
    file = json.dumps({"data": [{"url": url, "meta": {"_type": "gradio.FileData"}}]})
    opening = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    post = partial(client.build_request, "POST")
    return {
        "11 MB upload": post(f"{API}/upload", files={"files": ("a.png", bytes(11 * 2**20))}),
        "60 MB data: URL": post(f"{API}/call/add_picture", content=file, headers=JSON),
        "1 MB JSON": post(f"{API}/call/sampling", json={"data": ["x" * 2**20]}),
        "10,000 parts": post(f"{API}/upload", files=[("files", (f"{i}.png", b"x")) for i in range(10_000)]),
        "chunked, 12 MB": post(f"{API}/upload", content=iter([opening + bytes(12 * 2**20)]), headers=MULTIPART),
    }


def refused_after(client: httpx.Client, request: httpx.Request) -> tuple[int, float]:
    """Return the HTTP status, and the seconds between the last block that was sent of the body and the answer."""
    body = TimedBody(request.read())
    answer = client.send(client.build_request("POST", request.url, headers=request.headers, content=body))
    return answer.status_code, time.monotonic() - body.last_sent


def measure(scale: Scale) -> list[Row]:
    """Return the rows of T4: refusals, the slowest from the end of what was taken in, memory and files afterwards."""
    slowest, wrong = 0.0, []
    with measured_server() as server, httpx.Client(base_url=server.url, timeout=60) as client:
        client.get("/healthz")
        held, left = server.memory_mb(), server.temp_files_mb()
        for name, request in requests(client).items():
            status, waited = refused_after(client, request)
            slowest = max(slowest, waited)
            wrong += [f"{name}: {status}"] * (status not in (400, 413))
        grown, left = server.memory_mb() - held, server.temp_files_mb() - left
    return [
        Row("T4 too large a body, not refused", len(wrong), "bodies", bar=Bar(0, False), note="; ".join(wrong)),
        Row("T4 the slowest refusal, from the end of sending", slowest, "s", bar=Bar(1.0, False)),
        Row("T4 memory afterwards", grown, "MB more", bar=Bar(20, False)),
        Row("T4 temporary files afterwards", left, "MB more", bar=Bar(0, False)),
    ]
