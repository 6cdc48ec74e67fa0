"""The arguments of Blocks.launch() that set addresses, access, limits and middleware."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import Route

from explorer.images.decoder import MAX_UPLOAD_BYTES
from explorer.server.config import Hosting, in_space
from explorer.server.middleware import RequestFilterMiddleware
from explorer.server.orphaned_events import OrphanedEvents
from explorer.server.pwa import HEAD_HTML, ICON

ROOT = Path(__file__).resolve().parents[2]
BLOCKED_FOLDERS = ("weights", "explorer/_weights", ".git", ".venv", ".env")
MAX_SESSIONS = 500
MAX_QUEUED_VISITORS = 32  # events in the queue per parallel network; further ones are refused
SPACE_FRAME_ANCESTORS = "'self' https://huggingface.co https://*.hf.space"  # a Space is shown in a frame of its host


def launch_options(
    hosting: Hosting, routes: Sequence[Route] = (), stopping: Callable[[], bool] = lambda: False
) -> dict[str, Any]:
    """Return the arguments of Blocks.launch() without the theme, and set Gradio's environment variables.

    routes: further routes of the server; stopping: returns whether the server refuses new events
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("GRADIO_HEARTBEAT_INTERVAL", "5")  # seconds; the default notices a closed tab later
    os.environ.pop("GRADIO_VIBE_MODE", None)  # it would let visitors edit the program
    orphans = OrphanedEvents()
    ancestors = SPACE_FRAME_ANCESTORS if in_space() else "'self'"
    guard = Middleware(
        RequestFilterMiddleware, orphans=orphans, frame_ancestors=ancestors, stopping=stopping, tools=hosting.tools
    )
    return {
        "server_name": hosting.host,
        "server_port": hosting.port,
        "share": hosting.share,
        "auth": [hosting.account] if hosting.account else None,
        "auth_message": "The Noise & Scale Explorer is open here to those who have its password.",
        "root_path": hosting.root_path,
        "max_file_size": MAX_UPLOAD_BYTES,
        "allowed_paths": [],
        "blocked_paths": [str(ROOT / name) for name in BLOCKED_FOLDERS],
        "show_error": False,  # True sends the server's paths along; ErrorHandlingBlocks gives every error a sentence
        "strict_cors": True,
        "enable_monitoring": False,
        "run_history": False,
        "footer_links": [],
        "state_session_capacity": MAX_SESSIONS,
        "mcp_server": hosting.tools,
        "ssr_mode": False,
        "pwa": True,
        "favicon_path": str(ICON),
        "head": HEAD_HTML,
        "inbrowser": False,
        "app_kwargs": {
            "openapi_url": None,
            "docs_url": None,
            "redoc_url": None,
            "routes": list(routes),
            "middleware": [guard],
            "lifespan": orphans.lifespan,
        },
    }
