"""Which of the server's routes answer an anonymous GET: the list is checked in, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import httpx
import pytest

from explorer.engine import Engine
from explorer.serve import prepare
from explorer.server.config import Hosting
from explorer.ui.players.shared.modules import DIGEST
from harness.server_process import free_port
from tests.support.guarded_app import API, png, uploaded

LIST = Path(__file__).parent / "routes.txt"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The whole app, and a part that it keeps."""
    patch = pytest.MonkeyPatch()
    patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
    app, options, _ = prepare(Engine(), Hosting(port=free_port()))
    (parts,) = [r for r in options["app_kwargs"]["routes"] if r.path.startswith("/parts/")]
    app.launch(**options)
    yield app, parts.endpoint.__self__.put(b"part")
    app.close(verbose=False)
    patch.undo()


def templates(routes) -> Iterator[str]:
    for route in routes:
        if "GET" in (getattr(route, "methods", None) or ()):
            yield route.path
        inner = getattr(route, "original_router", route)
        if getattr(inner, "routes", None):
            yield from templates(inner.routes)


def asset() -> str:
    return next((Path(gr.__file__).parent / "templates" / "frontend" / "assets").glob("index-*.js")).name


def test_only_the_listed_routes_answer(served):
    app, part = served
    with httpx.Client(base_url=app.local_url, timeout=20) as client:
        filled = {
            "/assets/{path:path}": f"/assets/{asset()}",
            "/static/{path:path}": "/static/img/logo.svg",
            "/svelte/{path:path}": f"/svelte/{asset()}",
            "/parts/{name}": f"/parts/{part}",
            "/modules/{digest}/{path:path}": f"/modules/{DIGEST}/players/shared/registry.js",
            API + "/file={path_or_url:path}": f"{API}/file={uploaded(client, png())['path']}",
            API + "/file/{path:path}": f"{API}/file/{uploaded(client, png())['path']}",
        }
        found, known = set(), sorted(set(templates(app.app.routes)))
        assert len(known) > 40
        for template in known:
            address = filled.get(template) or re.sub(r"\{[^}]*\}", "1", template)
            with client.stream("GET", f"{address}?session_hash=a&fn_index=0&upload_id=a") as answer:
                if answer.status_code == 200:
                    found.add(template)
    assert sorted(found) == LIST.read_text().split(), sorted(found)


def test_nothing_that_gives_insight_is_on_the_list():
    listed = LIST.read_text()
    for word in ("monitoring", "openapi", "docs", "redoc", "vibe", "runs", "history", "reload", "proxy", "mcp",
                 "deep_link", "profiling", "custom_component", "pwa_icon"):  # fmt: skip
        assert word not in listed, word
