"""python -m benchmarks.drag: how many distinct frames a second a real mouse drag shows, and its requests.

The real page at 1280x800 in headless Chromium, four pictures and the spectra moving, three seconds of dragging: while
the server, on the same processor, still prepares the examples after its start; on localhost; and with 80 ms of network
latency emulated. A frame counts when the pictures differ from the last.
"""

from __future__ import annotations

import json
import time

from playwright.sync_api import Page, sync_playwright

from harness.browser import FLAGS, installed
from harness.server_process import running_app, wait_until_settled

DRAG_S = 3.0
MOVES = 60  # per sweep of the slider
STARTING = "localhost, server starting"
CASES = {STARTING: 0, "localhost": 0, "80 ms network latency": 80}  # name: latency in ms

COUNT = """() => {
  const state = (window.frameCount = { distinct: 0, ticks: 0, last: '', on: true });
  const print = (id) => {
    const canvas = document.getElementById(id), w = canvas.width, h = canvas.height;
    return canvas.getContext('2d').getImageData(w >> 1, h >> 1, 8, 8).data.join();
  };
  const tick = () => {
    const now = ['canvas-noisy', 'canvas-denoised', 'canvas-noise'].map(print).join('|')
      + document.getElementById('curve-noisy').getAttribute('d').slice(-60);
    state.ticks++;
    if (now !== state.last) state.distinct++;
    state.last = now;
    if (state.on) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""


def drag(page: Page) -> dict:
    """Drag the slider for three seconds with the mouse; return frames a second and requests sent meanwhile."""
    box = page.locator("#noise-slider").bounding_box()
    y, left, width = box["y"] + box["height"] / 2, box["x"] + 12, box["width"] - 24
    share = float(
        page.evaluate("+document.querySelector('#noise-slider').value / document.querySelector('#noise-slider').max")
    )
    requests: list[str] = []
    page.mouse.move(left + share * width, y)
    page.mouse.down()
    page.wait_for_timeout(300)
    listener = lambda request: requests.append(request.url)
    page.on("request", listener)
    page.evaluate(COUNT)
    start, moves, goal = time.monotonic(), 0, 1.0
    while (elapsed := time.monotonic() - start) < DRAG_S:
        # Many small moves per call: the driver sends each as soon as the browser has taken the last.
        page.mouse.move(left + goal * width, y, steps=MOVES)
        moves, goal = moves + MOVES, 1.0 - goal
    counted = page.evaluate("() => { window.frameCount.on = false; return window.frameCount; }")
    page.remove_listener("request", listener)
    page.mouse.up()
    sent = [url for url in requests if not url.startswith("data:") and "heartbeat" not in url]
    return {
        "distinct_fps": round(counted["distinct"] / elapsed, 1),
        "screen_fps": round(counted["ticks"] / elapsed, 1),
        "mouse_moves": moves,
        "requests": len(sent),
    }


def main() -> None:
    """Run all cases and print them."""
    results = {}
    with running_app() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
        for name, latency in CASES.items():
            if name != STARTING:
                wait_until_settled(url)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(url)
            page.wait_for_function("document.querySelector('#status')?.textContent === 'ready'", timeout=120_000)
            page.wait_for_selector("#full-spectra .js-plotly-plot", timeout=60_000)
            session = page.context.new_cdp_session(page)
            session.send("Network.enable")
            session.send(
                "Network.emulateNetworkConditions",
                {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1},
            )
            page.wait_for_timeout(1500)
            results[name] = drag(page)
            page.close()
        browser.close()
    print(f"{'':28}{'distinct frames/s':>20}{'screen frames/s':>18}{'requests':>10}")
    for name, row in results.items():
        print(f"{name:28}{row['distinct_fps']:>20}{row['screen_fps']:>18}{row['requests']:>10}")
    print(json.dumps({"benchmark": "drag", "seconds": DRAG_S, **results}))


if __name__ == "__main__":
    main()
