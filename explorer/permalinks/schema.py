"""What a view's link is made of: its requests and view states, and the names of their fields in the address.

A default that changes makes old links mean something else: it needs a new VERSION.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from explorer.permalinks.view_state import (
    Comparison,
    DensityViewState,
    LineupViewState,
    NoiseViewState,
    ScoreFieldViewState,
    TrajectoryViewState,
    WiringViewState,
)
from explorer.schemas.autoencoders import CorruptionRequest, GenerateRequest, SeedRequest
from explorer.schemas.branching import BranchRequest, UTurnRequest
from explorer.schemas.noising import NoisingRequest
from explorer.schemas.sampling import COMPARABLE, SamplingRequest
from explorer.schemas.score_field import WalkRequest
from explorer.schemas.transfer import TransferRequest

VERSION = 1


@dataclass(frozen=True)
class Piece:
    """One frozen dataclass of a view's link, and the names of its fields in the address."""

    default: Any  # the dataclass with its defaults
    names: MappingProxyType[str, str]  # name in the address -> field of the dataclass
    only: Mapping[str, str] = field(default_factory=dict[str, str])  # name -> value of `b` without which it is nothing


def _piece(default: object, fields: str, prefix: str = "", **renamed: str) -> Piece:
    """Return a piece. fields: those named the same in the address but for the prefix; renamed: name there=field."""
    names = {prefix + f: f for f in fields.split()} | {prefix + n: f for n, f in renamed.items()}
    return Piece(default, MappingProxyType(names))


_B = {"class" if f == "label" else f: f for f in COMPARABLE}
_COMPARISON = Piece(
    Comparison(),
    MappingProxyType({"b": "differs", **{f"b.{n}": f for n, f in _B.items()}}),
    MappingProxyType({f"b.{n}": f for n, f in _B.items()}),
)
# view -> piece -> Piece; the order is that of the address
VIEWS: dict[str, dict[str, Piece]] = {
    "noise-scale": {
        "noising": _piece(NoisingRequest(), "picture model", **{"class": "label", "size": "size", "seed": "seed"}),
        "view_state": _piece(NoiseViewState(), "sigma schedule"),
    },
    "sampling": {
        "run": _piece(
            SamplingRequest(), "picture start sigma model size sampler steps schedule guidance eta seed",
            **{"class": "label"},
        ),
        "view_state": _piece(TrajectoryViewState(), "at shown"),
        "comparison": _COMPARISON,
        "branches": _piece(BranchRequest(), "origin count steps seed", "branch."),
        "turns": _piece(UTurnRequest(), "levels count seed", "turn."),
        "transfer": _piece(TransferRequest(), "samplers seed", "transfer.", steps="step_counts"),
    },
    "autoencoders": {
        "lineup": _piece(CorruptionRequest(), "picture corruption sigma rate seed"),
        "view_state": _piece(LineupViewState(), "", member="autoencoder", order="order"),
        "wiring": _piece(
            WiringViewState(), "sigma", "wiring.", told="sigma_ratio", output="output", residual="residual"
        ),
        "levels": _piece(SeedRequest(), "seed", "levels."),
        "skips": _piece(SeedRequest(), "seed", "skips."),
        "generate": _piece(GenerateRequest(), "seed steps", "generate."),
        "density": _piece(DensityViewState(), "density points", "field."),
        "walk": _piece(WalkRequest(), "source seed sigma", "field."),
        "arrows": _piece(ScoreFieldViewState(), "arrow", "field."),
    },
}  # fmt: skip
# view -> its sections, and whether each is unfolded to begin with
SECTIONS: dict[str, dict[str, bool]] = {
    "noise-scale": {"full": True},
    "sampling": {"more": False, "compare": False, "branch": False, "turn": False, "transfer": False},
    "autoencoders": {
        "wiring": False, "skips": False, "levels": False, "codes": False, "generate": False, "field": True,
    },
}  # fmt: skip
# what a link may hide -> what that is
HIDEABLE: dict[str, str] = {
    "tabs": "the names of the other views",
    "pictures": "the example pictures and the upload button",
    "controls": "all controls that compute anew, pictures included",
    "model": "the choice of the model and of its class",
    "sampler": "sampler, steps and schedule of a run",
    "seed": "the seeds of the main controls, and the button for new noise",
    "more": "the folded rows More and Compare of the sampling page",
    "numbers": "the row of numbers below the slider: sigma, log-SNR, t, feature size",
    "sentence": "the sentence that says what is to be seen",
    "spectra": "the power spectra",
    "denoised": "what the model makes of it: estimate, predicted noise and score",
    "strips": "the strips of small pictures below the first page's slider, and the octave maps of a run",
    "sections": "everything that is folded below the player",
    "footer": "the lines about model and pictures at the foot of the page",
}
