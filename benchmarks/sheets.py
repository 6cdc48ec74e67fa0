"""python -m benchmarks.sheets: the picture sheets that the page is sent, against Pillow's PNG.

The sheets are those of the first page at its default size: the network's errors at 32 noise levels of an example
picture, eight bits, lossless WebP. CPU time of one thread for all of them, by what writes them, and their size. The
lossy JPEG and the bare bytes are there for comparison; the page uses neither.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from unittest import mock

import numpy as np
import torch
from PIL import Image

from benchmarks import measuring
from benchmarks.measuring import Bar, Row, cpu, interleaved, spread
from explorer.api import NoisingRequest
from explorer.backends.device import choose_dtype
from explorer.engine import Engine
from explorer.ui.scrubber import payload

ROUNDS, SLOT = 9, 0.1
BAR = Bar(20, at_least=True)


def encoder(kind: str, **settings: object) -> Callable[[np.ndarray], bytes]:
    """Pillow's writer of one form."""

    def encode(sheet: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(sheet).save(buffer, kind, **settings)
        return buffer.getvalue()

    return encode


def sheets(size: int) -> tuple[list[np.ndarray], Callable[[np.ndarray], bytes], float]:
    """All sheets of one answer, the page's own way to encode one, and seconds that the network took for them."""
    engine, taken, seen = Engine(dtype=choose_dtype(torch.device("cpu"))), [], {}

    def note(sheet: np.ndarray, kind: str, **settings: object) -> bytes:
        taken.append(sheet)
        seen.update(kind=kind, settings=settings)
        return b""

    noised, start = engine.noise(NoisingRequest(size=size, seed=1)), time.perf_counter()
    levels = list(engine.denoise(noised))
    seconds = time.perf_counter() - start
    with mock.patch.object(payload, "_encoded", note):
        for part in levels:
            payload.levels_part(part)
    engine.models.batcher.close()
    return taken, encoder(seen["kind"], **seen["settings"]), seconds


def measure(quick: bool) -> list[Row]:
    """The page's form first."""
    size = 64 if quick else NoisingRequest().size
    pictures, ours, network = sheets(size)
    writers = {
        "the page's lossless WebP": ours,
        "Pillow PNG": encoder("PNG"),
        "Pillow PNG, level 1": encoder("PNG", compress_level=1),
        "Pillow JPEG, quality 90": encoder("JPEG", quality=90),
        "bare bytes": lambda sheet: sheet.tobytes(),
    }
    every = {name: lambda write=write: [write(sheet) for sheet in pictures] for name, write in writers.items()}
    with measuring.threads(1):
        runs = {name: cpu(run, 0.0 if quick else SLOT) for name, run in every.items()}
        seconds = interleaved(runs, 2 if quick else ROUNDS)
    sizes = {name: sum(map(len, run())) for name, run in every.items()}
    rows = []
    for name in writers:
        bar = BAR if name.startswith("the page's") else None
        taken = np.median(seconds[name])
        note = f"{1e3 * taken:.3g} ms, {sizes[name] / 1e3:.0f} kB"
        if bar:
            note += f"; {100 * taken / network:.1f} % of the time that the network took for these levels"
        if name != "Pillow PNG":
            rows.append(spread(f"{name}, over Pillow PNG", seconds["Pillow PNG"] / seconds[name], "x", bar, note))
        else:
            rows.append(Row(name, 1e3 * taken, "ms", note=note))
    return rows


if __name__ == "__main__":
    measuring.main(measure, __doc__)
