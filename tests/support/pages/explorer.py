"""The open page, whichever view is shown."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlparse

import numpy as np

from harness import ROOT
from harness.server_process import metrics

SCREENSHOTS = ROOT / "screenshots"
READY = "document.querySelector('#status')?.textContent === 'ready'"
SHOWN_S = 120  # until a test gives up
# Endless animations aside, nothing moves: transitions of colours and of sections that unfold are over.
STILL = (
    "document.getAnimations().every((a) => a.playState !== 'running'"
    " || a.effect?.getComputedTiming().iterations === Infinity)"
)
TWO_FRAMES = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
# Width and bytes of a canvas. As an array, Playwright would look at each of the numbers by itself.
CANVAS = """(canvas) => {
  const { width, height } = canvas, { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let text = "";
  for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
  return [width, btoa(text)];
}"""


class Explorer:
    """A page that notes what goes wrong in its console, and every request that it sends."""

    def __init__(self, page, url: str) -> None:
        self.page, self.url, self.problems = page, url, []
        page.on("console", lambda m: self.problems.append(f"console: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda e: self.problems.append(f"page: {e}"))
        page.on("request", self._note_foreign)
        self.requests: list[str] = []

    def _note_foreign(self, request) -> None:
        address = urlparse(request.url)
        if address.scheme in ("http", "https", "ws", "wss"):
            self.requests.append(request.url)
            if address.netloc != urlparse(self.url).netloc:
                self.problems.append(f"request to {address.netloc}")

    def open(self, query: str = "") -> Explorer:
        self.page.goto(self.url + query)
        return self.ready()

    def ready(self) -> Explorer:
        self.page.wait_for_function(READY, timeout=1000 * SHOWN_S)
        return self

    def busy_then_ready(self) -> Explorer:
        """After a compute control: the page says at once that it is busy, and later that it is ready."""
        assert not self.page.evaluate(READY)
        return self.ready()

    def drawn(self) -> Explorer:
        """What has been moved is drawn: players paint in the frame after a change."""
        self.page.evaluate(TWO_FRAMES)
        return self

    def wait_until(self, condition: Callable[[], object]) -> Explorer:
        """Wait for what a test sees outside the page, while the page goes on."""
        end = time.monotonic() + SHOWN_S
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {SHOWN_S} seconds"
            self.drawn()
        return self

    def at_rest(self) -> Explorer:
        """The server computes nothing for anybody, nothing moves, and no request was sent between two looks."""
        sent = -1

        def quiet() -> bool:
            nonlocal sent
            before, sent = sent, len(self.requests)
            return metrics(self.url)["explorer_events_running"] == 0 and sent == before

        self.wait_until(quiet)
        self.page.wait_for_function(STILL)
        return self

    def sent_since(self, count: int) -> list[str]:
        """Requests after the first `count`, without the heartbeat of Gradio's own."""
        return [url for url in self.requests[count:] if "heartbeat" not in url]

    def level(self, level: int) -> Explorer:
        self.page.evaluate(f"players.noise_slider.moveTo({level}, true)")
        return self.drawn()

    def canvas(self, selector: str) -> np.ndarray:
        """Bytes of a canvas (H, W, 3) as int."""
        width, data = self.page.eval_on_selector(selector, CANVAS)
        return np.frombuffer(base64.b64decode(data), np.uint8).astype(int).reshape(-1, width, 4)[..., :3]

    def pixels(self, name: str) -> np.ndarray:
        """Bytes of a picture of the first view (H, W, 3) as int."""
        return self.canvas(f"#canvas-{name}")

    def text(self, selector: str) -> str:
        return self.page.text_content(selector).strip()

    def choose(self, group: str, label: str) -> Explorer:
        self.page.locator(f"#{group} label", has_text=label).first.click()
        return self

    def unfold(self, title: str) -> Explorer:
        """Open a section of the page by its title."""
        self.page.locator("button.label-wrap", has_text=title).click()
        self.page.locator("button.label-wrap.open", has_text=title).wait_for()
        return self

    def shoot(self, name: str) -> Path:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path
