"""python -m benchmarks.sheets: the picture sheets that the page is sent, against Pillow's PNG.

The sheets are those of the first page at its default size: the network's errors at 32 noise levels of an example
picture, eight bits, lossless. CPU time of one thread for all of them, by what writes them, and their size. Pillow gets
them with the colours of a pixel side by side, as it needs them. The lossy JPEG is there for comparison.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from unittest import mock

import numpy as np
import torch
from PIL import Image

from explorer.engine import Engine
from explorer.inference.device import choose_dtype
from explorer.schemas import NoisingRequest
from explorer.ui.players.noise_slider import payload
from explorer.ui.players.shared.image_codec import encode_sheet
from harness import measuring
from harness.measuring import Bar, Row, cpu, interleaved, spread

ROUNDS = 9
SLOT_S = 0.1  # CPU time that each contender gets per round
BAR = Bar(20, at_least=True)
PILLOW = {
    "Pillow PNG": ("PNG", {}),
    "Pillow PNG, level 1": ("PNG", {"compress_level": 1}),
    "Pillow lossless WebP, fastest": ("WEBP", {"lossless": True, "quality": 0, "method": 0}),
    "Pillow JPEG, quality 90": ("JPEG", {"quality": 90}),
}


def encoded(picture: np.ndarray, kind: str, settings: dict) -> bytes:
    """Return Pillow's file of a picture (H, W, 3) uint8."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **settings)
    return buffer.getvalue()


def sheets(size: int) -> tuple[list[np.ndarray], float]:
    """Return all sheets of one answer, each (N, 3, size, size) uint8, and the seconds that the network took."""
    engine, taken = Engine(dtype=choose_dtype(torch.device("cpu"))), []
    noised, start = engine.noise(NoisingRequest(size=size, seed=1)), time.perf_counter()
    levels = list(engine.denoise(noised))
    seconds = time.perf_counter() - start
    with mock.patch.object(payload, "encode_sheet", lambda pictures: taken.append(pictures) or b""):
        for part in levels:
            payload.levels_part(part)
    engine.models.batcher.close()
    return taken, seconds


def writers(pictures: list[np.ndarray]) -> dict[str, Callable[[], list[bytes]]]:
    """Return functions that write all of the sheets, by name, the page's own way first."""
    side_by_side = [np.ascontiguousarray(p.transpose(0, 2, 3, 1)).reshape(-1, p.shape[-1], 3) for p in pictures]
    return {"the page's sheets": lambda: [encode_sheet(p) for p in pictures]} | {
        name: lambda kind=kind, settings=settings: [encoded(p, kind, settings) for p in side_by_side]
        for name, (kind, settings) in PILLOW.items()
    }


def measure(quick: bool) -> list[Row]:
    """Return the rows, the page's form first."""
    pictures, network = sheets(64 if quick else NoisingRequest().size)
    every = writers(pictures)
    with measuring.threads(1):
        runs = {name: cpu(run, 0.0 if quick else SLOT_S) for name, run in every.items()}
        seconds = interleaved(runs, 2 if quick else ROUNDS)
    sizes = {name: sum(map(len, run())) for name, run in every.items()}
    rows = []
    for name in every:
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
