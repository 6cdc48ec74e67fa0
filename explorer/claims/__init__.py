"""The claim registry: CLAIMS maps the id of a claim to the function that measures it, CARDS to what is claimed.

>>> from explorer.claims import CLAIMS
>>> CLAIMS["C32"]().holds
True
"""

from explorer.claims import (
    annealing,
    ascent,
    bottlenecks,
    conditioning,
    conversions,
    corruption,
    dimension,
    generation,
    history,
    lineup,
    noise,
    noise_levels,
    regularised,
    reparameterisation,
    residual,
    sampling_speed,
    scale,
    schedule,
    score,
    score_matching,
    skips,
)
from explorer.claims.registry import CARDS, CLAIMS, TEXTS, Card, Verdict

__all__ = ["CARDS", "CLAIMS", "TEXTS", "THEMES", "Card", "Verdict"]

# importing them fills CLAIMS and CARDS
THEMES = (
    annealing,
    ascent,
    bottlenecks,
    conditioning,
    conversions,
    corruption,
    dimension,
    noise_levels,
    generation,
    history,
    lineup,
    score_matching,
    noise,
    regularised,
    reparameterisation,
    residual,
    sampling_speed,
    scale,
    schedule,
    score,
    skips,
)
