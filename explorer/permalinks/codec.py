"""Encode a view as the query of its address, and decode it: `?v=1&view=sampling&sampler=ddpm&steps=20&seed=3&at=7`.

Only what differs from the defaults is written; names and defaults are in `schema`. Besides the view's own:

    v        version of these names, 1; the page reads links of other versions as far as they agree
    view     noise-scale (not written), sampling, autoencoders
    open     sections of the view that are unfolded, "none" for none of them
    upload   1 where the picture was the sender's own; it is not in the link, `picture` names the example before it
    hide     parts of the page that are not shown, of HIDEABLE

A point of a drawing is a word of six digits: x, then y, in hundredths of a unit from the lower left corner of the
square that is shown, so that 200 places have 1,399 characters.

Decoding never fails: what cannot be used stays at its default and is listed with the reason. Names that begin with "__"
are Gradio's and ignored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import get_args, get_type_hints
from urllib.parse import parse_qsl, quote_plus

from explorer.errors import RequestRefused
from explorer.permalinks.schema import HIDEABLE, SECTIONS, VERSION, VIEWS, Piece
from explorer.permalinks.view_state import TrajectoryViewState
from explorer.schemas.sampling import SamplingRequest
from explorer.schemas.score_field import EXTENT

MAX_QUERY_CHARS = 4000  # the rest is not read
MAX_QUERY_NAMES = 80
NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?")
POINT = re.compile(r"([0-9]{3})([0-9]{3})")
EXTENT_HUNDREDTHS = round(100 * EXTENT)  # hundredths of a unit from the lower left corner to the middle


@dataclass(frozen=True)
class Link:
    """A view. pieces: by name as in VIEWS; those with their default may be missing."""

    view: str = "noise-scale"
    pieces: Mapping[str, object] = field(default_factory=dict)
    opened: tuple[str, ...] | None = None  # unfolded sections; None for the view's own
    upload: bool = False  # whether the picture was uploaded, so that the link cannot show it
    hide: tuple[str, ...] = ()  # of HIDEABLE


@dataclass(frozen=True)
class Ignored:
    """A name of a link that could not be used, its value, and the reason as a sentence."""

    name: str
    value: str
    why: str


def read(query: str) -> tuple[Link, tuple[Ignored, ...]]:
    """Return the view that a query describes, with or without its "?", and what of it could not be used.

    Never raises: what cannot be used stays at its default.
    """
    ignored: list[Ignored] = []
    given = _pairs(query, ignored)
    _version(given.pop("v", str(VERSION)), ignored)
    view = given.pop("view", "noise-scale")
    if view not in VIEWS:
        ignored.append(Ignored("view", view, "There is no such view."))
        view = "noise-scale"
    upload = _flag(given, ignored)
    hide = _names(given, "hide", tuple(HIDEABLE), ignored)
    opened = _names(given, "open", (*SECTIONS[view], "none"), ignored)
    made = {key: _made(piece, given, ignored) for key, piece in VIEWS[view].items()}
    pieces = {key: value for key, value in made.items() if value != VIEWS[view][key].default}
    _last_step(view, pieces, ignored)
    ignored += [Ignored(name, value, "This view has nothing of that name.") for name, value in given.items()]
    return Link(view, pieces, None if opened is None else _without_none(opened), upload, hide or ()), tuple(ignored)


def write(link: Link) -> str:
    """Return the query without "?", with the version first and the names in the order of VIEWS."""
    words = {"v": str(VERSION)} | ({"view": link.view} if link.view != "noise-scale" else {})
    for key, piece in VIEWS[link.view].items():
        words |= _written(piece, link.pieces.get(key, piece.default))
    if link.opened is not None:
        words["open"] = ",".join(link.opened) or "none"
    if link.upload:
        words["upload"] = "1"
    if link.hide:
        words["hide"] = ",".join(link.hide)
    return "&".join(f"{name}={quote_plus(value, safe=',')}" for name, value in words.items())


def _pairs(query: str, ignored: list[Ignored]) -> dict[str, str]:
    query = query.removeprefix("?")
    if len(query) > MAX_QUERY_CHARS:
        ignored.append(Ignored("…", "", f"Of a link, {MAX_QUERY_CHARS} characters are read."))
        query = query[:MAX_QUERY_CHARS].rpartition("&")[0]
    pairs = parse_qsl(query, keep_blank_values=True)
    given: dict[str, str] = {}
    for name, value in pairs[:MAX_QUERY_NAMES]:
        if name.startswith("__"):
            continue
        if name in given:
            ignored.append(Ignored(name, value, "It is given twice; the first one counts."))
        given.setdefault(name, value)
    if len(pairs) > MAX_QUERY_NAMES:
        ignored.append(Ignored("…", "", f"Of a link, {MAX_QUERY_NAMES} names are read."))
    return given


def _version(text: str, ignored: list[Ignored]) -> None:
    if text.isascii() and text.isdecimal() and len(text) < 9 and int(text) > VERSION:
        ignored.append(Ignored("v", text, "The link is of a newer version of this page."))
    elif text != str(VERSION):
        ignored.append(Ignored("v", text, "There is no such version."))


def _flag(given: dict[str, str], ignored: list[Ignored]) -> bool:
    text = given.pop("upload", "0")
    if text not in ("0", "1"):
        ignored.append(Ignored("upload", text, "It must be 1 or left out."))
    return text == "1"


def _names(given: dict[str, str], name: str, known: tuple[str, ...], ignored: list[Ignored]) -> tuple[str, ...] | None:
    """Return the known words of a list, each once and in the order of `known`; None when the link has no such list."""
    if name not in given:
        return None
    words = [word for word in given.pop(name).split(",") if word]
    ignored += [Ignored(name, word, "There is nothing of that name.") for word in words if word not in known]
    return tuple(word for word in known if word in words)


def _without_none(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name != "none")


def _made(piece: Piece, given: dict[str, str], ignored: list[Ignored]) -> object:
    """Return the piece with the link's values set one by one, so that a bad value does not affect the others."""
    made, types = piece.default, get_type_hints(type(piece.default))
    for name, attribute in piece.names.items():
        if name not in given:
            continue
        text = given.pop(name)
        try:
            made = replace(made, **{attribute: value_of(text, types[attribute])})
        except RequestRefused as refused:
            ignored.append(Ignored(name, text, str(refused)))
    return made


