"""Serve the scripts of the page as ES modules, under addresses that change with their content.

The address of a module is /modules/HASH/PATH: its path below explorer/ui, and one hash over all modules, so that
relative imports resolve and a browser may keep what it has fetched for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

ROOT = Path(__file__).resolve().parents[2]  # explorer/ui
MODULES = {
    path.relative_to(ROOT).as_posix(): path.read_bytes()
    for path in sorted(ROOT.rglob("*.js"))
    if path.name != "entry.js"  # what the bundle of d3 is made from
}
DIGEST_HEX = 16  # digits of the hash in an address
CACHE_SECONDS = 365 * 24 * 3600
IMPORT = re.compile(rb'\bfrom "(\.[^"]+)"')
FAILED = "a part of this page could not be loaded; reload it"


def digest(modules: Mapping[str, bytes]) -> str:
    """Return the hash of a tree of modules, by their paths and contents."""
    whole = hashlib.sha256()
    for path, content in sorted(modules.items()):
        whole.update(f"{path}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()[:DIGEST_HEX]


DIGEST = digest(MODULES)


def mount(path: str, constants: Mapping[str, Any] | None = None) -> str:
    """Return the `js_on_load` that imports a module and calls its `mount(element, props, gradio, constants)`.

    path: below explorer/ui. `element`, `props`, `watch` and `trigger` are Gradio's; a value that comes before the
    module has been loaded is found in `props` by `mount`. Raises KeyError where there is no such module.
    """
    if path not in MODULES:
        raise KeyError(path)
    values = json.dumps(constants or {}, ensure_ascii=False)
    return (
        f"import(`${{window.gradio_config?.root ?? ''}}/modules/{DIGEST}/{path}`)\n"
        f"  .then((module) => module.mount(element, props, {{ watch, trigger }}, {values}))\n"
        "  .catch((error) => {\n"
        "    console.error(error);\n"
        "    const status = element.querySelector('[role=status]');\n"
        f"    if (status) status.textContent = {json.dumps(FAILED)};\n"
        "  });"
    )


def reference(player: str) -> str:
    """Return the JavaScript for a mounted player, undefined before it is mounted; registry.js holds them all."""
    return f"window.players?.{player}"


def imported(path: str) -> Iterator[str]:
    """Yield the paths of the modules that a module imports."""
    for match in IMPORT.finditer(MODULES[path]):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(path), match[1].decode()))


def closure(paths: Sequence[str]) -> list[str]:
    """Return these modules and all that they import, each once."""
    found, waiting = dict.fromkeys(paths), list(paths)
    while waiting:
        new = [path for path in imported(waiting.pop()) if path not in found]
        found.update(dict.fromkeys(new))
        waiting += new
    return list(found)


def preload(paths: Sequence[str]) -> str:
    """Return the HTML for the page's head that fetches these modules, and what they import, while Gradio starts."""
    return f"""<script>
  for (const path of {json.dumps(closure(paths))}) {{
    const href = `${{window.gradio_config?.root ?? "."}}/modules/{DIGEST}/${{path}}`;
    document.head.append(Object.assign(document.createElement("link"), {{ rel: "modulepreload", href }}));
  }}
</script>"""


def route() -> Route:
    """Return the route /modules/HASH/PATH."""
    packed = {path: gzip.compress(content) for path, content in MODULES.items()}

    async def serve(request: Request) -> Response:
        path = request.path_params["path"]
        if request.path_params["digest"] != DIGEST or path not in MODULES:
            return PlainTextResponse("There is no such module here.", 404, {"cache-control": "no-store"})
        headers = {"cache-control": f"public, max-age={CACHE_SECONDS}, immutable", "vary": "accept-encoding"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(MODULES[path], media_type="text/javascript", headers=headers)
        headers["content-encoding"] = "gzip"
        return Response(packed[path], media_type="text/javascript", headers=headers)

    return Route("/modules/{digest}/{path:path}", serve)
