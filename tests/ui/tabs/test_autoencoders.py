"""The autoencoder page in a real browser: every autoencoder is shown as it was computed, and looking costs nothing."""

import numpy as np
import pytest
from PIL import Image

from explorer.autoencoders import AUTOENCODERS
from explorer.schemas.autoencoders import CorruptionRequest, SeedRequest
from tests.support.pages.autoencoders import LineUp, assert_shows


@pytest.fixture
def lineup(explorer):
    return LineUp(explorer)


def test_every_autoencoder_is_the_engines_own_and_one_is_enlarged(lineup, engine):
    lineup.open()
    lineup.explorer.shoot("autoencoders-1280")
    given = engine.autoencoders.corrupt(CorruptionRequest())
    outputs = {output.name: output for output in engine.autoencoders.outputs(given)}
    assert lineup.page.locator(".lineup-autoencoders button").count() == len(AUTOENCODERS)
    assert_shows(lineup.pixels("[data-big=given]"), given.corrupted)
    asked = len(lineup.explorer.requests)
    for name in ("conditional", "ae-linear-16", "vq-vae"):
        lineup.page.evaluate(f"players.lineup.choose('{name}')")
        assert_shows(lineup.pixels("[data-big=output]"), outputs[name].output)
        assert lineup.explorer.text("[data-stat=title]") == AUTOENCODERS[name].title
        np.testing.assert_allclose(
            lineup.page.evaluate(f"players.lineup.state.autoencoders.get('{name}').error"),
            outputs[name].error_spectrum,
            1e-3,
            1e-9,
        )
    lineup.page.locator("#lineup-order").select_option("best")
    shown = lineup.page.locator(".lineup-autoencoders button b").all_text_contents()
    assert shown == [o.title for o in sorted(outputs.values(), key=lambda o: o.mse)]
    assert lineup.explorer.sent_since(asked) == []


def test_other_corruptions_other_pictures(lineup, engine, tmp_path):
    lineup.open()
    lineup.after(lambda: lineup.page.locator("#corruption label", has_text="masked").click())
    given = engine.autoencoders.corrupt(CorruptionRequest(corruption="mask"))
    assert_shows(lineup.pixels("[data-big=given]"), given.corrupted)
    assert lineup.page.locator("#lineup-rate").is_visible() and lineup.page.locator("#lineup-sigma").is_hidden()
    lineup.after(lambda: lineup.page.locator("#lineup-examples button").nth(7).click())
    name = lineup.page.locator("#lineup-examples button").nth(7).get_attribute("data-name")
    assert_shows(
        lineup.pixels("[data-big=clean]"), engine.autoencoders.corrupt(CorruptionRequest(picture=name)).picture
    )
    (tmp_path / "bad.png").write_bytes(b"nothing")
    before = lineup.pixels("[data-big=given]")
    lineup.page.locator("#lineup-upload input[type=file]").set_input_files(tmp_path / "bad.png")
    lineup.page.locator(".toast-body").last.wait_for(timeout=15_000)
    lineup.done()
    assert (lineup.pixels("[data-big=given]") == before).all()
    own = np.random.default_rng(5).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(own).save(tmp_path / "own.png")
    lineup.after(lambda: lineup.page.locator("#lineup-upload input[type=file]").set_input_files(tmp_path / "own.png"))
    own_name = engine.picture_store.add(own)
    assert_shows(
        lineup.pixels("[data-big=clean]"), engine.autoencoders.corrupt(CorruptionRequest(picture=own_name)).picture
    )


def test_a_bad_number_gets_a_sentence_and_nothing_is_lost(lineup):
    lineup.open()
    before = lineup.pixels("[data-big=output]")
    lineup.page.locator("#lineup-sigma input").fill("99")
    toast = lineup.page.locator(".toast-body", has_text="noise level must be").last
    toast.wait_for(timeout=15_000)
    lineup.done()
    assert (lineup.pixels("[data-big=output]") == before).all()


def test_the_wiring_turns_noise_into_the_picture(lineup, engine):
    lineup.open().unfold("The wiring", "wire")
    lineup.page.wait_for_function("window.players?.wiring?.shown()", timeout=60_000)
    (*_, wiring), k, true = engine.autoencoder_internals.wiring(engine.autoencoders.corrupt(CorruptionRequest())), 8, 3
    estimate = wiring.conditional[k, true]
    eps = (wiring.picture + wiring.sigmas[k] * wiring.eps - estimate) / wiring.sigmas[k]
    worst = (np.abs(wiring.picture).max() + np.abs(estimate).max()) / wiring.sigmas[k] + np.abs(wiring.eps).max()
    shown = lineup.pixels("#wiring-player [data-panel=out]")
    assert_shows(shown, eps / 3, worst / 3)
    lineup.page.locator(".wiring-switch").check()
    assert_shows(lineup.pixels("#wiring-player [data-panel=out]"), estimate)
    lineup.page.locator(".wiring-told").fill("5")
    assert_shows(lineup.pixels("#wiring-player [data-panel=out]"), wiring.conditional[k, 5])
    assert "Told more" in lineup.explorer.text("#wiring-player .sentence")
    assert "NaN" not in lineup.page.locator("#wiring-player").inner_text()
    lineup.page.evaluate("document.querySelector('#wiring').scrollIntoView()")
    lineup.explorer.shoot("autoencoders-wiring")


def test_skips_are_shown_by_octave_and_the_sentence_is_what_the_numbers_say(lineup, engine):
    lineup.open().unfold("Is a bottleneck needed", "cut-skips").ready("#skipCosts")
    *_, costs = engine.autoencoder_internals.skip_costs(SeedRequest(0))
    drawn = lineup.page.evaluate("document.querySelector('#skips .js-plotly-plot').data.map((d) => d.text)")
    shares = [[[round(float(t.replace("−", "-").removesuffix(" %"))) for t in row] for row in one] for one in drawn]
    np.testing.assert_allclose(shares, 100 * costs.lost.transpose(0, 2, 1), atol=0.6)
    assert "Text A is right where details can still be seen, text B where noise" in lineup.explorer.text("#skips")


def test_levels_codes_and_generation(lineup):
    lineup.open().unfold("Train at one noise level", "measure-levels")
    drawn = "document.querySelector('#levels .js-plotly-plot')?.data[0]"
    lineup.page.wait_for_function(f"{drawn}?.text.flat().every((t) => t !== '')", timeout=90_000)
    lineup.unfold("What the code holds", "look-inside")
    lineup.page.wait_for_function("document.querySelectorAll('#codes .gallery-row').length >= 8", timeout=90_000)
    assert lineup.page.evaluate("document.querySelector('#what-codes-hold .js-plotly-plot').data.length") >= 12
    lineup.unfold("Can it generate?", "generate")
    rows = f"document.querySelectorAll('#generated .gallery-row').length === {len(AUTOENCODERS)}"
    lineup.page.wait_for_function(rows, timeout=120_000)
    lineup.explorer.shoot("autoencoders-sections")


@pytest.mark.parametrize("explorer", [{"viewport": {"width": 375, "height": 800}}], indirect=True)
def test_on_a_phone_nothing_is_cut_off(lineup):
    lineup.open()
    lineup.explorer.shoot("autoencoders-phone")
    assert lineup.page.evaluate("document.documentElement.scrollWidth") <= 375


def test_in_the_dark(lineup):
    lineup.open("?__theme=dark").explorer.shoot("autoencoders-dark")
    colour = lineup.page.evaluate("getComputedStyle(document.querySelector('#lineup-sentence')).color")
    assert min(int(v) for v in colour[4:-1].split(",")[:3]) > 180
