"""Serve the page: where it listens, what it allows, and what is said when it cannot start."""

from __future__ import annotations

import sys

from explorer.engine import Engine
from explorer.ui.app import build_app
from explorer.ui.theme import style_sheet, theme


def serve(engine: Engine, host: str = "127.0.0.1", port: int = 7860, share: bool = False, block: bool = True) -> int:
    """Serve until interrupted (or return at once if not `block`); 2 when the port is taken."""
    app = build_app(engine)
    app.queue(max_size=32)
    try:
        app.launch(
            server_name=host, server_port=port, share=share, prevent_thread_lock=not block,
            theme=theme(), css=style_sheet(), run_history=False, footer_links=[], ssr_mode=False, quiet=True,
            max_file_size="10mb", show_error=False, enable_monitoring=False, mcp_server=False,
        )  # fmt: skip
    except OSError as error:
        print(f"app.py: cannot serve at {host}:{port}: {error}", file=sys.stderr)
        return 2
    return 0
