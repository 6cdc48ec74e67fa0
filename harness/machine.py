"""What a table was measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from pathlib import Path

import torch

from explorer.inference.device import choose_dtype

PACKAGES = (
    "torch", "numpy", "scipy", "pillow", "gradio", "diffusers", "k-diffusion", "smalldiffusion", "pysteps", "ray",
)  # fmt: skip
NOISE_WORDS = r"\((r|tm)\)|@.*|\b(cpu|processor|\d+-core)\b"  # words that say nothing, and the clock


def model_name(text: str) -> str:
    """Return the processor's name in the text of /proc/cpuinfo, or what Python knows of it."""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.processor() or platform.machine() or "unknown"


def simplified(name: str) -> str:
    """Return a processor's name as the name of a file: "AMD EPYC 9575F 64-Core Processor" -> "amd-epyc-9575f"."""
    words = re.sub(NOISE_WORDS, " ", name.lower())
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-") or "unknown"


def processor() -> str:
    """Return the simplified name of this machine's processor."""
    return simplified(_full_name())


def described() -> dict:
    """Return processor, cores, versions, and how busy the machine is before the first measurement."""
    cpu = torch.device("cpu")
    return {
        "processor": _full_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "dtype": str(choose_dtype(cpu)).removeprefix("torch."),
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
    }


def _full_name() -> str:
    path = Path("/proc/cpuinfo")
    return model_name(path.read_text() if path.exists() else "")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
