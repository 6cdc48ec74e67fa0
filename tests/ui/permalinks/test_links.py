"""Links in real browsers: one visitor copies, another one opens and sees the same pixels."""

from contextlib import contextmanager
from urllib.parse import parse_qs, urlparse

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from explorer.permalinks.schema import HIDEABLE, VIEWS
from explorer.schemas import NoisingRequest, SamplingRequest
from explorer.server.blob_store import BlobStore
from explorer.ui.app import build_app
from explorer.ui.permalinks.bindings import controls as controls_of
from explorer.ui.permalinks.bindings import entries
from harness import ROOT
from tests.support.pages.autoencoders import LineUp
from tests.support.pages.explorer import Explorer
from tests.support.pages.sampling import Trajectory

OPENED = """(async () => {
  while (!window.players?.permalink?.opened) await new Promise(requestAnimationFrame);
  return (await players.permalink.opened).view;
})()"""
PIXELS = """(selector) => [...document.querySelectorAll(selector)].filter((c) => c.width).map((c) =>
  [c.width, c.height, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].join())"""
ASKED = "gradio_api/queue/join"


@pytest.fixture
def visitor(browser, server):
    """Opens pages, each in a context of its own; at the end nothing may have gone wrong in any console."""
    opened = []

    def visit(**options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        opened.append((context, Explorer(context.new_page(), server)))
        return opened[-1][1]

    yield visit
    problems = [problem for _, explorer in opened for problem in explorer.problems]
    for context, _ in opened:
        context.close()
    assert not problems, problems


def sender(visitor, **options):
    return visitor(permissions=["clipboard-read", "clipboard-write"], **options)


def copied(explorer):
    """The link that the button puts on the clipboard, as words after the address of the page."""
    explorer.page.locator("#copy-link").click()
    explorer.page.wait_for_function("document.querySelector('#notice p').textContent.startsWith('Copied.')")
    link = explorer.page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(explorer.url + "/?v=1")
    return link.removeprefix(explorer.url)


def notice(explorer):
    return explorer.text("#notice p")


def controls(explorer):
    """What stands in the main controls of a page, by the element's id."""
    found = explorer.page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.controls [id]')].map((e) => [e.id,"
        " e.querySelector('input[type=number]')?.value ?? e.querySelector('label.selected')?.textContent.trim()]))"
    )
    return {name: value for name, value in found.items() if value is not None}


@contextmanager
def computed(explorer):
    """Every computation that the page asks for in between, as the data that it sends."""
    asked = []
    explorer.page.on("request", lambda r: asked.append(r.post_data_json["data"]) if ASKED in r.url else None)
    yield asked


def test_first_view_same_link_same_pixels(visitor):
    one = sender(visitor).open()
    assert one.page.url == one.url + "/" and copied(one) == "/?v=1"
    one.page.locator("#examples button").nth(3).click()
    one.busy_then_ready()
    one.choose("model", "Wiener").busy_then_ready()
    one.page.locator("#seed input").fill("5")
    one.busy_then_ready()
    one.page.locator("#schedule").select_option("flow")
    before = len(one.requests)
    one.page.evaluate("players.noise_slider.moveTo(26)")
    one.page.locator("#noise-slider").press("ArrowLeft")
    one.page.wait_for_function("location.search.includes('sigma=')")
    assert not [url for url in one.requests[before:] if "/run/" in url]
    link = copied(one)
    words = parse_qs(urlparse(link).query)
    picture = one.page.locator("#examples button").nth(3).get_attribute("data-name")
    assert set(words) == {"v", "picture", "model", "seed", "sigma", "schedule"}
    assert words["picture"] == [picture] and words["seed"] == ["5"] and words["schedule"] == ["flow"]
    assert float(words["sigma"][0]) == pytest.approx(NoisingRequest().sigmas[25], rel=0.01)
    assert one.page.url == one.url + link

    two = visitor()
    with computed(two) as asked:
        two.open(link)
        assert two.page.evaluate(PIXELS, "#player canvas") == one.page.evaluate(PIXELS, "#player canvas")
        two.page.wait_for_selector("#full-spectra .js-plotly-plot")  # asked for when the slider has come to rest
        two.at_rest()
    assert [data[1:5] for data in asked if len(data) == 6] == [["wiener", "any", 5, 128]]  # once, and at once rightly
    assert controls(two) == controls(one)
    assert two.page.locator(f"#examples [data-name={picture}]").get_attribute("aria-pressed") == "true"
    assert two.text("#read-t") == one.text("#read-t") and notice(two) == ""


