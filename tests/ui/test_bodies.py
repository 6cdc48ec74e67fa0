"""Numbers and JSON from clients, without a server."""

from __future__ import annotations

import json
import math

import gradio as gr
import numpy as np
import pytest

from explorer.ui.bodies import BodyRefused, checked_json
from explorer.ui.refusals import finite, is_plain


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.1, 1.1, 10**400, None, "0.5", True, [0.5], {}])
def test_finite_refuses_with_a_sentence(value):
    with pytest.raises(gr.Error) as caught:
        finite(value, 0, 1, "noise level")
    assert is_plain(caught.value.message) and "noise level" in caught.value.message


def test_finite_passes_numbers():
    assert [finite(value, 0, 1, "x") for value in (0, 0.5, 1, np.float64(0.25))] == [0.0, 0.5, 1.0, 0.25]


def test_json_that_passes_is_unchanged_but_for_urls():
    value = {"data": [1, -2.5, None, True, "é\ud800", {"path": "C:/a.png", "url": "/gradio_api/file=/tmp/a"}]}
    checked = json.loads(checked_json(json.dumps(value).encode()))
    value["data"][-1]["url"] = None
    assert checked == value
    with pytest.raises(BodyRefused, match="finite"):
        checked_json(b'{"a": [NaN]}')
    for url in ("ftp://h/a", "//h/a", " data:,", "http://h/x", "http://h/gradio_api/file=http://h", "javascript:1"):
        with pytest.raises(BodyRefused, match="uploading"):
            checked_json(json.dumps([{"deep": [{"url": url}]}]).encode())
    assert checked_json(b'{"url": "http://h:1/app/gradio_api/file=/tmp/a"}') == b'{"url": null}'


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("The size must be one of: 64, 128.", True),
        ("At most 2 cycles/pixel can be seen.", True),
        ("Cannot move /etc/passwd to the cache.", False),
        ("'C:\\\\Users' is missing", False),
        ("two\nlines", False),
        ("Value: x (type: <class 'str'>) is not in the list", False),
        ("x" * 161, False),
        ("", False),
        (None, False),
    ],
)
def test_what_counts_as_plain(message, expected):
    assert is_plain(message) == expected
