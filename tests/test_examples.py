"""Each example loads, is described and attributed, and is under a free licence."""

from __future__ import annotations

import re

import numpy as np
import pytest

from explorer import examples
from explorer.images.decoder import fit, to_data
from explorer.schemas import NoisingRequest

FREE = {"CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-SA-3.0"}


def test_there_are_enough_and_the_default_is_one_of_them():
    names = [example.name for example in examples.EXAMPLES]
    assert len(set(names)) == len(names) >= 6
    assert NoisingRequest().picture in names


@pytest.mark.parametrize("example", examples.EXAMPLES, ids=lambda example: example.name)
def test_example(example):
    picture = examples.load(example.name)
    assert picture.dtype == np.uint8 and picture.shape in ((512, 512, 3), (300, 300, 3))
    assert picture.std() > 20 and not picture.flags.writeable
    assert re.fullmatch(r"[a-z]+", example.name) and 1 <= len(example.title.split()) <= 3
    assert example.alt.endswith(".") and 30 < len(example.alt) <= 160
    assert example.licence in FREE and example.author and "https://" in example.source
    attribution = (examples.FOLDER / "ATTRIBUTION.md").read_text(encoding="utf-8")
    row = next(line for line in attribution.splitlines() if f"`{example.file}`" in line)
    assert example.author in row and example.licence in row and example.source in row


def test_nothing_lies_about_unattributed():
    pictures = {path.name for path in examples.FOLDER.iterdir() if path.suffix in (".jpg", ".png", ".webp")}
    assert pictures == {example.file for example in examples.EXAMPLES}


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        examples.load("../secret")


def test_views_hold_every_picture_and_its_mirror_image():
    views = examples.views(64)
    assert views.shape == (2 * len(examples.EXAMPLES), 3, 64, 64) and views.dtype == np.float32
    assert (views[0] == to_data(fit(examples.load(examples.EXAMPLES[0].name), 64))).all()
    assert (views[1::2] == views[::2, :, :, ::-1]).all()
