"""Where and in which number type the network runs, and how many pictures at once: timed at start, then decided.

The timing takes well under a second: one pass of 4 pictures of 64x64 on each device and in each type that it computes
in hardware, then more pictures at once until the time is used up. What is decided follows from the times alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from explorer.core.denoiser import Denoiser
from explorer.inference.device import choose_device, native_bfloat16, present_devices

PROBE_SIDE_PIXELS, PROBE_ROWS = 64, 4  # ROWS pictures of SIDE x SIDE are one of 128x128
MAX_TIMED_PASSES, TIMING_BUDGET_S = 5, 0.4  # at most so many timed passes each, and seconds for either question
MAX_BFLOAT16_TIME_RATIO = 0.9  # bfloat16 is less exact: it must take less than this share of float32's time
MAX_TIME_RATIO_TO_BEST = (
    1.05  # a smaller batch this near to the best time per picture is preferred: who comes next waits less,
)
MIN_PASS_S = 0.1  # as long as a pass takes this many seconds
MAX_CHUNK_PICTURES = {"cuda": 64, "mps": 16, "cpu": 2}  # pictures of 128x128 at once; more gain 3 to 5 % there
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

Seconds = Mapping[tuple[str, str], float]  # of one pass, by device and number type


@dataclass(frozen=True)
class Tuning:
    """Where the network runs, in which type, and how many pictures of 128x128 go through it at once."""

    device: torch.device
    dtype: torch.dtype
    chunk: int


def best_device_and_dtype(seconds: Seconds) -> tuple[str, str]:
    """Device and number type: the device whose float32, or clearly faster bfloat16, takes least. Not empty."""
    best = {}
    for device in dict.fromkeys(device for device, _ in seconds):
        exact, quick = (seconds.get((device, name), float("inf")) for name in ("float32", "bfloat16"))
        name = "bfloat16" if quick < MAX_BFLOAT16_TIME_RATIO * exact else "float32"
        best[device, name] = seconds[device, name] if (device, name) in seconds else quick
    return min(best, key=best.__getitem__)


def best_chunk(seconds: Mapping[int, float]) -> int:
    """How many pictures at once, from the seconds of a pass by their number: not empty.

    Of those near to the least time per picture the smallest whose pass takes a while, or else the largest.
    """
    least = min(total / count for count, total in seconds.items())
    near = [count for count, total in seconds.items() if total / count <= MAX_TIME_RATIO_TO_BEST * least]
    return min((count for count in near if seconds[count] >= MIN_PASS_S), default=max(near))


def tune(load: Callable[[torch.device, torch.dtype], Denoiser], device: str = "auto", dtype: str = "auto") -> Tuning:
    """What `load` gives is timed wherever it may run. A device or type other than "auto" is not put in question.

    Raises DeviceRefused for a device that is not there, and what `load` raises.
    """
    places = {name: choose_device(name) for name in (present_devices() if device == "auto" else [device])}
    with _one_thread():
        models = {(name, t): load(at, DTYPES[t]) for name, at in places.items() for t in _types(at, dtype)}
        return _chosen(models, places)


def _chosen(models: dict[tuple[str, str], Denoiser], places: dict[str, torch.device]) -> Tuning:
    seconds = _seconds_by_place(models, places)
    if not seconds:  # nothing runs: whoever asks for a picture will be told why
        name, t = next(iter(models))
        return Tuning(places[name], DTYPES[t], 1)
    name, t = best = best_device_and_dtype(seconds)
    return Tuning(places[name], DTYPES[t], best_chunk(_seconds_by_chunk(models[best], places[name], seconds[best])))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Threads wait for each other; on a busy machine it would be the neighbours that are timed."""
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


def _seconds_by_place(models: dict[tuple[str, str], Denoiser], places: dict[str, torch.device]) -> Seconds:
    """The shortest of a few passes each, in turns: who else uses the machine then disturbs all alike."""
    seconds, spent = {}, 0.0
    for turn in range(MAX_TIMED_PASSES):
        for key, model in models.items():
            try:
                found = _pass(model, places[key[0]], PROBE_ROWS)
            except Exception:  # an operation that this device or type does not have
                continue
            seconds[key] = found if turn < 2 else min(found, seconds[key])  # plans are made in the first pass
            spent += found
        if turn and spent > TIMING_BUDGET_S:
            break
    return seconds


def _seconds_by_chunk(model: Denoiser, device: torch.device, first: float) -> dict[int, float]:
    """Seconds of a pass by pictures of 128x128 at once: one, then twice as many, while the time lasts."""
    seconds, count, left = {1: first}, 2, TIMING_BUDGET_S
    while count <= MAX_CHUNK_PICTURES[device.type] and 4 * seconds[count // 2] < left:
        try:
            passes = [_pass(model, device, PROBE_ROWS * count) for _ in range(3)]
        except Exception:  # out of memory: fewer it is
            break
        seconds[count], left, count = min(passes[1:]), left - sum(passes), 2 * count
    return seconds


@torch.inference_mode()
def _pass(model: Denoiser, device: torch.device, rows: int) -> float:
    """Seconds of one forward pass. On the CPU only those that this thread got: a neighbour's are not the model's."""
    clock = time.thread_time if device.type == "cpu" else time.perf_counter
    x, sigma = (
        torch.zeros(rows, 3, PROBE_SIDE_PIXELS, PROBE_SIDE_PIXELS, device=device),
        torch.ones(rows, device=device),
    )
    start = clock()
    model(x, sigma, None).cpu()  # waits for the device
    return clock() - start
