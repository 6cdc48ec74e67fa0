"""The web app manifest with its icons, and the test for a desktop on which to open the browser."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

FOLDER = Path(__file__).parent / "icon"
ICON = FOLDER / "icon-192.png"  # also the page's favicon
ICON_SIZES_PX = (192, 512)  # side lengths that browsers require of an installable app
BACKGROUND_COLOUR = "#0f1319"  # of the dark page and of the icon

# Gradio's page links to /manifest.json and /favicon.ico at the host's root; behind a proxy that is another site.
HEAD_HTML = """<script>
  for (const [rel, file] of [["manifest", "manifest.json"], ["icon", "favicon.ico"]]) {
    const link = document.querySelector(`link[rel="${rel}"]`) ?? document.createElement("link");
    Object.assign(link, { rel, href: `${window.gradio_config?.root ?? "."}/${file}` });
    document.head.append(link);
  }
</script>"""


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server that listens at this address."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def has_desktop(environ: Mapping[str, str], terminal: bool, platform: str = sys.platform) -> bool:
    """Return whether a person can see this machine's screen: a terminal, a display and no SSH connection."""
    if not terminal or "SSH_CONNECTION" in environ:
        return False
    return platform in ("darwin", "win32") or any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def routes(title: str) -> list[Route]:
    """Return the routes of /manifest.json and its icons; its addresses are relative, so that a path prefix works."""
    icons = [
        {"src": f"icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in ICON_SIZES_PX
        for purpose in ("any", "maskable")
    ]
    manifest = {
        "id": "./", "name": title, "short_name": "Noise & Scale", "start_url": "./", "scope": "./",
        "display": "standalone", "background_color": BACKGROUND_COLOUR, "theme_color": BACKGROUND_COLOUR,
        "icons": icons,
    }  # fmt: skip
    named = JSONResponse(manifest, media_type="application/manifest+json")
    return [Route("/manifest.json", lambda request: named), *(_icon(size) for size in ICON_SIZES_PX)]


def _icon(size: int) -> Route:
    return Route(f"/icon-{size}.png", lambda request: FileResponse(FOLDER / f"icon-{size}.png"))
