"""C10, C17, C18, C22: identities that hold, and stop holding with a wrong sign, scale or noise level."""

import pytest
import torch

from explorer.claims._inputs import example_pictures
from explorer.claims.conversions import equivalent_predictions, residual_connection
from explorer.claims.score import CIRCLE, CLOUDS, denoiser_and_score, score_function
from explorer.core.denoiser import convert
from explorer.core.denoisers.wiener import Ideal
from tests.support.verdicts import shipped

IDEAL = Ideal(CIRCLE.reshape(-1, 1, 1, 2))


def flipped(denoiser):
    """Points the wrong way: x - (D - x) instead of D."""
    return lambda x, sigma, label=None: 2 * x - denoiser(x, sigma)


def misled(denoiser, factor):
    """Takes the noise for `factor` times what it is."""
    return lambda x, sigma, label=None: denoiser(x, factor * sigma)


@pytest.mark.parametrize("id", ["C10", "C17", "C18", "C22"])
def test_holds_for_what_is_shipped(id):
    assert shipped(id).holds


@pytest.mark.parametrize("wrong", [flipped(IDEAL), misled(IDEAL, 1.000001)])
def test_only_the_exact_denoiser_gives_the_score(wrong):
    assert not score_function(denoiser=wrong).holds


@pytest.mark.parametrize("wrong", [flipped(CLOUDS), misled(CLOUDS, 1.1), misled(CLOUDS, 0.9)])
def test_a_wrong_denoiser_does_not_approach_the_clean_score(wrong):
    found = denoiser_and_score(denoiser=wrong)
    assert not found.holds
    assert found.measured["exponent of sigma, clean density"] < 1


def test_clean_density_is_approached_by_its_own_denoiser_alone():
    narrow = lambda x, sigma, label=None: CLOUDS(x, sigma) + sigma**3  # noqa: E731  error of the score: sigma
    found = denoiser_and_score(denoiser=narrow)
    assert not found.holds and found.measured["exponent of sigma, clean density"] == pytest.approx(1, abs=0.1)


def wrong_sign(value, source, target, x_t, a, s):
    out = convert(value, source, target, x_t, a, s)
    return -out if "eps" in (source, target) else out


def without_a(value, source, target, x_t, a, s):
    return convert(value, source, target, x_t, 1.0, s)


def coarse(value, source, target, x_t, a, s):
    return convert(value, source, target, x_t, a, s).to(torch.bfloat16).float()


@pytest.mark.parametrize("conversion", [wrong_sign, without_a, coarse])
def test_a_wrong_conversion_is_not_equivalent(conversion):
    two = example_pictures()[:2]
    assert not equivalent_predictions(pictures=two, conversion=conversion).holds


@pytest.mark.parametrize("connection", [1.0, 0.0, -1.0001])
def test_the_connection_has_the_factor_minus_one(connection):
    assert not residual_connection(pictures=example_pictures()[:2], connection=connection).holds
    assert residual_connection(pictures=example_pictures()[:2]).holds


def test_a_score_that_is_off_by_a_ten_millionth_everywhere_fails_by_the_noisy_density_alone():
    found = denoiser_and_score(denoiser=lambda x, sigma, label=None: CLOUDS(x, sigma) + 1e-7 * sigma**2)
    assert not found.holds
    assert found.measured["exponent of sigma, clean density"] == pytest.approx(2, abs=0.05)
    assert found.measured["largest difference, noisy density"] == pytest.approx(1e-7, rel=0.2)


def test_an_estimate_that_is_right_to_rounding_fails_by_the_ratio_of_errors_alone():
    """Where x0 is known to the last digit, the error of eps is rounding, and no longer SNR times that of x0."""
    x0 = example_pictures()[:2]
    knowing = lambda x, sigma, label=None: x0 * (1 + 3e-7) if sigma < 0.3 else x / 2  # of VP's first level alone
    found = equivalent_predictions(pictures=x0, denoiser=knowing)
    assert not found.holds
    numbers = found.measured
    assert numbers["a x0_hat + s eps_hat - x_t, in roundings"] <= 2
    assert numbers["x0_hat through eps, score, v or flow and back, in roundings"] <= 8
    assert abs(numbers["error ratio eps : x0, over SNR"] - 1) > 1e-4
    assert abs(numbers["error ratio noise : x0, noise of variance sigma^2"] - 1) <= 1e-4
