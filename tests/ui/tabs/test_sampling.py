"""The sampling page in a real browser: every step arrives and stays; moving costs the server nothing."""

import csv
import io
import json
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from explorer.engine.sampling import difference as difference_of
from explorer.engine.sampling import octave_map
from explorer.schemas import BranchRequest, SamplingRequest
from tests.support.pages.sampling import Trajectory, assert_shows

QUICK = SamplingRequest(model="wiener")


@pytest.fixture
def trajectory(explorer):
    return Trajectory(explorer)


@pytest.fixture
def quick(trajectory):
    """The page with the Wiener filter as its model, which needs no time."""
    return trajectory.open().unfold("More").choose("run-model", "Wiener")


def test_every_step_arrives_and_is_the_engines_own(quick, engine):
    steps = list(engine.sample(engine.plan(QUICK)))
    assert quick.page.evaluate("players.trajectory.runs.A.frames.filter(Boolean).length") == len(steps) == 31
    for i in (0, 9, 22, 30):
        assert_shows(quick.step(i), steps[i])
        assert quick.explorer.text("#trajectory-step") == f"{i} of 30"
    power = quick.page.evaluate("players.trajectory.runs.A.frames[9].x0Power")
    np.testing.assert_allclose(power, steps[9].x0_spectrum, rtol=1e-3, atol=1e-9)
    octaves = octave_map(steps)
    np.testing.assert_allclose(
        quick.page.evaluate("players.trajectory.runs.A.octaves.shares[12]"), octaves.shares[12], 1e-3
    )
    assert f"{octaves.rank_correlation:.2f}" in quick.explorer.text(".octave-words >> nth=0")


def test_the_network_streams_while_it_runs(trajectory):
    trajectory.explorer.open()
    trajectory.page.evaluate(
        """() => { window.seen = new Set(); const watch = () => {
          if (window.players?.trajectory?.runs.A) window.seen.add(players.trajectory.step());
          requestAnimationFrame(watch); };
          watch(); }"""
    )
    trajectory.page.get_by_role("tab", name="Sampling").click()
    trajectory.done()
    assert trajectory.page.evaluate("window.seen.size") >= 31  # each of the steps was on the page at some time
    trajectory.explorer.shoot("sampling-1280")


def test_moving_never_asks_the_server(quick):
    quick.explorer.at_rest()
    asked = len(quick.explorer.requests)
    slider, seen = quick.page.locator("#trajectory-slider"), set()
    slider.focus()
    for key in ("Home", *["ArrowRight"] * 5, "End", "ArrowLeft"):
        slider.press(key)
        quick.explorer.drawn()
        seen.add(quick.pixels("x").tobytes())
    assert quick.page.evaluate("players.trajectory.step()") == 29 and len(seen) == 8
    assert "step 29 of 30" in slider.get_attribute("aria-valuetext")
    for button, step in (("first", 0), ("next", 1), ("next", 2), ("back", 1), ("last", 30)):
        quick.page.locator(f"#trajectory-{button}").click()
        assert quick.page.evaluate("players.trajectory.step()") == step
    quick.page.locator("#trajectory-speed").select_option("30")
    quick.page.locator("#trajectory-play").click()
    assert quick.page.locator("#trajectory-play").get_attribute("aria-label") == "Pause"
    quick.page.wait_for_function(
        "window.players?.trajectory?.step() === 30 && !players.trajectory.playback.playing", timeout=10_000
    )
    assert quick.explorer.sent_since(asked) == []


