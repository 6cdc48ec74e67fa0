"""T21: the same request gives the same picture, alone, beside others, and after a restart."""

from __future__ import annotations

import io
import threading

import numpy as np

from harness.http_client import Told, arrays, ask, at_once, values
from harness.measuring import Bar, Row
from harness.server_process import Server
from robustness.scale import SAME_SHARE, SAME_WITHIN, Scale
from robustness.server import measured_server

EXACT = ("--dtype", "float32")
STEPS, BESIDE = 10, 12  # of a run; other visitors meanwhile


def picture(server: Server, seed: int) -> np.ndarray:
    """The picture of a run with this seed, (3, 64, 64). RuntimeError where there is none."""
    told: Told = ask(server.url, "sampling", values("sampling", steps=STEPS, seed=seed))
    if told.kind != "complete":
        raise RuntimeError(f"seed {seed}: {told.content}")
    with np.load(io.BytesIO(arrays(server.url, told.content))) as found:
        return found["picture"]


def loaded(server: Server, seeds: range) -> list[np.ndarray]:
    """The same pictures while others sample."""
    over = threading.Event()

    def other(number: int) -> None:
        seed = 10_000 * (number + 1)
        while not over.is_set():
            ask(server.url, "sampling", values("sampling", steps=STEPS, seed=(seed := seed + 1)))

    def mine(_: int) -> list[np.ndarray]:
        try:
            return [picture(server, seed) for seed in seeds]
        finally:
            over.set()

    return at_once(BESIDE + 1, lambda i: mine(i) if i == BESIDE else other(i))[BESIDE]


def measure(scale: Scale) -> list[Row]:
    """Pictures that differ at all where nobody else is there, and how much where others are."""
    seeds, alone, again = range(scale.seeds), [], []
    for found in (alone, again):  # a server of its own each, as answers are kept
        with measured_server(*EXACT) as server:
            server.wait_until_settled()
            found += [picture(server, seed) for seed in seeds]
            repeated = sum(not np.array_equal(picture(server, seed), found[seed]) for seed in seeds)
    with measured_server(*EXACT) as server:
        server.wait_until_settled()
        beside = loaded(server, seeds)
    restarted = sum(not np.array_equal(a, b) for a, b in zip(alone, again, strict=True))
    apart = np.abs(np.stack(beside) - np.stack(alone))
    share = float((apart <= SAME_WITHIN).mean())
    note = f"largest difference {apart.max() / 2 * 255:.3g} of 255; all but {1 - share:.2g} of the values"
    return [
        Row("T21 pictures that differ when asked again", repeated, "pictures", bar=Bar(0, False)),
        Row("T21 pictures that differ after a restart", restarted, "pictures", bar=Bar(0, False)),
        Row("T21 values within 1/255 beside others", share, "", bar=Bar(SAME_SHARE, True), note=note),
    ]
