"""Serve the page: where it listens, and what is said when it cannot start."""

from __future__ import annotations

import os
import sys

from explorer.engine import Engine
from explorer.ui.app import build_app
from explorer.ui.guard import launch_options
from explorer.ui.parts import PartStore
from explorer.ui.theme import style_sheet, theme

WAITING = 32  # visitors in the queue; the next one is told to come back


def serve(engine: Engine, host: str = "127.0.0.1", port: int = 7860, share: bool = False) -> int:
    """Serve until interrupted; 2 when that is not possible, with one line that says why."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    parts = PartStore()
    app = build_app(engine, parts).queue(max_size=WAITING)
    options = launch_options(host, port, share, routes=[parts.route])
    try:
        app.launch(**options, theme=theme(), css=style_sheet(), prevent_thread_lock=True, quiet=True)
    except OSError:
        print(f"app.py: port {port} at {host} cannot be used; --port takes another one.", file=sys.stderr)
        return 2
    print(f"The explorer is at {app.local_url}", flush=True)
    if share:
        print(_share_line(app.share_url), flush=True)
    app.block_thread()
    return 0


def _share_line(url: str | None) -> str:
    if url:
        return f"Anyone with this link can use it, for one week: {url}"
    return "A public link could not be made; the address above works on this machine."
