"""The explorer on a desktop: the browser opens by itself, and the page can be installed as an app with its own icon."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

FOLDER = Path(__file__).parent / "icon"
ICON = FOLDER / "icon-192.png"  # also the page's own, in its tab
ICON_SIZES_PX = (192, 512)  # pixels of a side, what browsers ask of an app that is to be installed
BACKGROUND_COLOUR = "#0f1319"  # of the page in the dark, and of the icon's ground

# Gradio's page names /manifest.json and /favicon.ico of the whole host, which is another site's behind a reverse proxy.
HEAD_HTML = """<script>
  for (const [rel, file] of [["manifest", "manifest.json"], ["icon", "favicon.ico"]]) {
    const link = document.querySelector(`link[rel="${rel}"]`) ?? document.createElement("link");
    Object.assign(link, { rel, href: `${window.gradio_config?.root ?? "."}/${file}` });
    document.head.append(link);
  }
</script>"""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens at this address."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def has_desktop(environ: Mapping[str, str], terminal: bool, platform: str = sys.platform) -> bool:
    """Whether somebody sits at a screen of this machine: a terminal, a display, and nobody logged in from elsewhere."""
    if not terminal or "SSH_CONNECTION" in environ:
        return False
    return platform in ("darwin", "win32") or any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def routes(title: str) -> list[Route]:
    """/manifest.json, its icons by addresses relative to it so that a path prefix does no harm, and the icons."""
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
