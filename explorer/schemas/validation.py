"""What a request may hold: every value is checked when the request is made, and refused with one plain sentence."""

from __future__ import annotations

import math

from explorer.errors import RequestRefused

MODELS = ("network", "wiener", "ideal")
SIZES = (64, 128, 256, 512)


def number(value: object, low: float, high: float, what: str) -> float:
    """value as a float in [low, high]. Raises RequestRefused on anything else, NaN and True included."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -math.inf < value < math.inf:
        raise RequestRefused(f"The {what} must be a number.")
    if not low <= value <= high:
        raise RequestRefused(f"The {what} must be from {low:g} to {high:g}.")
    return float(value)


def whole_number(value: object, low: int, high: int, what: str) -> int:
    """value as an int in [low, high]. Raises RequestRefused on anything else, NaN and 2.5 included."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -math.inf < value < math.inf:
        raise RequestRefused(f"The {what} must be a number.")
    if value != int(value) or not low <= value <= high:
        raise RequestRefused(f"The {what} must be a whole number from {low} to {high}.")
    return int(value)


def one_of(value: object, choices: tuple, what: str) -> object:
    """value if it is among the choices. Raises RequestRefused otherwise."""
    if isinstance(value, bool) or value not in choices:
        raise RequestRefused(f"The {what} must be one of: {', '.join(map(str, choices))}.")
    return value


def name(value: object, what: str) -> str:
    """value if it is a short text. Raises RequestRefused otherwise; whether it exists is the engine's to say."""
    if not isinstance(value, str) or len(value) > 80:
        raise RequestRefused(f"The {what} must be a name of at most 80 letters.")
    return value
