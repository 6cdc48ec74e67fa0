"""python -m harness.compare_links OLD: whether links show the same pixels as in another checkout of this project.

Starts `app.py` of the folder OLD and of this checkout on the same device and in the same number type, opens each link
in both, waits until nothing changes any more, and compares every canvas pixel by pixel and the text beside them.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from harness.browser import FLAGS, installed
from harness.server_process import Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

LINKS = (
    "/?v=1",
    "/?v=1&picture=bricks&sigma=0.3&seed=5&schedule=flow",
    "/?v=1&picture=cat&model=wiener&class=cat face&sigma=2&size=64",
    "/?v=1&picture=fig&model=ideal&sigma=1&seed=2",
    "/?v=1&view=sampling",
    "/?v=1&view=sampling&sampler=ddpm&steps=12&seed=3&at=7&class=forest",
    "/?v=1&view=sampling&sampler=heun&steps=10&seed=1&guidance=2&class=cat face&b=sampler&b.sampler=euler&open=compare",
    "/?v=1&view=sampling&start=picture&picture=mountains&sigma=1.5&steps=8&shown=clipped",
    "/?v=1&view=sampling&model=wiener&sampler=langevin&steps=6&schedule=linear",
    "/?v=1&view=autoencoders",
    "/?v=1&view=autoencoders&picture=cat&corruption=mask&rate=0.5&order=best&member=dae-mask",
    "/?v=1&view=autoencoders&picture=stream&sigma=1&seed=4&open=wiring&wiring.told=0.5&wiring.output=score",
    "/?v=1&view=autoencoders&open=field&field.density=two&field.sigma=0.5&field.seed=2",
)
PIXELS = """() => [...document.querySelectorAll('canvas')].filter((c) => c.width && c.checkVisibility()).map((c) => {
  const url = c.toDataURL();
  return [c.width, c.height, url];
})"""
QUIET_S, LONGEST_S = 4.0, 240.0  # how long nothing may change, and how long that may take, in seconds


def shown(page: Page, address: str) -> tuple[Counter, list[str]]:
    """Return what a page shows once it has come to rest: (canvases as width, height and digest; lines of text)."""
    page.goto(address)
    page.wait_for_selector("#copy-link")
    began = still = time.monotonic()
    before: tuple[Counter, list[str]] | None = None
    while time.monotonic() - began < LONGEST_S:
        page.wait_for_timeout(500)
        digests = ((w, h, hashlib.sha256(url.encode()).hexdigest()[:16]) for w, h, url in page.evaluate(PIXELS))
        now = Counter(digests), page.inner_text("main, body").splitlines()
        if now != before or not now[0]:
            before, still = now, time.monotonic()
        elif time.monotonic() - still > QUIET_S:
            return now
    raise RuntimeError(f"{address} does not come to rest")


def main() -> int:
    """Compare all links; the exit status is the number of links that differ in a pixel."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m harness.compare_links", description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path, help="folder of the other checkout")
    parser.add_argument("--text", action="store_true", help="print lines of text that differ, too")
    options = parser.parse_args()
    differing = 0
    exact = ("--device", "cpu", "--dtype", "float32")
    with Server(*exact, checkout=options.old) as old, Server(*exact) as new, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
        for link in LINKS:
            found = []
            for url in (old.url, new.url):
                context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
                found.append(shown(context.new_page(), url + link))
                context.close()
            (pixels_old, text_old), (pixels_new, text_new) = found
            same = pixels_old == pixels_new
            differing += not same
            print(f"{'same' if same else 'DIFFERENT'}  {sum(pixels_new.values())} canvases  {link}", flush=True)
            if options.text:
                print(*(f"  - {line}" for line in text_old if line not in text_new), sep="\n")
                print(*(f"  + {line}" for line in text_new if line not in text_old), sep="\n")
        browser.close()
    return differing


if __name__ == "__main__":
    sys.exit(main())
