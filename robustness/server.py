"""The server that is measured: on the CPU, in the number type that it chooses, behind a proxy that it believes."""

from __future__ import annotations

from pathlib import Path

from harness.server_process import Server

TRUSTED_PROXY = {"FORWARDED_ALLOW_IPS": "127.0.0.1"}  # so that one client can stand for many addresses


def measured_server(*options: str, temp_dir: Path | None = None) -> Server:
    """Return a server process that is ready inside a `with` block; options are those of app.py."""
    return Server("--device", "cpu", *options, temp_dir=temp_dir, environment=TRUSTED_PROXY)
