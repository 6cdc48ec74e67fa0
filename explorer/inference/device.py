"""Which device and number type the network runs in."""

from __future__ import annotations

import torch

from explorer.errors import DeviceRefused

DEVICES = ("auto", "cuda", "mps", "cpu")
DTYPES = ("auto", "float32", "bfloat16")


def present_devices() -> list[str]:
    """Return the kinds of device on this machine, the one that is likely to be fastest first."""
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [kind for kind, there in present.items() if there]


def choose_device(name: str = "auto") -> torch.device:
    """Return the named device, or for "auto" the first of `present_devices`. Raise DeviceRefused if it is absent."""
    present = present_devices()
    if name == "auto":
        name = present[0]
    if name.split(":")[0] not in present:
        raise DeviceRefused(f"There is no {name} device here; this machine has {', '.join(present)}.")
    return torch.device(name)


def native_bfloat16(device: torch.device) -> bool:
    """Return whether the device computes bfloat16 in hardware, so that it is faster than float32 there."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return False


def choose_dtype(device: torch.device, name: str = "auto") -> torch.dtype:
    """Return the named number type; for "auto" bfloat16 where the device has it in hardware, else float32."""
    if name == "auto":
        return torch.bfloat16 if native_bfloat16(device) else torch.float32
    return getattr(torch, name)
