"""One real server and one real browser for all tests of the page."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from explorer.engine import Engine
from harness import ROOT
from harness.browser import FLAGS, installed
from harness.server_process import running_app

SCREENSHOTS = ROOT / "screenshots"
READY = "document.querySelector('#status')?.textContent === 'ready'"


@pytest.fixture(scope="session")
def engine():
    """What the server computes with, for comparison; float32, as the server is told to use."""
    return Engine()


@pytest.fixture(scope="session")
def server():
    with running_app("--device", "cpu", "--dtype", "float32") as url:
        yield url


@pytest.fixture(scope="session")
def browser():
    path = installed()
    assert path, "no Chromium: run `python -m harness.browser`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Explorer:
    """The open page, with the few questions that tests ask of it."""

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
        self.page.wait_for_function(READY, timeout=120_000)
        return self

    def busy_then_ready(self) -> Explorer:
        """After a compute control: the page says at once that it is busy, and later that it is ready."""
        assert not self.page.evaluate(READY)
        return self.ready()

    def level(self, level: int) -> Explorer:
        self.page.evaluate(f"window.noiseAndScale.moveTo({level}, true)")
        self.page.wait_for_timeout(150)
        return self

    def pixels(self, name: str) -> np.ndarray:
        """Bytes of a canvas (H, W, 3) as int."""
        side, data = self.page.evaluate(
            f"(() => {{ const c = document.getElementById('canvas-{name}');"
            " return [c.width, Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)]; })()"
        )
        return np.array(data, dtype=int).reshape(-1, side, 4)[..., :3]

    def text(self, selector: str) -> str:
        return self.page.text_content(selector).strip()

    def choose(self, group: str, label: str) -> Explorer:
        self.page.locator(f"#{group} label", has_text=label).first.click()
        return self

    def shoot(self, name: str) -> Path:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path


@pytest.fixture
def explorer(browser, server, request):
    """A fresh page in a context of its own; at the end nothing may have gone wrong in its console."""
    options = getattr(request, "param", {"viewport": {"width": 1280, "height": 800}})
    context = browser.new_context(accept_downloads=True, **options)
    explorer = Explorer(context.new_page(), server)
    yield explorer
    problems = explorer.problems
    context.close()
    assert not problems, problems
