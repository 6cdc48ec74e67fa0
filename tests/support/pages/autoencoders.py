"""The autoencoder view: the line-up of all autoencoders, and the sections below it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from explorer.autoencoders import AUTOENCODERS

LINED_UP = (
    f"window.players?.lineup?.state.autoencoders.size === {len(AUTOENCODERS)}"
    " && document.querySelector('#lineup-status').textContent === 'ready'"
)
PLAYERS = {
    "#matrix": "matrix",
    "#skipCosts": "skipCosts",
    "#codes": "codes",
    "#generated": "generated",
    "#wiring-player": "wiring",
}


class LineUp:
    """The autoencoder page, opened, with the few questions that tests ask of it."""

    def __init__(self, explorer) -> None:
        self.explorer, self.page = explorer, explorer.page

    def open(self, query: str = "") -> LineUp:
        self.explorer.open(query)
        self.page.get_by_role("tab", name="Autoencoders").click()
        return self.done()

    def done(self) -> LineUp:
        self.page.wait_for_function(LINED_UP, timeout=120_000)
        return self

    def after(self, act: Callable[[], object]) -> LineUp:
        """The page once the answer to `act` is complete."""
        asked = self.page.evaluate("players.lineup.newest()")
        act()
        self.page.wait_for_function(f"window.players?.lineup?.newest() > {asked}")
        return self.done()

    def unfold(self, title: str, button: str) -> LineUp:
        """Open a section and press the button that begins it."""
        self.page.locator("button.label-wrap", has_text=title).click()
        self.page.locator(f"button#{button}").click()
        return self

    def ready(self, player: str) -> LineUp:
        """Wait until a section has been asked once and rests again."""
        status = f"document.querySelector('{player} .ns-status').textContent"
        self.page.wait_for_function(
            f"window.players?.{PLAYERS[player]}?.newest() > 0 && {status} === 'ready'", timeout=120_000
        )
        return self

    def pixels(self, selector: str) -> np.ndarray:
        """Bytes of a canvas (H, W, 3) as int."""
        return self.explorer.canvas(selector)


def assert_shows(pixels, values, travelled=None):
    """A canvas holds the array, to half a byte of the range in which it travelled."""
    travelled = values if travelled is None else travelled
    expected = np.clip(127.5 + 127.5 * values, 0, 255).transpose(1, 2, 0)
    assert np.abs(pixels - expected).max() <= 127.5 * np.abs(travelled).max() / 254 + 1.01
