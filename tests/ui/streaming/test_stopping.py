"""Every section of the third page shows how far it has come, can be stopped, and can be begun again."""

import re
import time

import pytest

from explorer.engine import Engine
from explorer.engine.autoencoder_pool import AutoencoderPool
from explorer.serve import prepare
from explorer.server.config import Hosting
from harness.server_process import free_port
from tests.support.pages.autoencoders import LineUp

SLOW = 0.25  # seconds per call of an autoencoder, so that every section outlasts the test
SECTIONS = {
    "levels": ("Train at one noise level", "measure-levels", "#matrix"),
    "skips": ("Is a bottleneck needed", "cut-skips", "#skipCosts"),
    "codes": ("What the code holds", "look-inside", "#codes"),
    "generating": ("Can it generate?", "generate", "#generated"),
    "wiring": ("The wiring", "wire", "#wiring-player"),
}


class SlowPool(AutoencoderPool):
    """Autoencoders that take their time once `slow` is set, and count their calls."""

    calls, slow = 0, False

    def denoiser(self, name):
        inner = super().denoiser(name)

        def call(x, sigma, label=None):
            self.calls += 1
            time.sleep(SLOW if self.slow else 0)  # a slow model is what the test needs
            return inner(x, sigma, label)

        return call


@pytest.fixture(scope="module")
def slow_engine():
    engine = Engine()
    pool = SlowPool(engine.models.batched)
    engine.autoencoders._pool = engine.autoencoder_internals._pool = pool
    return engine


@pytest.fixture(scope="module")
def server(slow_engine):
    app, options, _ = prepare(slow_engine, Hosting(port=free_port()))
    app.launch(**options)
    yield app.local_url.rstrip("/")
    app.close(verbose=False)


@pytest.fixture
def pool(slow_engine):
    yield slow_engine.autoencoders._pool
    slow_engine.autoencoders._pool.slow = False


@pytest.mark.parametrize("section", SECTIONS)
def test_what_computes_shows_progress_can_be_stopped_and_begun_again(explorer, pool, section):
    title, button, player = SECTIONS[section]
    lineup, status = LineUp(explorer).open(), f"document.querySelector('{player} .ns-status').textContent"
    pool.slow = True
    lineup.unfold(title, button)
    explorer.page.wait_for_function(f"/^[0-9]+ of [0-9]+$/.test({status})", timeout=60_000)
    done, of = map(int, re.findall(r"\d+", explorer.text(f"{player} .ns-status")))
    assert 0 < done < of
    explorer.page.locator(f"button#stop-{section}").click()
    explorer.page.wait_for_function(f"{status} === 'ready'", timeout=60_000)
    calls = pool.calls
    explorer.at_rest()
    assert pool.calls == calls, "it goes on although it has been stopped"
    explorer.page.locator(f"button#{button}").click()
    explorer.page.wait_for_function(f"/^[0-9]+ of [0-9]+$/.test({status})", timeout=60_000)
    assert pool.calls > calls
    explorer.page.locator(f"button#stop-{section}").click()
    explorer.page.wait_for_function(f"{status} === 'ready'", timeout=60_000)
