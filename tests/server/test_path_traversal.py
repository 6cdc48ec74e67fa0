"""Nothing that a client can name gives away a file of the server, or makes it call another."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

import pytest

from harness.path_attacks import forged_uploads, get_exact_path, traversal_paths
from tests.support.guarded_app import outcome, plain, received


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
        tried = list(traversal_paths([str(path) for path in planted], home))
        assert len(tried) > 150
        for path in tried:
            status, body = get_exact_path(app.local_url, path)
            assert 400 <= status < 500 and canary.encode() not in body, path
        urls = (f"http://{home}/x.png", f"//{home}/x.png", f"file://{planted[0]}")
        for target in [*map(str, planted), "/etc/passwd", *urls]:
            for forged in forged_uploads(target):
                kind, content = outcome(client, "measure", forged)
                assert kind != "complete" and plain(content) and canary not in content
        with pytest.raises(TimeoutError):
            listener.accept()  # nobody has called
    finally:
        listener.close()
        for path in planted:
            path.unlink(missing_ok=True)
    assert not any(canary.encode() in data for data in received if isinstance(data, bytes))
