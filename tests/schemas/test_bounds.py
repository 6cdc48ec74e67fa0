"""Every field of every request: its default, which a link without it stands for, and the bounds of its values."""

import dataclasses
import math

import numpy as np
import pytest

from explorer.errors import RequestRefused
from explorer.schemas import BranchRequest, NoisingRequest, SamplingRequest, TransferRequest, UTurnRequest
from explorer.schemas.autoencoders import CorruptionRequest, GenerateRequest, SeedRequest
from explorer.schemas.score_field import DRAWING, DensityRequest, LearnRequest, WalkRequest
from explorer.schemas.validation import name, number, one_of, whole_number

SEED = (0, 2**53)
WHOLE = {
    (NoisingRequest, "levels"): (2, 128),
    (SamplingRequest, "steps"): (1, 200),
    (BranchRequest, "step"): (0, 29),  # the run has 30
    (BranchRequest, "count"): (2, 16),
    (BranchRequest, "steps"): (1, 100),
    (UTurnRequest, "levels"): (2, 16),
    (UTurnRequest, "count"): (2, 16),
    (UTurnRequest, "steps"): (1, 100),
    (TransferRequest, "count"): (2, 32),
    (GenerateRequest, "steps"): (2, 60),
    (LearnRequest, "steps"): (10, 10_000),
    (WalkRequest, "count"): (10, 2000),
    **{(kind, "seed"): SEED for kind in (NoisingRequest, SamplingRequest, BranchRequest, UTurnRequest)},
    **{(kind, "seed"): SEED for kind in (TransferRequest, CorruptionRequest, GenerateRequest, SeedRequest)},
    **{(kind, "seed"): SEED for kind in (LearnRequest, WalkRequest)},
}
REAL = {
    (SamplingRequest, "guidance"): (0, 20),
    (SamplingRequest, "eta"): (0, 1),
    (SamplingRequest, "sigma"): (0.05, 80),
    (UTurnRequest, "low"): (0.05, 19.9),
    (UTurnRequest, "high"): (0.11, 80),
    (TransferRequest, "guidance"): (0, 20),
    (CorruptionRequest, "sigma"): (0.02, 5),
    (CorruptionRequest, "rate"): (0, 1),
    (WalkRequest, "sigma"): (0.03, 3),
}
DEFAULTS = {
    NoisingRequest: {"picture": "mountains", "model": "network", "label": "any", "seed": 0, "size": 128, "levels": 32},
    SamplingRequest: {
        "model": "network", "sampler": "heun", "steps": 30, "schedule": "karras", "label": "any", "guidance": 1,
        "eta": 1, "seed": 0, "size": 64, "start": "noise", "picture": "mountains", "sigma": 1,
    },
    BranchRequest: {"run": SamplingRequest(), "step": 12, "origin": "step", "count": 6, "steps": 20, "seed": 0},
    UTurnRequest: {
        "run": SamplingRequest(), "levels": 7, "low": 0.1, "high": 20, "count": 4, "steps": 12, "seed": 0,
    },
    TransferRequest: {
        "samplers": ("euler", "heun"), "step_counts": (5, 10, 20, 40), "schedule": "karras", "model": "network",
        "label": "any", "guidance": 1, "seed": 0, "count": 8, "size": 64,
    },
    CorruptionRequest: {"picture": "mountains", "corruption": "gaussian", "sigma": 0.5, "rate": 0.5, "seed": 0},
    GenerateRequest: {"seed": 0, "steps": 18},
    SeedRequest: {"seed": 0},
    DensityRequest: {"density": "two", "points": ()},
    LearnRequest: {"plane": DensityRequest(), "steps": 2500, "seed": 0},
    WalkRequest: {"plane": DensityRequest(), "source": "exact", "sigma": 0.05, "count": 300, "seed": 0},
}  # fmt: skip


def ident(case):
    return f"{case[0].__name__}.{case[1]}" if isinstance(case, tuple) and isinstance(case[0], type) else None


@pytest.mark.parametrize(("field", "bounds"), WHOLE.items(), ids=ident)
def test_whole_numbers_are_taken_up_to_their_bounds(field, bounds):
    (kind, what), (low, high) = field, bounds
    for value in (low, high):
        assert getattr(kind(**{what: value}), what) == value
    for value in (low - 1, high + 1):
        with pytest.raises(RequestRefused, match=f"whole number from {low} to {high}"):
            kind(**{what: value})


@pytest.mark.parametrize(("field", "bounds"), REAL.items(), ids=ident)
def test_numbers_are_taken_up_to_their_bounds(field, bounds):
    (kind, what), (low, high) = field, bounds
    for value in (low, high):
        assert getattr(kind(**{what: value}), what) == value
    if kind is not UTurnRequest:
        for value in (math.nextafter(low, -1), math.nextafter(high, 100)):
            with pytest.raises(RequestRefused, match="must be from"):
                kind(**{what: value})


