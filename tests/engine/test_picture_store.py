"""Uploaded pictures by the pixels that they have."""

import numpy as np
import pytest

from explorer.engine.picture_store import PictureStore
from explorer.errors import RequestRefused


def test_the_same_bytes_in_another_shape_are_another_picture():
    store = PictureStore()
    wide, tall = np.zeros((4, 8, 3), np.uint8), np.zeros((8, 4, 3), np.uint8)
    names = [store.add(picture) for picture in (wide, tall)]
    assert names[0] != names[1]
    assert store.get(names[0]).shape == wide.shape and store.get(names[1]).shape == tall.shape


def test_the_same_pixels_are_the_same_picture_and_others_are_not():
    store, picture = PictureStore(), np.zeros((4, 4, 3), np.uint8)
    assert store.add(picture) == store.add(picture.copy())
    assert store.add(picture + 1) != store.add(picture)


def test_examples_are_there_and_unknown_names_are_not():
    assert PictureStore().get("cat").ndim == 3
    for name in ("upload-00", "../cat", ""):
        with pytest.raises(RequestRefused, match="no longer kept"):
            PictureStore().get(name)
