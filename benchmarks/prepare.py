"""python -m benchmarks.prepare: what the page's preparation costs beside the bare network, and how soon it shows.

1. All that the server does for one picture at 128x128 and 32 noise levels (noise, spectra, estimates in batches,
   encoding) against nothing but the network's forward passes, in batches of the same size; interleaved rounds.
2. In a real browser: from the arrival of an upload at the server to the picture and its spectrum on the page, while
   the network is busy with all 32 levels at 256x256.
"""

from __future__ import annotations

import io
import json
import statistics
import time

import numpy as np
import torch
from PIL import Image
from playwright.sync_api import sync_playwright

from explorer.core.denoiser import Denoiser
from explorer.engine import Engine
from explorer.engine.loading import load
from explorer.inference.device import choose_device, choose_dtype
from explorer.schemas import NoisingRequest
from explorer.ui.players.noise_slider.payload import base_part, levels_part
from harness.browser import FLAGS, installed
from harness.server_process import running_app, wait_until_settled

ROUNDS, UPLOADS = 5, 5


def whole_preparation(engine: Engine, seed: int) -> float:
    """Return the seconds for everything; a new seed each time, so that nothing comes from the cache."""
    start = time.perf_counter()
    noised = engine.noise(NoisingRequest(seed=seed))
    base_part(noised)
    for levels in engine.denoise(noised):
        levels_part(levels)
    return time.perf_counter() - start


@torch.inference_mode()
def bare_forwards(engine: Engine, network: Denoiser, batch: int = 8) -> float:
    """Return the seconds for 32 forward passes of 128x128 through the network alone, in batches."""
    x = torch.randn(batch, 3, 128, 128, device=engine.models.device)
    sigma = torch.linspace(0.1, 2, batch, device=engine.models.device)
    label = torch.full((batch,), len(engine.models.classes) - 1, device=engine.models.device)
    start = time.perf_counter()
    for _ in range(32 // batch):
        network(x, sigma, label).float().cpu()
    return time.perf_counter() - start


def first_picture(url: str) -> list[float]:
    """Return the milliseconds from the end of each upload to the drawn picture and spectrum, 256x256."""
    measured = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url)
        ready = "document.querySelector('#status')?.textContent === 'ready'"
        page.wait_for_function(ready, timeout=300_000)
        page.wait_for_selector("#full-spectra .js-plotly-plot", timeout=60_000)  # setting it up takes a second
        page.locator("#size label", has_text="256").click()
        page.wait_for_timeout(500)
        page.wait_for_function(ready, timeout=300_000)
        page.evaluate(
            """() => document.querySelector('.ns-grid').parentElement.addEventListener('drawn', () => {
              const base = players.noise_slider.state.base;
              if (base !== window.lastBase) { window.lastBase = base; window.drawnAt = performance.now(); }
            })"""
        )
        page.evaluate("players.noise_slider.moveTo(16)")
        page.wait_for_timeout(200)
        for i in range(UPLOADS):
            buffer, rng = io.BytesIO(), np.random.default_rng(i)
            Image.fromarray(rng.integers(0, 256, (600, 800, 3), dtype=np.uint8)).save(buffer, "JPEG")
            page.evaluate("() => { window.drawnAt = 0; performance.clearResourceTimings(); }")
            file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}
            page.locator("#upload input[type=file]").set_input_files(file)
            page.wait_for_function("window.drawnAt > 0", timeout=60_000)
            measured.append(
                page.evaluate(
                    "window.drawnAt - performance.getEntriesByType('resource')"
                    ".find((entry) => entry.name.includes('/upload?') || entry.name.endsWith('/upload')).responseEnd"
                )
            )
            page.wait_for_function(ready, timeout=300_000)
        browser.close()
    return measured


def main() -> None:
    """Run both and print them."""
    device = choose_device()
    dtype = choose_dtype(device)
    engine, (network, _) = Engine(device=device, dtype=dtype), load("scenes", device, dtype)
    whole_preparation(engine, 0), bare_forwards(engine, network)
    rounds = [(whole_preparation(engine, i + 1), bare_forwards(engine, network)) for i in range(ROUNDS)]
    ratio = statistics.median(whole / bare for whole, bare in rounds)
    with running_app() as url:
        wait_until_settled(url)
        shown = first_picture(url)
    print(f"{'preparation, 128x128, 32 levels':44}{statistics.median(r[0] for r in rounds):8.2f} s")
    print(f"{'bare forward passes':44}{statistics.median(r[1] for r in rounds):8.2f} s")
    print(f"{'ratio (median of paired rounds)':44}{ratio:8.2f}")
    median, worst = statistics.median(shown), max(shown)
    print(f"{'upload arrived -> picture and spectrum shown':44}{median:8.0f} ms (worst {worst:.0f})")
    print(
        json.dumps(
            {
                "benchmark": "prepare",
                "device": str(device),
                "ratio_to_bare_forwards": round(ratio, 3),
                "first_picture_ms": {"median": round(median), "worst": round(worst)},
            }
        )
    )


if __name__ == "__main__":
    main()