def value_of(text: str, wanted: type) -> object:
    """Return a text as int, float, str, a point, an optional of these or a tuple of these. Raises RequestRefused."""
    if wanted == tuple[float, float]:
        return _point(text)
    inner = [t for t in get_args(wanted) if t not in (type(None), Ellipsis)]
    if getattr(wanted, "__origin__", None) is tuple:
        return tuple(value_of(word, inner[0]) for word in text.split(","))
    wanted = inner[0] if inner else wanted
    if wanted is str:
        return text
    if not NUMBER.fullmatch(text):
        raise RequestRefused("It must be a number.")
    if wanted is int and text.removeprefix("-").isdecimal():
        return int(text)
    value = float(text)
    if not math.isfinite(value):
        raise RequestRefused("It must be a number.")
    return value


def _point(text: str) -> tuple[float, float]:
    found = POINT.fullmatch(text)
    if not found:
        raise RequestRefused("Every point must be six digits.")
    return (int(found[1]) - EXTENT_HUNDREDTHS) / 100, (int(found[2]) - EXTENT_HUNDREDTHS) / 100


def _last_step(view: str, pieces: dict[str, object], ignored: list[Ignored]) -> None:
    """Ignore the shown step where the run of the link has fewer steps."""
    state = pieces.get("view_state")
    if view != "sampling" or not isinstance(state, TrajectoryViewState) or state.at is None:
        return
    run = pieces.get("run", VIEWS[view]["run"].default)
    if not isinstance(run, SamplingRequest) or state.at <= run.steps:
        return
    ignored.append(Ignored("at", str(state.at), f"The run has {run.steps} steps."))
    pieces["view_state"] = replace(state, at=None)
    if pieces["view_state"] == VIEWS[view]["view_state"].default:
        del pieces["view_state"]


def _written(piece: Piece, value: object) -> dict[str, str]:
    words = {}
    for name, attribute in piece.names.items():
        now = getattr(value, attribute)
        if now != getattr(piece.default, attribute):
            words[name] = ",".join(map(_word, now)) if isinstance(now, tuple) else str(now)
    return words


def _word(value: object) -> str:
    if isinstance(value, tuple):  # a point
        return "".join(f"{round(100 * v) + EXTENT_HUNDREDTHS:03}" for v in value)
    return str(value)
