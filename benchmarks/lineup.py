"""python -m benchmarks.lineup: what the whole line-up costs beside bare networks, and how soon a row shows.

1. All that the server does for one picture of 64x64 (brought to 32x32, corrupted, given to all thirty
   autoencoders, spectra, encoding, in messages as the page gets them) against nothing but their forward passes on
   the same picture; interleaved rounds, the order changing from round to round.
2. In a real browser: from a moved control to the first outputs on the page, and to all of them.
They are loaded before; loading them, once per server, is measured separately.
"""

from __future__ import annotations

import json
import statistics
import time
from types import SimpleNamespace

import numpy as np
import torch
from playwright.sync_api import sync_playwright

from explorer.autoencoders import AUTOENCODERS, load_autoencoder
from explorer.engine import Engine
from explorer.images import decoder
from explorer.server.blob_store import BlobStore
from explorer.ui.tabs.autoencoders import LineUpView
from harness.browser import FLAGS, installed
from harness.server_process import running_app, wait_until_settled

ROUNDS, MOVES = 15, 9
MAX_FIRST_ROW_MS = 300
MAX_RATIO = 3.0  # of the whole line-up over the bare forward passes
SIGMA = 0.5

# Watches the page from a moved control on: when the first autoencoders of the new answer are drawn, and when all are.
WATCH = """(number) => {
  const input = document.querySelector('#lineup-seed input'), line = players.lineup.state, begun = performance.now();
  const given = line.given, seen = { first: 0, all: 0 };
  input.value = number;
  input.dispatchEvent(new Event('input', { bubbles: true }));
  return new Promise((resolve) => {
    const watch = () => {
      const fresh = line.given === given ? 0 : [...line.autoencoders.values()].filter(({ stale }) => !stale).length;
      if (fresh && !seen.first) seen.first = performance.now() - begun;
      if (fresh === COUNT) resolve([seen.first, performance.now() - begun]);
      else requestAnimationFrame(watch);
    };
    watch();
  });
}""".replace("COUNT", str(len(AUTOENCODERS)))


def line_up(view: LineUpView, picture: str, seed: int) -> tuple[float, float]:
    """Return the seconds to the first message with an output in it, and to the last; a new seed each time."""
    start, first = time.perf_counter(), 0.0
    visitor = SimpleNamespace(session_hash="benchmark")
    for answer, _ in view.line_up(picture, "gaussian", SIGMA, 0.5, seed, seed, visitor):
        if not first and len(answer["parts"]) > 1:
            first = time.perf_counter() - start
    return first, time.perf_counter() - start


@torch.inference_mode()
def bare_forwards(networks: dict[str, torch.nn.Module], x: torch.Tensor) -> float:
    """Return the seconds for one forward pass of each autoencoder on x (1, 3, 32, 32)."""
    start = time.perf_counter()
    for network in networks.values():
        network(x, SIGMA)
    return time.perf_counter() - start


def on_the_page(url: str) -> tuple[list[float], list[float]]:
    """Return the milliseconds from a new seed to the first outputs drawn, and to all."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url)
        page.get_by_role("tab", name="Autoencoders").click()
        ready = "document.querySelector('#lineup-status')?.textContent === 'ready'"
        page.wait_for_function(
            f"window.players?.lineup?.state.autoencoders.size === {len(AUTOENCODERS)} && {ready}", timeout=300_000
        )
        page.wait_for_timeout(3000)
        measured = []
        for number in range(1, MOVES + 1):
            measured.append(page.evaluate(WATCH, number))
            page.wait_for_function(ready, timeout=60_000)
            page.wait_for_timeout(500)
        browser.close()
    first, last = zip(*measured, strict=True)
    return list(first), list(last)


def spread(values: list[float]) -> str:
    """Return the median with the quartiles as text."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:8.2f} ({low:.2f} to {high:.2f})"


def main() -> None:
    """Run both and print them beside their bars."""
    engine = Engine()
    view = LineUpView(engine, BlobStore())
    source = decoder.fit(engine.picture_store.get("mountains"), 64)
    picture = engine.picture_store.add(source)
    start = time.perf_counter()
    line_up(view, picture, 1)
    cold = 1e3 * (time.perf_counter() - start)
    networks = {name: load_autoencoder(name) for name in AUTOENCODERS}
    x0 = torch.from_numpy(decoder.to_data(decoder.fit(source, 32)))[None]
    x = x0 + SIGMA * torch.from_numpy(np.random.default_rng(0).standard_normal(x0.shape)).float()
    for seed in (2, 3):
        line_up(view, picture, seed), bare_forwards(networks, x)
    wholes, bares, firsts = [], [], []
    for turn in range(ROUNDS):
        if turn % 2:
            bares.append(bare_forwards(networks, x))
        first, whole = line_up(view, picture, 10 + turn)
        if not turn % 2:
            bares.append(bare_forwards(networks, x))
        wholes.append(whole), firsts.append(1e3 * first)
    ratios = [whole / bare for whole, bare in zip(wholes, bares, strict=True)]
    with running_app("--device", "cpu", "--dtype", "float32") as url:
        wait_until_settled(url)
        shown, complete = on_the_page(url)
    lines = {
        "whole line-up, ms": [1e3 * whole for whole in wholes],
        "bare forward passes, ms": [1e3 * bare for bare in bares],
        f"ratio of paired rounds; bar {MAX_RATIO:g}": ratios,
        f"first row leaves the server, ms; bar {MAX_FIRST_ROW_MS}": firsts,
        f"first row on the page, ms; bar {MAX_FIRST_ROW_MS}": shown,
        "all on the page, ms": complete,
    }
    for name, values in lines.items():
        print(f"{name:46}{spread(values)}")
    print(f"{'the first line-up of a server, ms':46}{cold:8.0f}")
    medians = {"whole_over_bare": ratios, "first_row_ms": firsts, "first_row_shown_ms": shown, "all_shown_ms": complete}
    rounded = {name: round(statistics.median(values), 2) for name, values in medians.items()}
    print(json.dumps({"benchmark": "lineup", **rounded, "first_ever_ms": round(cold)}))


if __name__ == "__main__":
    main()
