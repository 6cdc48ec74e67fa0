"""The first page in a real browser: what is shown is what the engine computed, and moving costs the server nothing."""

import base64
import csv
import io

import numpy as np
import pytest
from PIL import Image

from explorer.images import decoder
from explorer.schemas import NoisingRequest
from tests.support.pages.noise_scale import assert_shows, save


@pytest.fixture
def photograph(tmp_path):
    rng = np.random.default_rng(1)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    return save(np.asarray(coarse.resize((400, 300), Image.Resampling.BICUBIC)), tmp_path / "photo.png")


def test_opens_on_an_example_with_everything_on_one_screen(explorer, engine):
    explorer.open()
    explorer.shoot("light-1280")
    for name in (
        "noise-slider",
        "canvas-clean",
        "canvas-noisy",
        "canvas-denoised",
        "canvas-noise",
        "spectrum",
        "upload",
        "examples",
    ):
        box = explorer.page.locator(f"#{name}").bounding_box()
        assert box and box["x"] >= 0 and box["y"] >= 0, name
        assert box["x"] + box["width"] <= 1280 and box["y"] + box["height"] <= 800, name
    for level in (3, 16, 28):
        assert_shows(explorer.level(level), engine, NoisingRequest(), level)
    assert explorer.page.locator("#examples button").count() >= 6


def test_upload_by_file_chooser(explorer, engine, photograph):
    explorer.open()
    with explorer.page.expect_file_chooser() as chooser:
        explorer.page.locator("#upload button").click()
    chooser.value.set_files(photograph)
    explorer.busy_then_ready()
    expected = decoder.fit(decoder.decode(photograph.read_bytes(), largest_side=512), 128)
    assert (explorer.pixels("clean") == expected).all()
    name = engine.picture_store.add(decoder.decode(photograph.read_bytes(), largest_side=512))
    assert_shows(explorer.level(20), engine, NoisingRequest(picture=name), 20)
    explorer.shoot("upload")


