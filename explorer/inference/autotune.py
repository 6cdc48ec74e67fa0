"""Choice of device, number type and batch size for the network, from a short timing at start.

One pass of 4 pictures of 64x64 is timed on each device, in each number type that the device computes in hardware; then
larger batches are timed until the budget is spent. In total this takes well under a second. The choice is a function
of the times alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from explorer.core.denoiser import Denoiser
from explorer.inference.device import choose_device, native_bfloat16, present_devices

PROBE_SIDE_PIXELS, PROBE_ROWS = 64, 4  # as many pixels as one picture of 128x128
MAX_TIMED_PASSES = 5  # of each combination of device and number type
TIMING_BUDGET_S = 0.4  # for the choice of device and type, and again for that of the batch size
MAX_BFLOAT16_TIME_RATIO = 0.9  # of float32's time; above it the less exact bfloat16 is not worth it
MAX_TIME_RATIO_TO_BEST = 1.05  # of the time per picture: a smaller batch within it is preferred ...
MIN_PASS_S = 0.1  # ... if its pass takes this long, because a newcomer waits for the pass under way
MAX_CHUNK_PICTURES = {"cuda": 64, "mps": 16, "cpu": 2}  # of 128x128; larger batches gain 3 to 5 % there
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

Seconds = Mapping[tuple[str, str], float]  # of one pass, by device and number type


@dataclass(frozen=True)
class Tuning:
    """Device, number type and batch size."""

    device: torch.device
    dtype: torch.dtype
    chunk: int  # pictures of 128x128 in one forward pass, or as many pixels of another size


def best_device_and_dtype(seconds: Seconds) -> tuple[str, str]:
    """Return device and number type of the fastest pass, counting bfloat16 only where it is clearly faster.

    seconds: not empty. See MAX_BFLOAT16_TIME_RATIO.
    """
    best: dict[tuple[str, str], float] = {}
    for device in dict.fromkeys(device for device, _ in seconds):
        exact, quick = (seconds.get((device, name), float("inf")) for name in ("float32", "bfloat16"))
        name = "bfloat16" if quick < MAX_BFLOAT16_TIME_RATIO * exact else "float32"
        best[device, name] = seconds[device, name] if (device, name) in seconds else quick
    return min(best, key=best.__getitem__)


def best_chunk(seconds: Mapping[int, float]) -> int:
    """Return the best number of pictures in a pass; seconds: of one pass by number of pictures, not empty.

    Among the numbers within MAX_TIME_RATIO_TO_BEST of the least time per picture, it is the smallest whose pass takes
    MIN_PASS_S, or else the largest.
    """
    least = min(total / count for count, total in seconds.items())
    near = [count for count, total in seconds.items() if total / count <= MAX_TIME_RATIO_TO_BEST * least]
    return min((count for count in near if seconds[count] >= MIN_PASS_S), default=max(near))


def tune(load: Callable[[torch.device, torch.dtype], Denoiser], device: str = "auto", dtype: str = "auto") -> Tuning:
    """Time the model that `load(device, dtype)` returns on every candidate and return the best choice.

    device, dtype: "auto", or the one to use. Raise DeviceRefused for an absent device, and what `load` raises. A model
    that runs nowhere gets the first candidate and batches of one picture.
    """
    devices = {name: choose_device(name) for name in (present_devices() if device == "auto" else [device])}
    with _single_threaded():
        models = {(name, t): load(at, DTYPES[t]) for name, at in devices.items() for t in _types(at, dtype)}
        return _chosen(models, devices)


def _chosen(models: dict[tuple[str, str], Denoiser], devices: dict[str, torch.device]) -> Tuning:
    seconds = _seconds_by_device(models, devices)
    if not seconds:  # nothing runs; requests will report the error
        name, t = next(iter(models))
        return Tuning(devices[name], DTYPES[t], 1)
    name, t = best = best_device_and_dtype(seconds)
    return Tuning(devices[name], DTYPES[t], best_chunk(_seconds_by_chunk(models[best], devices[name], seconds[best])))


@contextmanager
def _single_threaded() -> Iterator[None]:
    """torch on one thread: several would wait for each other, and on a busy machine the wait would be timed."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _types(device: torch.device, dtype: str) -> list[str]:
    if dtype != "auto":
        return [dtype]
    return ["float32", "bfloat16"] if native_bfloat16(device) else ["float32"]


def _seconds_by_device(models: dict[tuple[str, str], Denoiser], devices: dict[str, torch.device]) -> Seconds:
    """The shortest of a few passes of each model; interleaved, so that other load disturbs all alike."""
    seconds: dict[tuple[str, str], float] = {}
    spent = 0.0
    for turn in range(MAX_TIMED_PASSES):
        for key, model in models.items():
            try:
                found = _time_pass(model, devices[key[0]], PROBE_ROWS)
            except Exception:  # an operation that this device or type lacks
                continue
            seconds[key] = found if turn < 2 else min(found, seconds[key])  # the first pass is a warm-up
            spent += found
        if turn and spent > TIMING_BUDGET_S:
            break
    return seconds


def _seconds_by_chunk(model: Denoiser, device: torch.device, first: float) -> dict[int, float]:
    """Seconds of a pass by number of 128x128 pictures: 1, 2, 4, ... until the budget is spent."""
    seconds, count, left = {1: first}, 2, TIMING_BUDGET_S
    while count <= MAX_CHUNK_PICTURES[device.type] and 4 * seconds[count // 2] < left:
        try:
            passes = [_time_pass(model, device, PROBE_ROWS * count) for _ in range(3)]
        except Exception:  # out of memory
            break
        seconds[count], left, count = min(passes[1:]), left - sum(passes), 2 * count
    return seconds


@torch.inference_mode()
def _time_pass(model: Denoiser, device: torch.device, rows: int) -> float:
    """Seconds of one forward pass; on the CPU the time of this thread, which excludes that of other processes."""
    clock = time.thread_time if device.type == "cpu" else time.perf_counter
    x = torch.zeros(rows, 3, PROBE_SIDE_PIXELS, PROBE_SIDE_PIXELS, device=device)
    sigma = torch.ones(rows, device=device)
    start = clock()
    model(x, sigma, None).cpu()  # waits for the device
    return clock() - start
