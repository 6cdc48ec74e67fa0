"""T21: the same request gives the same picture, alone, beside others, and after a restart."""

from __future__ import annotations

import io
import threading

import numpy as np

from harness.http_client import arguments, call_endpoint, fetch_arrays, run_concurrently
from harness.measuring import Bar, Row
from harness.server_process import Server
from robustness.scale import MAX_EQUAL_DIFFERENCE, MIN_EQUAL_SHARE, Scale
from robustness.server import measured_server

EXACT_DTYPE = ("--dtype", "float32")
STEPS = 10  # of a run
OTHER_VISITORS = 12  # who sample meanwhile


def picture(server: Server, seed: int) -> np.ndarray:
    """Return the picture (3, 64, 64) of a run with this seed. Raises RuntimeError where there is none."""
    outcome = call_endpoint(server.url, "sampling", arguments("sampling", steps=STEPS, seed=seed))
    if outcome.kind != "complete":
        raise RuntimeError(f"seed {seed}: {outcome.content}")
    with np.load(io.BytesIO(fetch_arrays(server.url, outcome.content))) as found:
        return found["picture"]


def pictures_under_load(server: Server, seeds: range) -> list[np.ndarray]:
    """Return the pictures of these seeds, sampled while other visitors sample."""
    over = threading.Event()

    def other(number: int) -> None:
        seed = 10_000 * (number + 1)
        while not over.is_set():
            call_endpoint(server.url, "sampling", arguments("sampling", steps=STEPS, seed=(seed := seed + 1)))

    def mine(_: int) -> list[np.ndarray]:
        try:
            return [picture(server, seed) for seed in seeds]
        finally:
            over.set()

    return run_concurrently(OTHER_VISITORS + 1, lambda i: mine(i) if i == OTHER_VISITORS else other(i))[OTHER_VISITORS]


def measure(scale: Scale) -> list[Row]:
    """Return the rows of T21: pictures that differ for a lone visitor, and by how much under load."""
    seeds, alone, again = range(scale.seeds), [], []
    for found in (alone, again):  # a server of its own each, as answers are cached
        with measured_server(*EXACT_DTYPE) as server:
            server.wait_until_settled()
            found += [picture(server, seed) for seed in seeds]
            repeated = sum(not np.array_equal(picture(server, seed), found[seed]) for seed in seeds)
    with measured_server(*EXACT_DTYPE) as server:
        server.wait_until_settled()
        beside = pictures_under_load(server, seeds)
    restarted = sum(not np.array_equal(a, b) for a, b in zip(alone, again, strict=True))
    apart = np.abs(np.stack(beside) - np.stack(alone))
    share = float((apart <= MAX_EQUAL_DIFFERENCE).mean())
    note = f"largest difference {apart.max() / 2 * 255:.3g} of 255; all but {1 - share:.2g} of the values"
    return [
        Row("T21 pictures that differ when asked again", repeated, "pictures", bar=Bar(0, False)),
        Row("T21 pictures that differ after a restart", restarted, "pictures", bar=Bar(0, False)),
        Row("T21 values within 1/255 beside others", share, "", bar=Bar(MIN_EQUAL_SHARE, True), note=note),
    ]
