"""C23: it holds where modes lie far apart and weigh differently, for a denoiser that knows every level; not else."""

import numpy as np
import pytest
import torch

from explorer.claims.annealing import MODES, SIGMAS, _distance, annealed_langevin
from explorer.core.denoisers.gaussian_mixture import GaussianMixture
from tests.support.verdicts import shipped

DISTANCE = "distance from the weights, "


def blind(x, sigma, label=None):
    return MODES(x, SIGMAS[-1])


def upside_down(x, sigma, label=None):
    return MODES(x, SIGMAS[0] * SIGMAS[-1] / sigma)


def pair(apart, weight):
    means = torch.tensor([[apart, apart], [-apart, -apart]]) / 2
    return GaussianMixture(means, torch.ones(2), torch.tensor([weight, 1 - weight]))


def test_one_level_alone_leaves_as_many_as_began_there():
    found = shipped("C23").measured
    assert found[DISTANCE + "sigma 1 alone"] == pytest.approx(0.3, abs=0.04)  # half instead of 0.8 in either mode
    assert found[DISTANCE + "annealed"] < 0.05


def test_estimates_are_as_wide_as_the_level_lets_them_be():
    found = shipped("C23").measured
    assert found["width of the modes, annealed"] == pytest.approx(0.5, rel=0.1)  # variance 1 / (1 + sigma^2)
    assert found["width of the modes, sigma 3.8 alone"] < 0.15


@pytest.mark.parametrize("denoiser", [blind, upside_down])
def test_a_denoiser_that_does_not_know_every_level_gains_nothing(denoiser):
    assert not annealed_langevin(denoiser=denoiser).holds


@pytest.mark.parametrize("mixture", [pair(10.0, 0.5), pair(0.5, 0.8)])
def test_nothing_to_gain_where_modes_weigh_alike_or_touch(mixture):
    assert not annealed_langevin(mixture=mixture).holds


def test_the_modes_may_be_the_other_way_round():
    assert annealed_langevin(mixture=pair(10.0, 0.2)).holds


def test_distance_is_total_variation():
    assert _distance(MODES, np.array([0, 0, 1, 0, 0])) == pytest.approx(0)
    assert _distance(MODES, np.array([0, 1])) == pytest.approx(0.3)
    assert _distance(MODES, np.array([1])) == pytest.approx(0.8)
