"""Validation of the JSON that clients send: finite numbers of limited size, and only files uploaded here."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from explorer.errors import BodyRefused

MAX_INTEGER = 2**63
_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]+:|[/\\]{2})", re.IGNORECASE)  # one letter is a Windows drive
_OWN_FILE = re.compile(r"https?://[^/?#]+[^?#]*/gradio_api/file=(?!\s*https?:)", re.IGNORECASE)


def is_foreign(path: str) -> bool:
    """Return whether a file's path is a URL (http:, data:, file:, ...) or names another machine."""
    return bool(_SCHEME.match(path))


def validate_json(body: bytes) -> bytes:
    """Return the JSON reserialised, with the URLs of uploaded files set to null; the server derives them itself.

    Raise BodyRefused when the body is not JSON, when a number is not finite or beyond 2^63, and when a file is given
    by a URL or as data instead of the path that its upload returned.
    """
    try:
        value = json.loads(body, parse_constant=_refuse_number, parse_float=_finite, parse_int=_whole)
    except (ValueError, RecursionError):
        raise BodyRefused(400, "The request is not valid JSON.") from None
    _check_files(value)
    return json.dumps(value).encode()


def _check_files(value: Any) -> None:  # noqa: ANN401 - any JSON
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, list):
            todo.extend(item)
        elif isinstance(item, dict):
            if isinstance(item.get("url"), str):
                if is_foreign(item["url"]) and not _OWN_FILE.match(item["url"]):
                    _refuse_file()
                item["url"] = None
            if isinstance(item.get("path"), str) and is_foreign(item["path"]):
                _refuse_file()
            todo.extend(item.values())


def _refuse_file() -> None:
    raise BodyRefused(400, "A file can only be given by uploading it here.")


def _refuse_number(_: str) -> NoReturn:
    raise BodyRefused(400, "Every number in the request must be finite.")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text)


def _whole(text: str) -> int:
    if len(text) > 20 or abs(int(text)) > MAX_INTEGER:
        raise BodyRefused(400, "A number in the request is too large.")
    return int(text)