def test_two_runs_from_one_noise(quick, engine):
    quick.unfold("Compare").choose("differs", "sampler")
    other = SamplingRequest(model="wiener", sampler="ddpm")
    a, b = list(engine.sample(engine.plan(QUICK))), list(engine.sample(engine.plan(other)))
    assert np.array_equal(a[0].x, b[0].x)
    difference = difference_of(a, b)
    for i in (3, 17):
        assert_shows(quick.step(i), a[i])
        assert_shows(quick, b[difference.pairs[i]], "B")
    shown = quick.page.evaluate("players.trajectory.runs.difference.spectrum[17]")
    np.testing.assert_allclose(shown, difference.spectrum[17], rtol=1e-3, atol=1e-9)
    assert quick.page.locator("#difference-spectrum .curve-error").get_attribute("d").count("L") > 10
    quick.explorer.shoot("sampling-compared")
    quick.choose("differs", "steps")
    assert quick.page.evaluate("players.trajectory.runs.B.plan.sigmas.length") == 9
    quick.choose("differs", "nothing")
    assert quick.page.evaluate("players.trajectory.runs.B") is None
    assert quick.page.locator(".trajectory [data-run=B] canvas").first.is_hidden()


def test_from_the_persons_own_picture(quick, engine, tmp_path):
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, (90, 90, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "own.png")
    assert quick.page.locator("#sampling-chooser").is_hidden()
    quick.choose("start", "the picture, noised")
    assert quick.page.locator("#sampling-chooser").is_visible()
    quick.after(lambda: quick.page.locator("#sampling-upload input[type=file]").set_input_files(tmp_path / "own.png"))
    name = engine.picture_store.add(picture)
    request = SamplingRequest(model="wiener", start="picture", picture=name)
    assert quick.page.evaluate("players.trajectory.runs.A.plan.request.picture") == name
    assert_shows(quick.step(0), next(engine.sample(engine.plan(request))))
    quick.after(lambda: quick.page.locator("#sampling-examples button").nth(2).click())
    (tmp_path / "bad.png").write_bytes(b"nothing")
    before = quick.step(4).pixels("x0")
    quick.page.locator("#sampling-upload input[type=file]").set_input_files(tmp_path / "bad.png")
    quick.page.locator(".toast-body").last.wait_for(timeout=15_000)
    quick.done()
    assert (quick.pixels("x0") == before).all()


def test_stop_ends_the_run_and_keeps_what_there_is(quick):
    quick.page.locator("#run-model label", has_text="network").click()
    steps = quick.page.locator("#run-steps input")
    steps.fill("200")
    quick.page.wait_for_function("window.players?.trajectory?.runs.A?.plan.sigmas.length === 201")
    quick.page.wait_for_function("window.players?.trajectory?.runs.A.frames.filter(Boolean).length > 3")
    quick.page.locator("#stop").click()
    quick.done()
    known = quick.page.evaluate("players.trajectory.runs.A.frames.filter(Boolean).length")
    assert 3 < known < 201
    quick.explorer.at_rest()
    assert quick.page.evaluate("players.trajectory.runs.A.frames.filter(Boolean).length") == known
    assert quick.page.evaluate("players.trajectory.runs.A.octaves.shares.length") == known
    quick.step(1)


def test_bad_numbers_get_a_sentence_and_nothing_is_lost(quick):
    before = quick.step(7).pixels("x0")
    for control, value in (("run-steps", "0"), ("run-steps", "201"), ("run-guidance", "-3"), ("eta", "7")):
        field = quick.page.locator(f"#{control} input")
        old = field.input_value()
        field.fill(value)
        toast = quick.page.locator(".toast-body", has_text="must be").last
        toast.wait_for(timeout=15_000)
        assert len(toast.inner_text()) < 200
        quick.done()
        assert (quick.pixels("x0") == before).all()
        quick.page.locator(".toast-close").last.click()
        quick.after(lambda field=field, old=old: field.fill(old)).step(7)


def test_branches_from_the_step_that_is_shown(quick, engine):
    quick.step(12).unfold("Branches")
    quick.page.locator("#branch-steps input").fill("5")
    quick.page.locator("button#branch").click()
    quick.page.wait_for_function("window.players?.branches?.shown()?.done === 5", timeout=60_000)
    *_, last = engine.branch(BranchRequest(run=QUICK, step=12, steps=5))
    shown = quick.page.evaluate("({...players.branches.shown(), blobs: null})")
    np.testing.assert_allclose(shown["agreement"], last.agreement, rtol=1e-3, atol=1e-4)
    assert shown["step"] == 12 and quick.page.locator(".branch-siblings canvas").count() == 6
    quick.page.evaluate("document.querySelector('#branching').scrollIntoView()")
    quick.explorer.shoot("sampling-branches")


