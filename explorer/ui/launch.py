"""Serve the page: where it listens, and what is said when it cannot start."""

from __future__ import annotations

import os
import signal
import sys
import threading

from explorer.engine import Engine
from explorer.ui.app import build_app
from explorer.ui.guard import launch_options
from explorer.ui.parts import PartStore
from explorer.ui.standing import Standing
from explorer.ui.theme import style_sheet, theme

GRACE = 12.0  # seconds that running events may take to end when the server is told to stop
WAITING = 32  # visitors in the queue; the next one is told to come back


def serve(engine: Engine, host: str = "127.0.0.1", port: int = 7860, share: bool = False) -> int:
    """Serve until interrupted; 2 when that is not possible, with one line that says why."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    parts, standing = PartStore(), Standing(engine)
    app = build_app(engine, parts).queue(max_size=WAITING)
    app.standing = standing
    routes = [parts.route, *standing.routes]
    options = launch_options(host, port, share, routes, stopping=lambda: standing.draining)
    try:
        app.launch(**options, theme=theme(), css=style_sheet(), prevent_thread_lock=True, quiet=True)
    except OSError:
        print(f"app.py: port {port} at {host} cannot be used; --port takes another one.", file=sys.stderr)
        return 2
    print(f"The explorer is at {app.local_url}", flush=True)
    if share:
        print(_share_line(app.share_url), flush=True)
    threading.Thread(target=standing.warm_up, name="warm-up", daemon=True).start()
    _until_told_to_stop()
    print("Stopping: what runs may end, nothing new begins.", flush=True)
    standing.drain(GRACE)
    app.close(verbose=False)
    engine.models.batcher.close()
    return 0


def _until_told_to_stop() -> None:
    """Wait for an interrupt from the keyboard or SIGTERM; a second one ends the process at once."""
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: (told.set(), signal.signal(number, signal.SIG_DFL)))
    while not told.wait(0.5):  # a wait without end would not let the handlers run
        pass


def _share_line(url: str | None) -> str:
    if url:
        return f"Anyone with this link can use it, for one week: {url}"
    return "A public link could not be made; the address above works on this machine."