def test_sampling_same_link_same_pixels(visitor):
    one = Trajectory(sender(visitor)).open().unfold("More").choose("run-model", "Wiener").choose("run-sampler", "DDPM")
    one.after(lambda: one.page.locator("#run-steps input").fill("12"))
    one.unfold("Compare with a second run").choose("differs", "seed")
    one.step(7)
    link = copied(one.explorer)
    assert link == "/?v=1&view=sampling&model=wiener&sampler=ddpm&steps=12&at=7&b=seed&b.seed=1&open=more,compare"

    two = Trajectory(visitor())
    with computed(two.explorer) as asked:
        two.page.goto(two.explorer.url + link)
        two.done()
    assert len(asked) == 1
    two.explorer.drawn()
    assert two.page.evaluate(PIXELS, "#trajectory canvas") == one.page.evaluate(PIXELS, "#trajectory canvas")
    assert two.explorer.text("#trajectory-step") == "7 of 12"
    assert controls(two.explorer) == controls(one.explorer)
    assert two.page.locator("#other-seed").is_visible() and two.page.locator("#other-steps").is_hidden()
    request = two.page.evaluate("players.trajectory.runs.A.plan.request")
    assert request == vars(SamplingRequest(model="wiener", sampler="ddpm", steps=12))
    two.step(12)
    two.page.wait_for_function("!location.search.includes('at=')")
    assert copied(sender_of(two, one)) == link.replace("&at=7", "")


def sender_of(two, one):
    """The second visitor, who may write to the clipboard as well."""
    two.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return two.explorer


def test_autoencoders_same_link_same_pixels(visitor):
    one = LineUp(sender(visitor)).open()
    one.after(lambda: one.page.locator("#corruption label", has_text="masked").click())
    one.after(lambda: one.page.locator("#lineup-rate input").fill("0.25"))
    one.page.evaluate("players.lineup.choose('ae-linear-16')")
    one.page.locator("#lineup-order").select_option("best")
    one.page.evaluate("document.querySelector('#score-field').scrollIntoView()")
    one.page.wait_for_function("window.players?.score_field?.state.pattern")
    one.page.locator("#score-field-density label", has_text="ring").click()
    one.page.wait_for_function("window.players?.score_field?.state.pattern?.density === 'ring'")
    one.page.locator("#score-field-sigma").press("ArrowRight")
    one.page.locator("[data-view=score] input").check()
    words = parse_qs(urlparse(link := copied(one.explorer)).query)
    assert {name: value[0] for name, value in words.items() if name != "field.sigma"} == {
        "v": "1", "view": "autoencoders", "corruption": "mask", "rate": "0.25", "member": "ae-linear-16",
        "order": "best", "field.density": "ring", "field.arrow": "score",
    }  # fmt: skip

    two = LineUp(visitor())
    two.page.goto(two.explorer.url + link)
    two.done()
    shown = ":is(.lineup [data-big], .lineup-autoencoders canvas)"
    assert two.page.evaluate(PIXELS, shown) == one.page.evaluate(PIXELS, shown)
    two.page.evaluate("document.querySelector('#score-field').scrollIntoView()")
    two.page.wait_for_function("window.players?.score_field?.state.pattern?.density === 'ring'")
    for view in (one, two):
        view.page.evaluate(AT_REST)
        view.explorer.drawn()
    field = "[data-panel=field] canvas"
    assert two.page.evaluate(PIXELS, field) == one.page.evaluate(PIXELS, field)