def test_gains_and_u_turns_are_drawn(quick):
    quick.unfold("Gain per octave").page.locator("#step-counts textarea, #step-counts input").first.fill("3, 6")
    quick.page.locator("button#measure").click()
    names = "[...document.querySelectorAll('#transfer .js-plotly-plot')].flatMap((p) => p.data.map((t) => t.name))"
    quick.page.wait_for_function(f"{names}.filter((n) => n.includes('6 steps, measured')).length === 2", timeout=90_000)
    quick.unfold("U-turns").page.locator("button#turn").click()
    drawn = "document.querySelector('#u-turns .js-plotly-plot')?.data[1].x.length"
    quick.page.wait_for_function(f"{drawn} === 7", timeout=90_000)
    reach = quick.page.evaluate("[...document.querySelector('#u-turns .js-plotly-plot').data[1].y]")
    assert 0 < reach[0] < reach[-1]  # pixels: from the highest level a change reaches farther than from the lowest
    quick.explorer.shoot("sampling-sections")


@pytest.mark.parametrize(
    ("title", "number", "value", "begin", "section", "stop"),
    [
        ("Gain per octave", "#step-counts", "90, 95, 100", "measure", "transferGains", "stop-transfer"),
        ("U-turns", "#turn-levels", "16", "turn", "uTurns", "stop-turning"),
    ],
)
def test_long_sections_can_be_stopped(trajectory, title, number, value, begin, section, stop):
    page, said = trajectory.open().unfold(title).page, f"document.querySelector('#{section} .ns-status').textContent"
    page.locator(f"{number} textarea, {number} input").first.fill(value)
    page.locator(f"button#{begin}").click()
    page.wait_for_function(f"/^[0-9]+ of [0-9]+$/.test({said})", timeout=90_000)
    done, of = map(int, re.findall(r"\d+", trajectory.explorer.text(f"#{section} .ns-status")))
    page.locator(f"button#{stop}").click()
    page.wait_for_function(f"{said} === 'ready'", timeout=90_000)
    newest = page.evaluate(f"players.{section}.newest()")
    share = page.evaluate(f"document.querySelector('#{section} .ns-progress').style.getPropertyValue('--share')")
    assert 0 < done < of and newest == 1 and float(share) < 1


@pytest.mark.parametrize("name", ["gif", "mp4", "zip", "csv", "json"])
def test_a_run_can_be_taken_along(quick, name):
    with quick.page.expect_download(timeout=60_000) as taken:
        quick.page.locator(f"#export-{name}").click()
    data = taken.value.path().read_bytes()
    stem, _, extension = taken.value.suggested_filename.rpartition(".")
    assert stem == "noise-scale-heun-30-seed-0"
    if name in ("gif", "mp4"):
        assert extension in {"gif": ("gif",), "mp4": ("mp4", "webp")}[name] and len(data) > 10_000
    elif name == "zip":
        assert sum(entry.endswith("-x0.png") for entry in zipfile.ZipFile(io.BytesIO(data)).namelist()) == 31
    elif name == "csv":
        assert {row["step"] for row in csv.DictReader(io.StringIO(data.decode()))} == {str(i) for i in range(31)}
    else:
        assert json.loads(data)["request"]["model"] == "wiener"


@pytest.mark.parametrize("explorer", [{"viewport": {"width": 375, "height": 800}}], indirect=True)
def test_on_a_phone_nothing_is_cut_off(trajectory):
    trajectory.open()
    trajectory.explorer.shoot("sampling-phone")
    assert trajectory.page.evaluate("document.documentElement.scrollWidth") <= 375


def test_in_the_dark(trajectory):
    trajectory.open("?__theme=dark").step(16).explorer.shoot("sampling-dark")
    colour = trajectory.page.evaluate("getComputedStyle(document.querySelector('#trajectory-sentence')).color")
    assert min(int(v) for v in colour[4:-1].split(",")[:3]) > 180
