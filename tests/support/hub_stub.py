"""A Hub on the loopback, as far as a pinned model needs one, and small models of diffusers to serve from it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import torch
from diffusers import DDPMScheduler, UNet2DModel

REVISION = "0123456789abcdef0123456789abcdef01234567"
SPEC = f"hub:somebody/tiny@{REVISION}"
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
SMALL = {
    "sample_size": 16,
    "block_out_channels": (8, 16),
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "attention_head_dim": 8,
}


def saved(folder: Path, noise: dict | None = None, **network: object) -> UNet2DModel:
    """Write a small pipeline into a folder as diffusers lays one out; returns its network."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = UNet2DModel(**{**SMALL, **network}).eval().requires_grad_(False)
    net.save_pretrained(folder / "unet", safe_serialization=True)
    DDPMScheduler(**(noise or {})).save_pretrained(folder / "scheduler")
    parts = {"unet": ["diffusers", "UNet2DModel"], "scheduler": ["diffusers", "DDPMScheduler"]}
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "DDPMPipeline", **parts}))
    return net


@dataclass
class Hub:
    """The stub's address, its files, what was asked of it, and how it misbehaves."""

    folder: Path
    url: str = ""
    fault: str = ""
    stated_sha256: str = ""  # of the weights, where it is to be a wrong one
    asked: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    def etag(self, name: str) -> str:
        data = (self.folder / name).read_bytes()
        if name.endswith(".safetensors"):
            return self.stated_sha256 or hashlib.sha256(data).hexdigest()
        return hashlib.sha1(data).hexdigest()

    def listing(self) -> dict:
        siblings = []
        for name in self.files():
            size = (self.folder / name).stat().st_size
            lfs = {"lfs": {"sha256": self.etag(name), "size": size, "pointerSize": 130}}
            siblings.append(
                {"rfilename": name, "size": size, "blobId": "0" * 40, **(lfs if name.endswith(".safetensors") else {})}
            )
        commit = REVISION[::-1] if self.fault == "another commit" else REVISION
        return {"id": "somebody/tiny", "sha": commit, "siblings": siblings}


class _Answer(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, *values: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        hub, path = self.hub, self.path.split("?")[0]
        hub.asked.append(path)
        if hub.fault == "stall":
            hub.closing.wait(60)
        elif hub.fault == "loop":
            self._send(302, b"", Location=self.path)
        elif hub.fault == "bare 404":
            self._send(404, b"")
        elif hub.fault == "no JSON":
            self._send(200, b"<html>Sign in to this network</html>")
        elif not path.removeprefix("/api/models").startswith("/somebody/tiny/"):
            self._send(404, b"", **{"X-Error-Code": "RepoNotFound"})
        elif path.removeprefix("/moved").split("/")[-1] != REVISION and REVISION not in path:
            self._send(404, b"", **{"X-Error-Code": "RevisionNotFound"})
        elif path.startswith("/api/"):
            self._send(200, json.dumps(hub.listing()).encode())
        else:
            self._file(path.partition(REVISION)[2].strip("/"))

    def _file(self, name: str) -> None:
        hub = self.hub
        data = (hub.folder / name).read_bytes()
        headers = {"X-Repo-Commit": REVISION, "ETag": f'"{hub.etag(name)}"'}
        if hub.fault == "moved" and "moved" not in self.path:
            linked = {"X-Linked-Etag": headers["ETag"], "X-Linked-Size": str(len(data))}
            self._send(302, b"", Location=f"{self.path}?moved", **headers, **linked)
        elif hub.fault == "stalled weights" and name == WEIGHTS and self.command == "GET":
            self._send(200, data, sent=0, **headers)
            hub.closing.wait(60)
        else:
            self._send(200, data, len(data) // 2 if hub.fault == "short" else None, **headers)

    def _send(self, status: int, body: bytes, sent: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[:sent])
            self.wfile.flush()


@contextmanager
def serving(folder: Path) -> Iterator[Hub]:
    """The stub, serving the folder as somebody/tiny at REVISION."""
    hub = Hub(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answer", (_Answer,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