def test_the_wiring_is_looked_at_as_the_link_says(visitor):
    one = LineUp(sender(visitor)).open().unfold("The wiring", "wire")
    one.page.wait_for_function("window.players?.wiring?.shown()", timeout=60_000)
    for key in ("ArrowRight", "ArrowLeft"):
        one.page.locator(".wiring-sigma").press(key)
    assert copied(one.explorer) == "/?v=1&view=autoencoders&open=wiring,field"  # all as it is by default
    one.page.locator(".wiring-sigma").fill("3")
    one.page.locator(".wiring-told").fill("5")
    one.page.locator(".wiring-view").select_option("v")
    said = "v=1&view=autoencoders&wiring.sigma=0.119&wiring.told=4&wiring.output=v&open=wiring,field"
    assert copied(one.explorer) == "/?" + said

    two = LineUp(visitor())
    two.page.goto(two.explorer.url + "/?" + said)
    assert two.done().explorer.text(".wiring [data-stat=told]") == "σ 0.47, 4 ×"  # before anything is computed
    two.page.locator("button#wire").click()
    two.page.wait_for_function("window.players?.wiring?.shown()", timeout=60_000)
    assert two.page.evaluate(PIXELS, ".wiring canvas") == one.page.evaluate(PIXELS, ".wiring canvas")
    assert two.page.locator(".wiring").inner_text() == one.page.locator(".wiring").inner_text()
    one.page.locator(".wiring-switch").check()
    assert copied(one.explorer) == "/?" + said.replace("=v&", "=v&wiring.residual=on&")


IN_SIGHT = "document.querySelector('#score-field').scrollIntoView()"
WALKED = """(() => {
  const field = window.players?.score_field;
  return field?.state.walk && field.known() === field.state.walk.last && !field.playback.playing;
})()"""
AT_REST = """((field) => {
  field.playback.play(false);
  field.view.probe = [0.3, 0.2];
  field.moveTo(field.view.sigma);
})(players.score_field)"""


def walked(lineup):
    """The plane after its walk, with the mark in one place."""
    lineup.page.wait_for_function(WALKED, timeout=90_000)
    lineup.page.evaluate(AT_REST)
    lineup.explorer.drawn()
    return lineup.page.evaluate(PIXELS, ".score-field canvas")


def test_a_drawing_is_in_the_link_and_is_walked_in_as_drawn(visitor):
    one = LineUp(sender(visitor)).open()
    one.page.evaluate(IN_SIGHT)
    one.page.locator("#score-field-density label", has_text="your drawing").click()
    one.page.wait_for_function("window.players?.score_field?.state.pattern?.density === 'drawn'")
    assert "field.points" not in copied(one.explorer)  # the face is the page's own
    one.page.locator("#score-field-sigma").fill("300")
    one.page.locator("#score-field-clear").click()
    one.page.locator("#copy-link").click()
    one.page.wait_for_function("document.querySelector('#notice p').textContent.includes('An empty drawing')")
    one.page.evaluate(IN_SIGHT)  # the button is at the top of the page
    box, mouse = one.page.locator("[data-panel=field] canvas").bounding_box(), one.page.mouse
    at = lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])
    mouse.move(*at(0.2, 0.7))
    mouse.down()
    for step in range(1, 13):
        mouse.move(*at(0.2 + step / 20, 0.7 - 0.4 * (step % 2)), steps=3)
    mouse.up()
    pixels, drawing = walked(one), one.page.evaluate("players.score_field.state.points")
    assert len(drawing) > 20 and np.allclose(drawing, np.round(drawing, 2), atol=1e-9)
    link = copied(one.explorer)
    assert notice(one.explorer) == "Copied."
    one.explorer.shoot("link-drawing-1280")

    two = LineUp(visitor())
    with computed(two.explorer) as asked:
        two.page.goto(two.explorer.url + link)
        two.done().page.evaluate(IN_SIGHT)
        assert walked(two) == pixels
    assert [data[0] for data in asked if drawing in data] == ["drawn"]  # once, and at once rightly
    assert two.page.evaluate("players.score_field.state.points") == drawing
    assert two.page.locator("#score-field-density label.selected").text_content().strip() == "your drawing"
    two.page.locator("#score-field-density label", has_text="ring").click()
    two.page.wait_for_function("window.players?.score_field?.state.pattern?.density === 'ring'")
    two.page.wait_for_function("!location.search.includes('field.points')")
    two.page.locator("#score-field-density label", has_text="your drawing").click()
    two.page.wait_for_function("window.players?.score_field?.state.pattern?.density === 'drawn'")
    assert "field.points" not in copied(sender_of(two, one))  # and the drawing is the face again


