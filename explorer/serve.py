"""Composition of engine, server and page, and the run of the server from start to shutdown."""

from __future__ import annotations

import contextlib
import io
import signal
import threading
import webbrowser
from types import FrameType
from typing import Any

import gradio as gr

from explorer.engine import Engine
from explorer.errors import HostingRefused
from explorer.server import gradio_patches, malloc, pwa
from explorer.server.blob_store import MAX_STORE_BYTES, BlobStore
from explorer.server.config import Hosting, trust_proxies
from explorer.server.health import Health
from explorer.server.launch_options import MAX_QUEUED_VISITORS, launch_options
from explorer.server.temp_dir import create_temp_dir
from explorer.ui.app import TITLE, build_app
from explorer.ui.players.shared import modules
from explorer.ui.streaming.events import scale_concurrency
from explorer.ui.theme import style_sheet, theme

MAX_THREADS_PER_REPLICA = 40  # threads for handlers
DRAIN_GRACE_S = 12.0  # time for running events to end at shutdown
STOP_POLL_S = 0.5
# preloaded, as the first view needs them
FIRST_MODULES = ["permalinks/masthead.js", "players/noise_slider/controls.js", "widgets/picture_picker.js"]


def serve(engine: Engine, hosting: Hosting) -> None:
    """Serve until SIGINT or SIGTERM.

    Raise TempDirRefused when no temporary folder can be created, HostingRefused when the port cannot be used.
    """
    temp_dir = create_temp_dir()
    try:
        _serve(engine, hosting)
    finally:
        temp_dir.close()


def prepare(engine: Engine, hosting: Hosting) -> tuple[gr.Blocks, dict[str, Any], Health]:
    """Return the page with its queue, the arguments of its launch(), and the Health of its events."""
    blobs, health = BlobStore(MAX_STORE_BYTES[engine.models.device.type]), Health(engine)
    times = engine.models.parallel_networks
    app = build_app(engine, blobs).queue(max_size=times * MAX_QUEUED_VISITORS)
    app.health = health
    gradio_patches.install(app)
    scale_concurrency(app, times)
    routes = [blobs.route, modules.route(), *health.routes, *pwa.routes(TITLE)]
    options = launch_options(hosting, routes, stopping=lambda: health.draining)
    options["head"] += modules.preload(FIRST_MODULES)
    appearance = {"theme": theme(), "css": style_sheet(), "prevent_thread_lock": True, "quiet": True}
    return app, {**options, **appearance, "max_threads": times * MAX_THREADS_PER_REPLICA}, health


def _serve(engine: Engine, hosting: Hosting) -> None:
    app, options, health = prepare(engine, hosting)
    trust_proxies()
    stop = _stop_signal()
    try:
        _launch(app, options)
    except OSError:
        place = f"port {hosting.port} at {hosting.host}"
        raise HostingRefused(f"{place} cannot be used; --port takes another one.") from None
    print(f"The explorer is at {app.local_url}", flush=True)
    if hosting.share:
        print(_share_line(app.share_url, hosting.account is not None), flush=True)
    if hosting.browser:
        webbrowser.open(str(app.local_url))
    threading.Thread(target=_warm_up, args=[health], name="warm-up", daemon=True).start()
    while not stop.wait(STOP_POLL_S):  # signal handlers do not run during a wait without timeout
        pass
    print("Stopping: what runs may end, nothing new begins.", flush=True)
    health.drain(DRAIN_GRACE_S)
    app.close(verbose=False)
    engine.models.close()


def _warm_up(health: Health) -> None:
    health.warm_up()
    malloc.freeze_startup_objects()


def _stop_signal() -> threading.Event:
    """Return an event that SIGINT or SIGTERM sets; a second signal ends the process at once."""
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    return stop


def _launch(app: gr.Blocks, options: dict[str, Any]) -> None:
    """Start the server without Gradio's output about a share link, as `_serve` prints its own.

    Raise OSError when the port cannot be used.
    """
    with contextlib.redirect_stdout(io.StringIO()) if options["share"] else contextlib.nullcontext():
        app.launch(**options)


def _share_line(url: str | None, closed: bool) -> str:
    if not url:
        return "A public link could not be made (no way to Gradio's servers); the address above works on this machine."
    who = "Whoever has this link and the password" if closed else "Anyone with this link"
    return f"{who} gets in and uses this machine, for one week at most: {url}"
