"""Two visitors at once, each with a picture of their own: nobody sees the other's."""

import numpy as np
import pytest
from PIL import Image

from explorer.schemas import NoisingRequest
from tests.support.pages.explorer import Explorer
from tests.support.pages.noise_scale import assert_shows, save

COLOURS = {"red": (200, 30, 30), "blue": (30, 30, 200)}


@pytest.fixture
def two(browser, server):
    """Two pages in browsers that share nothing."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 800}) for _ in COLOURS]
    pages = [Explorer(context.new_page(), server) for context in contexts]
    yield pages
    problems = [page.problems for page in pages]
    for context in contexts:
        context.close()
    assert problems == [[], []]


def test_nobody_sees_the_pictures_of_another(two, engine, tmp_path):
    rng, files = np.random.default_rng(4), {}
    for name, colour in COLOURS.items():
        grain = rng.integers(-30, 31, (128, 128, 3))
        files[name] = save(np.clip(colour + grain, 0, 255).astype(np.uint8), tmp_path / f"{name}.png")
    for page in two:
        page.open()
    for _ in range(2):  # the second time in each other's place, while the first answers are on their way
        for page, file in zip(two, files.values(), strict=True):
            page.page.locator("#upload input[type=file]").set_input_files(file)
        for page, file in zip(two, files.values(), strict=True):
            own = np.asarray(Image.open(file))
            name = engine.picture_store.add(own)  # it depends on the pixels alone
            page.page.wait_for_function(f"window.players?.noise_slider?.state.base?.picture === '{name}'")
            assert (page.ready().pixels("clean") == own).all()
            assert_shows(page.level(20), engine, NoisingRequest(picture=name), 20)
        files = dict(reversed(files.items()))
