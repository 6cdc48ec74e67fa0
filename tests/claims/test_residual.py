"""C01: it holds for the Wiener filter, which the theory is exact for, and for no denoiser that sees too much or little.

The closed form is checked against noisy Gaussian pictures, and where every frequency is alike.
"""

import numpy as np
import pytest
import torch

from explorer.claims.residual import slightly_less_noisy, wiener_filter, wiener_ratios
from explorer.core.denoisers.wiener import Wiener
from explorer.core.noise import white, white_batch

WIENER = wiener_filter()
NOISE = white_batch((3, 64, 64), 0, "sample", range(8))
LOWEST, HIGHEST = "least residual, over the Wiener filter's", "largest residual / sigma"
FALL, EXACT = "largest residual, over that one step before", "Wiener filter, largest relative difference from the "


def run(denoiser=WIENER, **others):
    return slightly_less_noisy(denoiser=denoiser, noise=NOISE, **others)


def identity(x, sigma, label=None):
    return x


def blind(x, sigma, label=None):
    return WIENER(x, 0.5)


def told_half(x, sigma, label=None):
    return WIENER(x, sigma / 2)


def rash(x, sigma, label=None):
    return x - 1.1 * (x - WIENER(x, sigma))


def black(x, sigma, label=None):
    return torch.zeros_like(x)


def stalling(x, sigma, label=None):
    """Below 0.1 it sees all of the noise, of which the Wiener filter sees six tenths."""
    return WIENER(x, sigma) if sigma > 0.1 else x - sigma


def test_holds_for_the_wiener_filter_which_is_at_the_lower_bound():
    found = run()
    assert found.holds
    assert found.measured[LOWEST] == pytest.approx(1, abs=0.015)


@pytest.mark.parametrize(
    ("denoiser", "number", "outside"),
    [
        (identity, LOWEST, lambda value: value < 0.01),
        (blind, LOWEST, lambda value: value < 0.95),
        (told_half, LOWEST, lambda value: value < 0.9),
        (rash, HIGHEST, lambda value: value > 1.05),
        (stalling, FALL, lambda value: value > 1),
    ],
)
def test_each_part_finds_its_own_fault(denoiser, number, outside):
    found = run(denoiser)
    assert not found.holds and outside(found.measured[number])


def test_a_residual_that_only_stops_falling_is_found_by_that_part_alone():
    measured = run(stalling).measured
    assert measured[LOWEST] > 0.98 and measured[HIGHEST] < 1.02


@pytest.mark.parametrize("other", [told_half, Wiener(1.2 * WIENER.psd, WIENER.mean), black])
def test_only_the_wiener_filter_of_that_spectrum_follows_the_closed_form(other):
    found = run(wiener=other)
    assert not found.holds
    assert found.measured[EXACT + "closed form"] > 0.02


def test_for_who_always_says_black_everything_is_noise():
    found = run(black)
    assert found.measured[HIGHEST] == pytest.approx(float(NOISE.square().mean().sqrt()), rel=1e-4)
    assert found.measured[FALL] < 1


@pytest.mark.parametrize("side", [15, 16])
@pytest.mark.parametrize("sigma", [0.05, 0.5, 5.0])
def test_closed_form_on_gaussian_pictures(side, sigma):
    x0 = WIENER.sample(white((400, 3, side, side), 0, "pictures"))
    x = (x0 + sigma * white(x0.shape, 0, "noise")).double()
    measured = float((x - WIENER(x, sigma)).square().mean().sqrt()) / sigma
    assert wiener_ratios(WIENER, np.array([sigma]), side)[0] == pytest.approx(measured, rel=0.01)


def test_closed_form_where_every_frequency_is_alike():
    even = Wiener(np.full(9, 4.0))
    assert wiener_ratios(even, np.array([1.5, 2.0]), 16) == pytest.approx([0.6, 0.5**0.5], rel=1e-12)


def test_a_residual_above_sigma_fails_by_the_upper_bound_alone():
    found = run(lambda x, sigma, label=None: -0.03 * x if sigma > 60 else torch.zeros_like(x))
    assert not found.holds
    assert found.measured[HIGHEST] > 1.02 and found.measured[LOWEST] >= 0.98 and found.measured[FALL] < 1
    assert found.measured[EXACT + "closed form"] <= 0.02
