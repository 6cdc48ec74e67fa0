"""T1 to T3: hostile picture files, one after another, many at once beside a normal visitor, and damaged at random."""

from __future__ import annotations

import csv
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from explorer.errors import ImageRefused
from explorer.images.decoder import decode
from harness import ROOT
from harness.http_client import (
    API,
    SHARED_SSL_CONTEXT,
    Outcome,
    arguments,
    call_endpoint,
    latency_quantile,
    run_concurrently,
    visitor_headers,
)
from harness.measuring import Bar, Row
from harness.picture_files import damaged, encode, png
from harness.server_process import Server
from robustness.probing import probe_health
from robustness.scale import Scale
from robustness.server import measured_server

DATA = Path(os.environ.get("EXPLORER_DATA", ROOT.parent / "shared" / "data")) / "hostile"
COSTLIEST_FILES = 20  # of T1 that T2 sends again
SENDERS = 8
UPLOAD_TIMEOUT_S = 60
SENDER_PAUSE_S = 0.5  # after each file; without one the senders alone would take more than half of two cores


@dataclass(frozen=True)
class Hostile:
    """A file, and whether it must be accepted; None where either is right."""

    data: bytes
    accept: bool | None


def corpus(most: int) -> list[Hostile]:
    """Return at most so many generated files and those of hostile/manifest.csv, where the data folder has them."""
    expected = {"must_accept": True, "must_reject": False, "either": None}
    found = generated()
    if (DATA / "manifest.csv").is_file():
        with (DATA / "manifest.csv").open(newline="") as file:
            found += [Hostile((DATA / e["file"]).read_bytes(), expected[e["expected"]]) for e in csv.DictReader(file)]
    return found[:: -(-len(found) // most)]


def generated() -> list[Hostile]:
    """Return good files of the three formats, cut off ones, those too large by their header, and other formats."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8))
    good = [encode(noise, form) for form in ("PNG", "JPEG", "WEBP")]
    cut = [data[: len(data) // 3] for data in good]
    bombs = [png(side, side, b"", extra=b"") for side in (9_000, 20_000, 100_000)]
    others = [encode(noise, form) for form in ("GIF", "BMP", "TIFF")] + [b"", b"<svg/>", b"%PDF-1.4", b"\x89PNG"]
    return [Hostile(data, True) for data in good] + [Hostile(data, False) for data in cut + bombs + others]


def upload_picture(url: str, data: bytes) -> Outcome:
    """Upload a file and add it as a picture; return the outcome of both together."""
    began = time.monotonic()
    try:
        headers = visitor_headers()
        form = {"files": ("a.png", data)}
        sent = httpx.post(
            f"{url}{API}/upload", files=form, headers=headers, timeout=UPLOAD_TIMEOUT_S, verify=SHARED_SSL_CONTEXT
        )
        if sent.status_code != 200:
            return Outcome("refused", sent.text, time.monotonic() - began, sent.status_code)
        file = {"path": sent.json()[0], "meta": {"_type": "gradio.FileData"}}
        outcome = call_endpoint(url, "add_picture", [file], headers)
        return replace(outcome, seconds=time.monotonic() - began)
    except httpx.TransportError as error:
        return Outcome("lost", type(error).__name__, time.monotonic() - began, 0)


def one_by_one(server: Server, files: list[Hostile]) -> tuple[list[Row], list[Hostile]]:
    """Return the rows of T1, and the files that took longest."""
    idle = server.memory_mb()
    outcomes = [upload_picture(server.url, file.data) for file in files]
    wrong = [f for f, t in zip(files, outcomes, strict=True) if f.accept not in (None, t.kind == "complete")]
    malformed = [one for one in outcomes if not one.well_formed]
    rows = [
        Row("T1 hostile files judged wrongly", len(wrong), "files", bar=Bar(0, False), note=f"of {len(files)}"),
        Row("T1 answers that are no picture and no sentence", len(malformed), "answers", bar=Bar(0, False)),
        Row("T1 most memory, over idle", server.memory_mb("VmHWM") - idle, "MB", bar=Bar(256, False)),
        Row("T1 the slowest file", max(one.seconds for one in outcomes), "s", bar=Bar(3, False)),
        Row("T1 server alive", float(server.alive), "", bar=Bar(1, True)),
    ]
    order = np.argsort([-one.seconds for one in outcomes])[:COSTLIEST_FILES]
    return rows, [files[i] for i in order]


def many_at_once(server: Server, costly: list[Hostile], calls: int) -> list[Row]:
    """Return the rows of T2: the costliest files from eight senders at once while a visitor samples."""
    normal = lambda seed: call_endpoint(server.url, "sampling", arguments("sampling", steps=6, seed=seed))
    alone = [normal(1000 + i) for i in range(calls)]
    idle, over = server.memory_mb(), threading.Event()

    def hostile(sender: int) -> None:
        while not over.is_set():
            upload_picture(server.url, costly[sender % len(costly)].data)
            over.wait(SENDER_PAUSE_S)
            sender += SENDERS

    with probe_health(server.url) as probes, ThreadPoolExecutor(1) as thread:
        senders = thread.submit(run_concurrently, SENDERS, hostile)
        beside = [normal(2000 + i) for i in range(calls)]
        over.set()
        senders.result()
    quiet, busy = latency_quantile(alone, 0.95), latency_quantile(beside, 0.95)
    note = f"{quiet:.2f} s alone, {busy:.2f} s beside {SENDERS} senders, each {SENDER_PAUSE_S} s after its last file"
    return [
        Row("T2 a normal visitor's p95 beside hostile files", busy / quiet, "x", bar=Bar(2, False), note=note),
        Row("T2 most memory, over idle", server.memory_mb("VmHWM") - idle, "MB", bar=Bar(512, False)),
        Row("T2 slowest /healthz", 1000 * max(probes), "ms", bar=Bar(250, False)),
    ]


def mutations(count: int) -> Row:
    """Return the row of T3: errors other than a refusal that leave the decoder for damaged files."""
    rng, escaped, accepted = np.random.default_rng(3), {}, 0
    whole = []
    for i in range(20):
        pixels = rng.integers(0, 256, (12 + i, 17, 3), np.uint8)
        whole.append(encode(pixels, ("PNG", "JPEG", "WEBP")[i % 3]))
    for i in range(count):
        try:
            accepted += decode(damaged(whole[i % 20], rng)).size > 0
        except ImageRefused:
            pass
        except Exception as error:  # what is counted here
            escaped[type(error).__name__] = escaped.get(type(error).__name__, 0) + 1
    note = f"{count} damaged files, {accepted} still pictures" + "".join(f"; {k}: {n}" for k, n in escaped.items())
    return Row("T3 other errors than a refusal", sum(escaped.values()), "errors", bar=Bar(0, False), note=note)


def measure(scale: Scale) -> list[Row]:
    """Return the rows of T1 to T3."""
    with measured_server() as server:
        server.wait_until_settled()
        rows, costly = one_by_one(server, corpus(scale.files))
        rows += many_at_once(server, costly, scale.lone_calls)
    return [*rows, mutations(scale.mutations)]
