"""T6: nothing that a client can name gives away a file of the server, or makes it call another."""

from __future__ import annotations

import secrets
import socket
import tempfile
from pathlib import Path

from harness.http_client import call_endpoint
from harness.measuring import Bar, Row
from harness.path_attacks import forged_uploads, get_exact_path, traversal_paths
from robustness.scale import Scale
from robustness.server import measured_server


def measure(scale: Scale) -> list[Row]:
    """Return the rows of T6: canaries given away, calls to a listener, and answers of the kind 5xx."""
    canary = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder, measured_server() as server:
        planted = Path(folder) / "canary.txt"
        planted.write_text(canary)
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(0.5)
        home = "127.0.0.1:" + str(listener.getsockname()[1])
        tried = list(traversal_paths([str(planted)], home))
        answers = [get_exact_path(server.url, path) for path in tried]
        targets = (str(planted), "/etc/passwd", f"http://{home}/x.png", f"//{home}/x.png", f"file://{planted}")
        forged = [forgery for target in targets for forgery in forged_uploads(target)]
        outcomes = [call_endpoint(server.url, "add_picture", [forgery]) for forgery in forged]
        called = _called(listener)
        listener.close()
    out = sum(canary.encode() in body for _, body in answers) + sum(canary in str(one.content) for one in outcomes)
    taken = sum(one.kind == "complete" for one in outcomes)
    broken = sum(status >= 500 for status, _ in answers) + sum(one.status >= 500 for one in outcomes)
    note = f"{len(tried)} addresses and {len(forged)} forged files"
    return [
        Row("T6 files given away or taken from the server", out + taken, "files", bar=Bar(0, False), note=note),
        Row("T6 calls to another server", called, "calls", bar=Bar(0, False)),
        Row("T6 answers of the kind 5xx", broken, "answers", bar=Bar(0, False)),
    ]


def _called(listener: socket.socket) -> int:
    try:
        listener.accept()
    except TimeoutError:
        return 0
    return 1
