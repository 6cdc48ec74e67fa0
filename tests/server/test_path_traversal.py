"""Nothing that a client can name gives away a file of the server, or makes it call another."""

from __future__ import annotations

import http.client
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.support.guarded_app import API, guarded_app, guarded_client, outcome, plain, received  # noqa: F401 - fixtures, by name


def test_no_path_or_url_gives_away_a_file(client, app, tmp_path):
    """Planted in the repository's folder, in the temporary one and on a local server: none comes out."""
    canary = secrets.token_hex(16)
    planted = [tmp_path / "canary.txt", Path.cwd() / f".canary-{canary[:8]}", Path("/tmp") / f"canary-{canary[:8]}.txt"]
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    home = "127.0.0.1:" + str(listener.getsockname()[1])
    try:
        for path in planted:
            path.write_text(canary)
        tried = list(attempts([str(path) for path in planted], home))
        assert len(tried) > 150
        for path in tried:
            status, body = fetch(app.local_url, path)
            assert 400 <= status < 500 and canary.encode() not in body, path
        urls = (f"http://{home}/x.png", f"//{home}/x.png", f"file://{planted[0]}")
        for target in [*map(str, planted), "/etc/passwd", *urls]:
            for forged in forgeries(target):
                kind, content = outcome(client, "measure", forged)
                assert kind != "complete" and plain(content) and canary not in content
        with pytest.raises(TimeoutError):
            listener.accept()  # nobody has called
    finally:
        listener.close()
        for path in planted:
            path.unlink(missing_ok=True)
    assert not any(canary.encode() in data for data in received if isinstance(data, bytes))


def attempts(paths: list[str], home: str) -> Iterator[str]:
    """Addresses of files that nobody may have."""
    own = [str(Path(__file__).resolve()), "app.py", ".git/config"]
    for path in [*paths, "/etc/passwd", "/proc/self/environ", *own]:
        dots = "/".join([".."] * 12) + path
        for form in (path, dots, "//" + path, path.upper(), "file://" + path):
            for written in (form, quote(form, safe=""), quote(form, safe="").replace(".", "%2e")):
                yield f"{API}/file={written}"
                yield f"{API}/file/{written}"
        for prefix in ("/static/", "/assets/", "/svelte/", f"{API}/custom_component/1/client/component/"):
            yield prefix + dots
            yield prefix + quote(dots, safe="").replace(".", "%2e")
    for url in (f"http://{home}/x.png", f"HTTP://{home}/x.png", "http://169.254.169.254/latest", f" http://{home}/"):
        for route in ("file=", "file/", "proxy="):
            yield f"{API}/{route}{quote(url, safe=':/')}"
            yield f"{API}/{route}{quote(url, safe='')}"
    yield f"{API}/file=%00"
    yield f"{API}/file=" + "a" * 5000


def fetch(address: str, path: str) -> tuple[int, bytes]:
    """A GET of exactly this path; httpx would resolve the dots before asking."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def forgeries(target: str) -> list[object]:
    meta = {"_type": "gradio.FileData"}
    return [
        {"path": target, "meta": meta},
        {"path": target},
        {"path": "a.png", "url": target, "meta": meta},
        {"path": target, "url": target, "orig_name": target, "is_stream": True, "meta": meta},
        [{"path": target, "meta": meta}],
        target,
    ]