def test_sections_below_are_restored_with_their_controls(visitor):
    words = "branch.count=4&branch.origin=picture&turn.levels=5&transfer.samplers=euler,ddpm&transfer.steps=5,9"
    link = f"/?v=1&view=sampling&model=wiener&steps=4&{words}&open=branch,transfer"
    trajectory = Trajectory(sender(visitor))
    trajectory.page.goto(trajectory.explorer.url + link)
    trajectory.done()
    assert trajectory.page.locator("#branch-count input").input_value() == "4"
    assert (
        trajectory.page.locator("#branch-origin label.selected").text_content().strip().startswith("the clean picture")
    )
    assert trajectory.page.locator("#step-counts :is(input, textarea)").input_value() == "5, 9"
    assert trajectory.page.locator("#transfer-samplers label.selected").all_text_contents() == [" Euler", " DDPM"]
    assert trajectory.page.locator("#turn").is_hidden()
    assert parse_qs(urlparse(copied(trajectory.explorer)).query) == parse_qs(urlparse(link).query)
    trajectory.unfold("U-turns")
    assert trajectory.page.locator("#turn-levels input").input_value() == "5"


def test_a_wrong_link_opens_what_it_can_and_says_what_it_ignored(visitor):
    wrong = visitor()
    wrong.open("/?v=9&picture=nobody&model=magic&seed=4&colour=<img src=x onerror=alert(1)>&hide=walls&size=512")
    said = notice(wrong)
    assert said.startswith("Left out of this link: v=9 (the link is of a newer version") and said.endswith("more.")
    assert wrong.page.locator("#seed input").input_value() == "4"
    assert wrong.page.locator("#notice img").count() == 0
    assert (wrong.pixels("clean") == visitor().open().pixels("clean")).all()
    wrong.shoot("link-wrong-1280")
    wrong.page.locator("#notice button").press("Enter")
    assert notice(wrong) == "" and wrong.page.evaluate("document.activeElement.id") == "copy-link"
    assert not wrong.page.locator("#notice button").is_visible()


@pytest.mark.parametrize("width", [375, 1280])
def test_an_unreadable_link_opens_the_page_as_it_is_without(visitor, width):
    explorer = visitor(viewport={"width": width, "height": 800}).open("/?view=cellar&" + "x" * 6000)
    assert explorer.page.evaluate(OPENED) == "noise-scale"
    assert "view=cellar (there is no such view)" in notice(explorer)
    box = explorer.page.locator("#notice").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["y"] + box["height"] <= 800
    explorer.shoot(f"link-unreadable-{width}")


def test_a_link_to_an_upload_opens_the_example_and_says_so(visitor, tmp_path):
    rng = np.random.default_rng(3)
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(tmp_path / "own.png")
    one = sender(visitor).open("/?picture=cat")
    cat = one.pixels("clean")
    one.page.locator("#upload input[type=file]").set_input_files(tmp_path / "own.png")
    one.busy_then_ready()
    assert (one.pixels("clean") != cat).any()
    one.page.locator("#copy-link").click()
    one.page.wait_for_function("document.querySelector('#notice p').textContent.includes('Copied')")
    assert notice(one) == "Copied. Your own picture is not in the link; it opens with “Cat”."
    link = one.page.evaluate("navigator.clipboard.readText()").removeprefix(one.url)
    assert link == "/?v=1&picture=cat&upload=1"

    two = visitor().open(link)
    assert notice(two) == "The picture of this link was uploaded and is not in it; here is “Cat”."
    assert (two.pixels("clean") == cat).all()
    one.page.locator("#examples button").first.click()
    one.busy_then_ready()
    one.page.wait_for_function("!location.search.includes('upload')")


