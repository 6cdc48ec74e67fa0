"""T4: bodies that are too large are refused soon, and leave nothing behind."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import httpx

from benchmarks.measuring import Bar, Row
from robustness.asking import API
from robustness.scale import Scale
from robustness.server import Server

JSON = {"content-type": "application/json"}
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}


def _chunks(size: int) -> Iterator[bytes]:
    yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    for _ in range(size):
        yield bytes(2**20)


def requests(client: httpx.Client) -> dict[str, Callable[[], httpx.Response]]:
    """Each request that is too large, by what it is."""
    url = "data:image/png;base64," + "A" * 60_000_000
    file = json.dumps({"data": [{"url": url, "meta": {"_type": "gradio.FileData"}}]})
    post = client.post
    return {
        "11 MB upload": lambda: post(f"{API}/upload", files={"files": ("a.png", bytes(11 * 2**20))}),
        "60 MB data: URL": lambda: post(f"{API}/call/add_picture", content=file, headers=JSON),
        "1 MB JSON": lambda: post(f"{API}/call/sampling", json={"data": ["x" * 2**20]}),
        "10,000 parts": lambda: post(f"{API}/upload", files=[("files", (f"{i}.png", b"x")) for i in range(10_000)]),
        "chunked, 12 MB": lambda: post(f"{API}/upload", content=_chunks(12), headers=MULTIPART),
    }


def measure(scale: Scale) -> list[Row]:
    """Refusals, the slowest of them from its first byte, memory and files afterwards."""
    slowest, wrong = 0.0, []
    with Server() as server, httpx.Client(base_url=server.url, timeout=60) as client:
        client.get("/healthz")
        held, left = server.memory(), server.temporary()
        for name, send in requests(client).items():
            began = time.monotonic()
            answer = send()
            slowest = max(slowest, time.monotonic() - began)
            wrong += [f"{name}: {answer.status_code}"] * (answer.status_code not in (400, 413))
        grown, left = server.memory() - held, server.temporary() - left
    return [
        Row("T4 too large a body, not refused", len(wrong), "bodies", bar=Bar(0, False), note="; ".join(wrong)),
        Row("T4 the slowest refusal, sending included", slowest, "s", bar=Bar(1.0, False)),
        Row("T4 memory afterwards", grown, "MB more", bar=Bar(20, False)),
        Row("T4 temporary files afterwards", left, "MB more", bar=Bar(0, False)),
    ]
