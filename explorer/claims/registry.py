"""What a claim is: a quoted sentence, a prediction written down beforehand, and a function that measures it.

A claim's function takes no required arguments and returns a Verdict. Its keywords put other models, pictures or
noise to the same test. Thresholds are constants beside the function; they come from the claim, not from a run, and
where a measurement disagrees the verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

TEXTS = {
    "A": "Sander Dieleman, Diffusion models are autoencoders (2022-01-31)",
    "B": "A short note comparing diffusion models with autoencoders",
}


@dataclass(frozen=True)
class Verdict:
    """What was found."""

    prediction: str  # with its threshold
    measured: dict[str, float]  # what the number is, unit included -> the number; the deciding ones come first
    interval: tuple[float, float] | None  # 95 %, of the first number in measured; None where nothing is random
    holds: bool


@dataclass(frozen=True)
class Card:
    """What is claimed, known before any run."""

    id: str
    text: str  # key of TEXTS
    quote: str
    shown: str  # how the explorer shows it
    prediction: str  # with its threshold


ClaimFunction = Callable[..., Verdict]

CLAIMS: dict[str, ClaimFunction] = {}
CARDS: dict[str, Card] = {}


def claim(id: str, *, text: str, quote: str, shown: str, prediction: str) -> Callable[[ClaimFunction], ClaimFunction]:
    """Return a decorator that registers a function, unchanged, under its id.

    Raises ValueError for an id given twice or an unknown text.
    """
    if id in CARDS:
        raise ValueError(f"claim {id} is registered twice")
    if text not in TEXTS:
        raise ValueError(f"text must be one of {', '.join(TEXTS)}, got {text!r}")
    CARDS[id] = Card(id, text, quote, shown, prediction)

    def register(function: ClaimFunction) -> ClaimFunction:
        CLAIMS[id] = function
        return function

    return register


def verdict(
    id: str, measured: Mapping[str, float], holds: bool, interval: tuple[float, float] | None = None
) -> Verdict:
    """Return the Verdict of a registered claim, its numbers made plain floats."""
    numbers = {what: float(number) for what, number in measured.items()}
    bounds = None if interval is None else (float(interval[0]), float(interval[1]))
    return Verdict(CARDS[id].prediction, numbers, bounds, bool(holds))