def test_a_lesson_leaves_controls_out_and_has_a_way_back(visitor):
    hidden = ("tabs", "model", "denoised", "strips", "seed")
    lesson = sender(visitor).open("/?seed=2&hide=" + ",".join(hidden))
    away = "#model, #class, #seed, #canvas-denoised, #canvas-noise, .ns-strips, #views [role=tab]"
    assert not [e for e in lesson.page.locator(away).all() if e.is_visible()]
    assert lesson.page.locator("#size").is_visible() and lesson.page.locator("#canvas-noisy").is_visible()
    assert lesson.page.get_by_role("tab").count() == 0  # not for a screen reader either
    assert parse_qs(urlparse(copied(lesson)).query)["hide"] == ["tabs,model,seed,denoised,strips"]
    lesson.shoot("link-lesson-1280")
    lesson.page.locator("#show-all").press("Enter")
    assert all(e.is_visible() for e in lesson.page.locator(away).all())
    lesson.page.wait_for_function("!location.search.includes('hide')")
    assert not lesson.page.locator("#show-all").is_visible()


@pytest.mark.parametrize("name", HIDEABLE)
def test_every_name_that_can_be_hidden_has_its_rule(name):
    assert f'[data-hide~="{name}"]' in (ROOT / "explorer/ui/permalinks/masthead.css").read_text()
    assert f"`{name}`" in (ROOT / "docs/links.md").read_text()


def test_without_a_clipboard_the_address_is_shown_to_be_copied(visitor):
    one = visitor()
    one.page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    one.open("/?seed=8")
    one.page.locator("#copy-link").focus()
    one.page.keyboard.press("Enter")
    assert notice(one) == "Copy this link:"
    assert one.page.evaluate("getSelection().toString()") == one.url + "/?v=1&seed=8"
    one.shoot("link-by-hand-1280")
    one.page.keyboard.press("Escape")
    assert notice(one) == "" and one.page.locator("#notice input").is_hidden()


def test_the_address_follows_and_keeps_what_is_gradios(visitor):
    explorer = visitor().open("/?__theme=dark")
    explorer.page.evaluate("players.noise_slider.moveTo(20, true)")
    explorer.page.wait_for_function("location.search.includes('sigma=')")
    assert explorer.page.url.startswith(explorer.url + "/?__theme=dark&v=1&sigma=")
    explorer.page.evaluate("players.noise_slider.moveTo(16, true)")
    explorer.page.wait_for_function("location.search === '?__theme=dark'")
    explorer.page.get_by_role("tab", name="Sampling").click()
    explorer.page.wait_for_function("location.search.endsWith('view=sampling')")
    assert explorer.page.evaluate("history.length") <= 2
    explorer.page.evaluate("() => { window.written = 0; const put = history.replaceState.bind(history);"
                           "history.replaceState = (...v) => { window.written++; put(...v); }; }")  # fmt: skip
    explorer.page.get_by_role("tab", name="Noise & scale").click()
    for level in range(20):
        explorer.page.evaluate(f"players.noise_slider.moveTo({level}, true)")
    explorer.page.wait_for_function("location.search.endsWith(new URL(players.permalink.link()).search.slice(1))")
    assert 1 <= explorer.page.evaluate("window.written") <= 4


def test_what_links_leave_out_is_what_the_page_begins_with(engine):
    held = controls_of(build_app(engine, BlobStore()))
    usual = {(view, entry["name"]): entry["usual"] for view in VIEWS for entry in entries(view)}
    assert set(held) <= set(usual)
    for key, component in held.items():
        if usual[key] is None:
            continue  # a value of run B is always written
        value = component.value
        if isinstance(component, gr.Textbox):
            value = [int(word) for word in value.split(",")]
        assert value == usual[key], key
