"""Checks of single values, made when a request is constructed; a bad value is refused with one plain sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar, cast

from explorer.errors import RequestRefused

MODELS = ("network", "wiener", "ideal")
SIZES = (64, 128, 256, 512)  # sides of a square picture, pixels
MAX_SEED = 2**53  # up to here a browser's numbers are exact
MAX_GUIDANCE = 20.0  # weight of the class
MAX_NAME_CHARS = 80

Choice = TypeVar("Choice", str, int, float)


def number(value: object, low: float, high: float, what: str) -> float:
    """Return value as a float. Raises RequestRefused unless it is a number in [low, high]; NaN and True are not."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -math.inf < value < math.inf:
        raise RequestRefused(f"The {what} must be a number.")
    if not low <= value <= high:
        raise RequestRefused(f"The {what} must be from {low:g} to {high:g}.")
    return float(value)


def whole_number(value: object, low: int, high: int, what: str) -> int:
    """Return value as an int. Raises RequestRefused unless it is a whole number in [low, high]; 3.0 is, 2.5 is not."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -math.inf < value < math.inf:
        raise RequestRefused(f"The {what} must be a number.")
    if value != int(value) or not low <= value <= high:
        raise RequestRefused(f"The {what} must be a whole number from {low} to {high}.")
    return int(value)


def seed_number(value: object, what: str = "seed") -> int:
    """Return value as a seed. Raises RequestRefused unless it is a whole number in [0, MAX_SEED]."""
    return whole_number(value, 0, MAX_SEED, what)


def one_of(value: object, choices: tuple[Choice, ...], what: str) -> Choice:
    """Return the choice that equals value. Raises RequestRefused when there is none."""
    if not isinstance(value, bool):
        for choice in choices:
            if value == choice:
                return choice
    raise RequestRefused(f"The {what} must be one of: {', '.join(map(str, choices))}.")


def name(value: object, what: str) -> str:
    """Return value, a short text; whether anything has that name is up to the engine.

    Raises RequestRefused for anything but a text of at most MAX_NAME_CHARS characters.
    """
    if not isinstance(value, str) or len(value) > MAX_NAME_CHARS:
        raise RequestRefused(f"The {what} must be a name of at most {MAX_NAME_CHARS} letters.")
    return value


def as_sequence(value: object) -> Sequence[object] | None:
    """Return value if it is a list or tuple, else None: programs send JSON of any type."""
    return cast("Sequence[object]", value) if isinstance(value, tuple | list) else None


def as_list(value: object) -> Sequence[object]:
    """Return value if it is a list or tuple, else a list of it alone."""
    listed = as_sequence(value)
    return [value] if listed is None else listed


def check_request(value: object, kind: type, sentence: str) -> None:
    """Raise RequestRefused with the sentence unless value is a `kind`: programs send JSON of any type."""
    if not isinstance(value, kind):
        raise RequestRefused(sentence)
