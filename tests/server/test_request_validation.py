"""Numbers and JSON from clients, without a server."""

from __future__ import annotations

import json

import pytest

from explorer.errors import BodyRefused
from explorer.server.error_handling import is_plain
from explorer.server.request_validation import validate_json


def test_json_that_passes_is_unchanged_but_for_urls():
    value = {"data": [1, -2.5, None, True, "é\ud800", {"path": "C:/a.png", "url": "/gradio_api/file=/tmp/a"}]}
    checked = json.loads(validate_json(json.dumps(value).encode()))
    value["data"][-1]["url"] = None
    assert checked == value
    with pytest.raises(BodyRefused, match="finite"):
        validate_json(b'{"a": [NaN]}')
    for url in ("ftp://h/a", "//h/a", " data:,", "http://h/x", "http://h/gradio_api/file=http://h", "javascript:1"):
        with pytest.raises(BodyRefused, match="uploading"):
            validate_json(json.dumps([{"deep": [{"url": url}]}]).encode())
    assert validate_json(b'{"url": "http://h:1/app/gradio_api/file=/tmp/a"}') == b'{"url": null}'


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("The size must be one of: 64, 128.", True),
        ("At most 2 cycles/pixel can be seen.", True),
        ("Cannot move /etc/passwd to the cache.", False),
        ("'C:\\Users' is missing", False),
        ("two\nlines", False),
        ("Value: x (type: <class 'str'>) is not in the list", False),
        ("x" * 161, False),
        ("", False),
        (None, False),
    ],
)
def test_what_counts_as_plain(message, expected):
    assert is_plain(message) == expected
