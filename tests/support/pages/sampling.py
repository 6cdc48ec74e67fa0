"""The sampling view: a trajectory, step by step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SAMPLED = (
    "window.players?.trajectory?.runs.A?.octaves"
    " && document.querySelector('#trajectory-status').textContent === 'ready'"
)


class Trajectory:
    """The sampling page, opened, with the few questions that tests ask of it."""

    def __init__(self, explorer) -> None:
        self.explorer, self.page = explorer, explorer.page

    def open(self, query: str = "") -> Trajectory:
        self.explorer.open(query)
        self.page.get_by_role("tab", name="Sampling").click()
        return self.done()

    def done(self) -> Trajectory:
        self.page.wait_for_function(SAMPLED, timeout=120_000)
        return self

    def after(self, act: Callable[[], object]) -> Trajectory:
        """The page once the answer to `act` is complete."""
        asked = self.page.evaluate("players.trajectory.newest()")
        act()
        self.page.wait_for_function(f"window.players?.trajectory?.newest() > {asked}")
        return self.done()

    def choose(self, group: str, label: str) -> Trajectory:
        return self.after(lambda: self.page.locator(f"#{group} label", has_text=label).first.click())

    def unfold(self, title: str) -> Trajectory:
        self.explorer.unfold(title)
        return self

    def step(self, i: int) -> Trajectory:
        self.page.evaluate(f"players.trajectory.moveTo({i})")
        self.explorer.drawn()
        return self

    def pixels(self, panel: str, run: str = "A") -> np.ndarray:
        """Bytes of a panel's canvas (H, W, 3) as int."""
        return self.explorer.canvas(f".trajectory [data-run={run}] [data-panel={panel}]")


def assert_shows(trajectory: Trajectory, step, run: str = "A") -> None:
    """All four panels hold the engine's arrays, to the 8 bits of their own range in which they travel."""
    x0, eps, sigma = step.x0, step.eps, step.sigma
    channels_last = lambda v: np.clip(v, 0, 255).transpose(1, 2, 0)
    x0_error, eps_error = np.abs(x0).max() / 254, np.abs(eps).max() / 254  # half a byte
    assert np.abs(trajectory.pixels("x0", run) - channels_last((x0 + 1) * 127.5)).max() <= 127.5 * x0_error + 1
    gain = 127.5 / np.sqrt(1 + sigma**2)
    bound = gain * (x0_error + sigma * eps_error) + 1
    assert np.abs(trajectory.pixels("x", run) - channels_last(127.5 + gain * step.x)).max() <= bound
    for panel, sign in (("eps", 1), ("score", -1)):
        expected = channels_last(127.5 + sign * eps * 127.5 / 3)
        assert np.abs(trajectory.pixels(panel, run) - expected).max() <= 127.5 / 3 * eps_error + 1
