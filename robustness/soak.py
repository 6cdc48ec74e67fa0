"""T19: six users for a long time, each time with a fresh session and a picture of their own."""

from __future__ import annotations

import threading
import time

import numpy as np
from PIL import Image

from harness.http_client import arguments, call_endpoint, run_concurrently
from harness.measuring import Bar, Row
from harness.picture_files import encode
from robustness.files import upload_picture
from robustness.scale import Scale
from robustness.server import measured_server

USERS = 6
SAMPLE_INTERVAL_S = 2.0  # between looks at the server's memory
SIDE = 256  # of an uploaded picture, pixels
SETTLED_SHARE = 1 / 3  # of the time, after which memory should not grow


def visit(url: str, rng: np.random.Generator) -> bool:
    """Upload a new picture and have it denoised; return whether all of it was answered."""
    pixels = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    added = upload_picture(url, encode(Image.fromarray(pixels), "PNG"))
    if added.kind != "complete":
        return False
    data = arguments("noising", picture=added.content, size=64, levels=8, seed=int(rng.integers(2**31)))
    return call_endpoint(url, "noising", data).kind == "complete"


def measure(scale: Scale) -> list[Row]:
    """Return the rows of T19: what memory, files and threads do over the time."""
    over, samples, temporary = threading.Event(), [], []
    with measured_server() as server:
        server.wait_until_settled()
        began, idle, handles = time.monotonic(), server.memory_mb(), server.handles()

        def watch() -> None:
            while not over.wait(min(SAMPLE_INTERVAL_S, scale.soak_s / 10)):
                samples.append((time.monotonic() - began, server.memory_mb()))
                temporary.append(server.temp_files_mb())

        def user(number: int) -> list[bool]:
            rng, answered = np.random.default_rng(number), []
            while time.monotonic() - began < scale.soak_s:
                answered.append(visit(server.url, rng))
            return answered

        (watcher := threading.Thread(target=watch)).start()
        answered = [one for some in run_concurrently(USERS, user) for one in some]
        over.set()
        watcher.join()
        server.seconds_until_idle(30)
        files, threads = (now - then for now, then in zip(server.handles(), handles, strict=True))
    minutes, held = np.array([(at / 60, mb) for at, mb in samples if at > SETTLED_SHARE * scale.soak_s]).T
    slope = float(np.polyfit(minutes, held, 1)[0])
    note = f"{len(answered)} visits in {scale.soak_s / 60:.1f} minutes; answers are kept up to a bound, which fills"
    return [
        Row("T19 visits not answered", answered.count(False), "visits", bar=Bar(0, False), note=note),
        Row("T19 growth of memory after a third of the time", slope, "MB/min", bar=Bar(0.5, False)),
        Row("T19 memory, over idle", max(mb for _, mb in samples) - idle, "MB", bar=Bar(150, False)),
        Row("T19 open files more than before", files, "", bar=Bar(5, False)),
        Row("T19 threads more than before", threads, "", bar=Bar(45, False), note="Gradio keeps up to 40 for handlers"),
        Row("T19 temporary files, most", max(temporary), "MB", bar=Bar(200, False)),
    ]