def test_a_picture_can_be_dropped_on_the_player(explorer, photograph):
    explorer.open()
    data = photograph.read_bytes()
    explorer.page.evaluate(
        """(text) => {
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
          const target = document.querySelector("#canvas-clean");
          target.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        base64.b64encode(data).decode(),
    )
    explorer.busy_then_ready()
    assert (explorer.pixels("clean") == decoder.fit(decoder.decode(data), 128)).all()


def test_a_bad_file_gets_a_sentence_and_nothing_is_lost(explorer, tmp_path):
    explorer.open().level(12)
    before = explorer.pixels("noisy")
    for name, data in (
        ("broken.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 50),
        ("text.png", b"hello"),
        ("anim.gif", b"GIF89a" + b"\0" * 30),
    ):
        (tmp_path / name).write_bytes(data)
        explorer.page.locator("#upload input[type=file]").set_input_files(tmp_path / name)
        toast = explorer.page.locator(".toast-body").last
        toast.wait_for(timeout=15_000)
        message = toast.inner_text()
        assert "Traceback" not in message and "/" not in message.replace("PNG, JPEG or WebP", "") and len(message) < 260
        explorer.ready()
        assert (explorer.pixels("noisy") == before).all()
        explorer.page.locator(".toast-close").last.click()
    assert explorer.text("#status") == "ready"


def test_dragging_moves_everything_and_never_asks_the_server(explorer):
    explorer.open()
    explorer.page.wait_for_selector("#full-spectra .js-plotly-plot")
    explorer.at_rest()
    box = explorer.page.locator("#noise-slider").bounding_box()
    y, left, width = box["y"] + box["height"] / 2, box["x"] + 10, box["width"] - 20
    seen, sentences = set(), set()
    explorer.page.mouse.move(left + 0.52 * width, y)
    explorer.page.mouse.down()
    asked = len(explorer.requests)
    for share in np.linspace(0.1, 0.95, 18):
        explorer.page.mouse.move(left + share * width, y)
        explorer.drawn()
        seen.add((explorer.pixels("noisy").tobytes(), explorer.pixels("denoised").tobytes()))
        sentences.add(explorer.text("#sentence"))
    new = explorer.sent_since(asked)
    assert len(seen) == 18 and len(sentences) > 5 and new == []
    explorer.page.mouse.up()
    explorer.page.wait_for_function(
        "Number.isInteger(window.players?.noise_slider?.state.position) && players.noise_slider.state.base"
    )


def test_keyboard_steps_through_the_computed_levels(explorer, engine):
    explorer.open().level(10)
    slider = explorer.page.locator("#noise-slider")
    slider.focus()
    slider.press("ArrowRight")
    explorer.drawn()
    assert_shows(explorer, engine, NoisingRequest(), 11)
    for key, level in (("PageUp", 15), ("ArrowLeft", 14), ("End", 31), ("Home", 0)):
        slider.press(key)
        assert explorer.page.evaluate("players.noise_slider.state.position") == level
    explorer.drawn()
    assert "0.010" in explorer.text("#read-sigma") and "sigma 0.010" in slider.get_attribute("aria-valuetext")


def test_a_strip_frame_sets_the_slider(explorer):
    explorer.open()
    frame = explorer.page.locator(".ns-strip[data-row=vp] button").nth(12)
    frame.click()
    assert explorer.page.evaluate("players.noise_slider.state.position") == int(frame.get_attribute("data-position"))
    explorer.page.locator("#schedule").select_option("flow")
    positions = explorer.page.evaluate(
        "[...document.querySelectorAll('.ns-strip[data-row=ve] button')].map((b) => +b.dataset.position)"
    )
    assert positions == sorted(positions) and positions[0] == 0 and positions[-1] == 31


def test_model_class_size_and_seed_are_computed_anew(explorer, engine):
    explorer.open()
    explorer.choose("model", "Wiener").busy_then_ready()
    assert_shows(explorer.level(15), engine, NoisingRequest(model="wiener"), 15)
    assert "Wiener filter" in explorer.text("#sentence")
    explorer.choose("model", "ideal").busy_then_ready()
    assert_shows(explorer.level(15), engine, NoisingRequest(model="ideal"), 15)
    explorer.choose("model", "network").busy_then_ready()
    explorer.choose("class", "cat face").busy_then_ready()
    assert_shows(explorer.level(24), engine, NoisingRequest(label="cat face"), 24)
    explorer.choose("size", "64").busy_then_ready()
    assert_shows(explorer.level(15), engine, NoisingRequest(label="cat face", size=64), 15)
    seed = explorer.page.locator("#seed input")
    seed.fill("7")
    seed.press("Tab")
    explorer.page.wait_for_function("window.players?.noise_slider?.state.base?.request.seed === 7")
    explorer.ready()
    assert_shows(explorer.level(15), engine, NoisingRequest(label="cat face", size=64, seed=7), 15)
    explorer.shoot("cat-face-64")


def test_an_answer_that_was_lost_on_the_way_is_said_to_be_incomplete(explorer, engine):
    explorer.open()
    explorer.page.route("**/parts/*", lambda route: route.fulfill(status=404, body="gone"))
    explorer.choose("size", "64")
    explorer.page.wait_for_function("document.querySelector('#status').textContent.startsWith('incomplete')")
    assert "working" not in explorer.text("#status") and any("404" in problem for problem in explorer.problems)
    explorer.problems.clear()
    explorer.page.unroute("**/parts/*")
    seed = explorer.page.locator("#seed input")
    seed.fill("3")
    seed.press("Tab")
    explorer.page.wait_for_function("window.players?.noise_slider?.state.base?.request.seed === 3")
    assert_shows(explorer.ready().level(15), engine, NoisingRequest(size=64, seed=3), 15)


def test_the_newest_choice_wins(explorer, engine):
    explorer.open()
    for size in ("256", "64", "256", "128"):
        explorer.choose("size", size)
    explorer.page.locator("#examples button").nth(3).click()
    name = explorer.page.locator("#examples button").nth(3).get_attribute("data-name")
    explorer.page.wait_for_function(f"window.players?.noise_slider?.state.base?.picture === '{name}'")
    explorer.ready().at_rest()  # nothing older may arrive late
    assert_shows(explorer.ready().level(18), engine, NoisingRequest(picture=name), 18)


def test_every_curve_is_on_the_page_and_in_the_download(explorer, engine):
    explorer.open().level(16)
    for curve in ("clean", "noise", "noisy", "denoised", "error", "ghost"):
        path = explorer.page.locator(f"#curve-{curve}").get_attribute("d")
        assert path.count("L") == 63, curve  # 64 annuli, the mean brightness left out
    with explorer.page.expect_download() as download:
        explorer.page.locator("#csv").click()
    text = download.value.path().read_text()
    rows = list(csv.DictReader(io.StringIO(text.split("\n", 1)[1])))
    noised, sigma = engine.noise(NoisingRequest()), NoisingRequest().sigmas[16]
    for column, expected in (
        ("clean", noised.clean), ("noisy", noised.noisy_spectrum(sigma)), ("noise", sigma**2 * noised.noise),
        ("wiener_expectation", noised.wiener_spectrum(sigma)), ("cycles_per_pixel", noised.wavenumber),
    ):  # fmt: skip
        values = np.array([float(row[column]) for row in rows])
        np.testing.assert_allclose(values, expected, rtol=1e-3, atol=1e-9, err_msg=column)


def test_the_full_figure_follows_where_the_slider_rests(explorer):
    explorer.open()
    figure = "document.querySelector('#full-spectra .js-plotly-plot')?._fullLayout?.xaxis?.title?.text"
    explorer.page.wait_for_function(figure, timeout=60_000)
    explorer.level(25)
    sigma = NoisingRequest().sigmas[25]
    explorer.page.wait_for_function(f"({figure} ?? '').includes('sigma {sigma:.2g}')", timeout=20_000)
    names = explorer.page.evaluate("document.querySelector('#full-spectra .js-plotly-plot').data.map((t) => t.name)")
    assert {"clean", "noise", "noisy", "denoised", "error", "Wiener expectation"} <= set(names)


def test_technical_words_explain_themselves(explorer):
    explorer.open()
    for word in ("sigma", "logsnr", "t", "crossover"):
        button = explorer.page.locator(f"[data-explain={word}]")
        button.click()
        assert button.get_attribute("aria-expanded") == "true" and len(explorer.text("#explanation")) > 80
    button.click()
    assert explorer.page.locator("#explanation").is_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes(explorer, theme):
    explorer.open(f"?__theme={theme}").page.wait_for_selector("#full-spectra .js-plotly-plot")
    explorer.shoot(f"{theme}-full")
    background, ink = explorer.page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('#sentence')).color]"
    )
    level = lambda colour: np.mean([int(v) for v in colour[colour.index("(") + 1 : -1].split(",")[:3]])
    if theme == "dark":
        assert level(background) < 60 and level(ink) > 180, (background, ink)
    else:
        assert level(background) > 240 and level(ink) < 90, (background, ink)


@pytest.mark.parametrize("explorer", [{"viewport": {"width": 375, "height": 760}}], indirect=True)
def test_phone(explorer):
    explorer.open()
    explorer.shoot("phone")
    assert explorer.page.evaluate("document.documentElement.scrollWidth") <= 375
    tops = [
        explorer.page.locator(s).bounding_box()["y"]
        for s in ("#noise-slider", "#canvas-clean", "#sentence", "#spectrum")
    ]
    assert tops == sorted(tops)


def test_every_width_between_phone_and_projector_is_filled(explorer):
    """Pictures, captions and the column they are in end where the page does, and no caption runs into its number."""
    explorer.open()
    for width in (375, 500, 641, 700, 851, 900, 1100, 1181, 1400, 1700, 1920):
        explorer.page.set_viewport_size({"width": width, "height": 800})
        column, pictures, collisions, scrolled = explorer.page.evaluate(
            """() => {
              const box = (e) => e.getBoundingClientRect(), grid = document.querySelector('.ns-grid');
              const figures = [...grid.querySelectorAll('.ns-pictures figure')];
              const names = figures.map((f) => ['b', 'span'].map((part) => box(f.querySelector('figcaption ' + part))));
              return [[box(grid).left, box(grid).right], Math.max(...figures.map((f) => box(f).right)),
                names.filter(([b, s]) => b.bottom > s.top + 2 && b.right + 4 > s.left).length,
                document.documentElement.scrollWidth];
            }"""
        )
        assert column == [16, width - 16] and pictures <= width - 16, (width, column, pictures)
        assert collisions == 0 and scrolled <= width, (width, collisions, scrolled)


def test_labels_for_who_cannot_see(explorer):
    explorer.open()
    unnamed = explorer.page.evaluate(
        """[...document.querySelectorAll('button, input, select, canvas, img, svg[role=img]')]
        .filter((e) => e.checkVisibility() && !e.closest('.modebar') && !e.closest('[aria-hidden=true]'))
        .filter((e) => !(e.getAttribute('aria-label') || e.title || e.alt || e.labels?.length || e.textContent.trim()
          || e.closest('button')?.getAttribute('aria-label') || e.closest('.ns-strip')))
        .map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert unnamed == []
