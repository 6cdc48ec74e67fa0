"""The score field in a real browser: exact at any noise level without the server, walkers, and live learning."""

import numpy as np
import pytest
import torch

from explorer.engine.score_field import pattern_of
from explorer.schemas.score_field import DensityRequest

WALKED = """(() => {
  const field = window.players?.score_field;
  return field?.state.walk && field.known() === field.state.walk.last;
})()"""


@pytest.fixture
def field(explorer):
    explorer.open()
    explorer.page.get_by_role("tab", name="Autoencoders").click()
    explorer.page.wait_for_function("window.players?.score_field", timeout=30_000)
    explorer.page.evaluate("document.querySelector('#score-field').scrollIntoView()")
    explorer.page.wait_for_function(WALKED, timeout=90_000)
    return explorer


def test_the_field_is_exact_and_moving_never_asks_the_server(field):
    exact = pattern_of(DensityRequest()).mixture
    field.at_rest()
    asked = len(field.requests)
    for place, sigma in (((0.3, -0.4), 0.05), ((-1.0, 0.8), 0.6), ((0.0, 0.0), 2.0)):
        shown = field.page.evaluate(f"[...players.score_field.exactD({place[0]}, {place[1]}, {sigma})]")
        expected = exact(torch.tensor([place], dtype=torch.float64), sigma)[0]
        np.testing.assert_allclose(shown[:2], expected, atol=1e-5)
    slider, seen = field.page.locator("#score-field-sigma"), set()
    slider.focus()
    for key in ("Home", "PageUp", "PageUp", "End"):
        slider.press(key)
        field.drawn()
        seen.add(field.text("#score-field-sigma-value"))
    field.page.locator("#score-field-time").fill("10")
    assert len(seen) == 4
    assert field.sent_since(asked) == []


def test_annealed_walkers_find_the_weights(field):
    frames = field.page.evaluate(
        "['single', 'annealed'].map((kind) => players.score_field.state.walk.frames[kind].at(-1).distance)"
    )
    assert frames[1] < 0.5 * frames[0]


def test_a_network_learns_while_one_looks_on_and_can_be_stopped(field):
    field.page.locator("button#score-field-learn").click()
    field.page.wait_for_function("window.players?.score_field?.state.history.length > 4", timeout=60_000)
    field.page.locator("button#score-field-stop").click()
    field.page.wait_for_function(
        "document.querySelector('.score-field .ns-status').textContent === 'ready'", timeout=30_000
    )
    history = field.page.evaluate("players.score_field.state.history")
    assert history[-1]["explicit"] < 0.8 * history[0]["explicit"]
    gaps = [entry["dsm"] - entry["explicit"] for entry in history]
    assert np.ptp(gaps) < 0.1 * abs(np.mean(gaps))  # the two losses differ by a constant
    known = len(history)
    field.at_rest()
    assert field.page.evaluate("players.score_field.state.history.length") == known
    field.shoot("score-field-learning")
