"""Requests refuse in one sentence what cannot be answered, and are equal when they ask the same."""

import math

import numpy as np
import pytest

from explorer.errors import RequestRefused
from explorer.schemas import SIGMA_RANGE, NoisingRequest

WRONG = [math.nan, math.inf, -math.inf, 1e308, -1, 2.5, True, None, "abc", [], {}, 10**30]


@pytest.mark.parametrize("field", ["seed", "size", "levels", "model", "label", "picture"])
@pytest.mark.parametrize("value", WRONG, ids=str)
def test_wrong_values_are_refused_with_a_sentence(field, value):
    if field in ("label", "picture") and value == "abc":
        pytest.skip("a text; whether it exists is the engine's to say")
    with pytest.raises(RequestRefused) as caught:
        NoisingRequest(**{field: value})
    text = str(caught.value)
    assert text.endswith(".") and len(text) <= 160 and "\n" not in text


def test_numbers_as_gradio_sends_them_make_the_same_request():
    assert NoisingRequest(seed=3.0, size=64.0, levels=32) == NoisingRequest(seed=3, size=64)
    assert hash(NoisingRequest(seed=3.0)) == hash(NoisingRequest(seed=3))


def test_levels_are_even_in_the_logarithm():
    sigmas = NoisingRequest(levels=9).sigmas
    assert (sigmas[0], sigmas[-1]) == pytest.approx(SIGMA_RANGE)
    assert np.diff(np.log(sigmas)) == pytest.approx(np.log(SIGMA_RANGE[1] / SIGMA_RANGE[0]) / 8)