@pytest.mark.parametrize("kind", DEFAULTS, ids=lambda kind: kind.__name__)
def test_what_is_left_away_has_its_default(kind):
    made = kind()
    assert {field.name: getattr(made, field.name) for field in dataclasses.fields(kind)} == DEFAULTS[kind]


def test_levels_of_a_u_turn_rise():
    for low, high in ((1.0, 1.0), (2.0, 1.0), (0.049, 1.0), (1.0, 80.1)):
        with pytest.raises(RequestRefused):
            UTurnRequest(low=low, high=high)
    assert UTurnRequest(low=0.5, high=8.0, levels=5).sigmas == pytest.approx([0.5, 1, 2, 4, 8])


@pytest.mark.parametrize(("size", "steps"), [(64, 200), (128, 200), (256, 200), (512, 50)])
def test_steps_times_pixels_are_bounded(size, steps):
    assert SamplingRequest(size=size, steps=steps).steps == steps
    with pytest.raises(RequestRefused):
        SamplingRequest(size=size, steps=steps + 1)


@pytest.mark.parametrize("kind", [NoisingRequest, SamplingRequest])
def test_sizes(kind):
    for size in (64, 128, 256, 512):
        assert kind(size=size, **({"steps": 1} if kind is SamplingRequest else {})).size == size
    for size in (0, 32, 63, 65, 1024, "64", True, None):
        with pytest.raises(RequestRefused):
            kind(size=size)


def test_gains_of_one_to_three_samplers_at_one_to_six_numbers_of_steps():
    assert TransferRequest(samplers="euler", step_counts=2).step_counts == (2,)
    assert len(TransferRequest(samplers=["euler", "heun", "ddpm"], step_counts=[2, 3, 4, 5, 6, 100]).step_counts) == 6
    assert TransferRequest(size=128).size == 128
    for wrong in (
        {"samplers": ("euler",) * 4},
        {"step_counts": (2,) * 7},
        {"step_counts": ()},
        {"step_counts": (1,)},
        {"step_counts": (101,)},
        {"size": 256},
        {"samplers": ("euler", "pc")},
        {"model": "other"},
        {"schedule": "other"},
        {"label": 3},
    ):
        with pytest.raises(RequestRefused):
            TransferRequest(**wrong)


def test_a_request_about_a_run_needs_one():
    for kind, what in ((BranchRequest, "run"), (UTurnRequest, "run"), (LearnRequest, "plane"), (WalkRequest, "plane")):
        with pytest.raises(RequestRefused):
            kind(**{what: None})


def test_a_choice_is_not_a_number_that_equals_it():
    assert one_of(64, (64, 128), "size") == 64
    for value in (True, 1.5, "64", None):
        with pytest.raises(RequestRefused, match="must be one of"):
            one_of(value, (1, 64, 128), "size")


def test_names_are_short():
    assert name("x" * 80, "class") == "x" * 80
    for value in ("x" * 81, 3, None, b"x"):
        with pytest.raises(RequestRefused, match="at most 80 letters"):
            name(value, "class")


def test_numbers_are_finite_and_no_truth_values():
    assert number(2, 0, 3, "level") == 2.0 and isinstance(number(2, 0, 3, "level"), float)
    assert whole_number(2.0, 0, 3, "seed") == 2 and isinstance(whole_number(2.0, 0, 3, "seed"), int)
    for check in (number, whole_number):
        for value in (True, math.nan, math.inf, -math.inf, "2", None, 10**400):
            with pytest.raises(RequestRefused):
                check(value, -(2**70), 2**70, "value")
    with pytest.raises(RequestRefused):
        whole_number(2.5, 0, 3, "seed")


def test_drawings():
    corners = ((1.6, -1.6), (-1.6, 1.6))
    assert DensityRequest("drawn", corners).points == corners
    assert len(DensityRequest("drawn", ((0.0, 0.0),) * 200).points) == 200
    for points in (((1.7, 0),), ((0, -1.61),), ((0, 0, 0),), (), ((0, 0),) * 201, 3):
        with pytest.raises(RequestRefused):
            DensityRequest("drawn", points)


def test_the_drawing_to_begin_with_is_a_face():
    face = np.array(DRAWING)
    assert face.shape == (33, 2)
    assert np.hypot(*face[:24].T) == pytest.approx(np.ones(24), abs=1e-3)  # the outline
    turns = np.unwrap(np.arctan2(face[:24, 1], face[:24, 0]))
    assert np.diff(turns) == pytest.approx(np.full(23, np.pi / 12), abs=3e-3)
    assert face[24:26].tolist() == [[-0.35, 0.3], [0.35, 0.3]]
    mouth = face[26:]
    assert np.hypot(*mouth.T) == pytest.approx(np.full(7, 0.5), abs=1e-3) and (mouth[:, 1] < 0).all()
    assert mouth[::-1] * [-1, 1] == pytest.approx(mouth, abs=1e-3)  # as wide on the left as on the right
    assert mouth[0] == pytest.approx([0.5 * np.cos(0.8 * np.pi), -0.5 * np.sin(0.8 * np.pi)], abs=1e-3)
