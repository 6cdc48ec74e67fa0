"""Checks of single values, made when a request is constructed; a bad value is refused with one plain sentence."""

from __future__ import annotations

import math
from typing import TypeVar

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
