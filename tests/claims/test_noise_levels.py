"""C12, C20, C40, C21, C48: with Wiener filters on their own pictures, where theory says what is found."""

import numpy as np
import pytest
import torch

from explorer.autoencoders import AUTOENCODERS
from explorer.claims._autoencoders import autoencoder
from explorer.claims.noise_levels import conclusion, one_network, specialists_and_all
from explorer.claims.skips import SIGMAS, Excess, bottleneck_harms, excess_falls, skips_carry_detail
from explorer.core.denoisers.wiener import Wiener
from explorer.core.noise import white_batch
from explorer.core.spectra.radial import mean_wavenumbers
from tests.support.verdicts import shipped

K = mean_wavenumbers(32, 32)
PRIOR = Wiener(np.append(40.0, (0.15 / K[1:]) ** 2))
FIELDS = PRIOR.sample(white_batch((3, 32, 32), 0, "fields", range(6)))
FREQUENCY = torch.from_numpy(np.hypot(np.fft.fftfreq(32)[:, None], np.fft.rfftfreq(32)))


def specialist(name):
    return lambda x, sigma: PRIOR(x, AUTOENCODERS[name].sigma)


def blurred(x, sigma):
    """The Wiener filter through a code that holds fine detail less and less."""
    passing = 1 / (1 + (6 * FREQUENCY) ** 4)
    return torch.fft.irfft2(torch.fft.rfft2(PRIOR(x, sigma)) * passing, s=(32, 32)).float()


def replaced(name, **others):
    if name in others:
        return others[name]
    return specialist(name) if name.startswith("dae") else blurred if name.startswith("unet") else PRIOR


def run(claim, **others):
    others = {name.replace("_", "-"): other for name, other in others.items()}
    return claim(pictures=FIELDS, load=lambda name: replaced(name, **others))


@pytest.mark.parametrize("claim", [one_network, specialists_and_all, conclusion, bottleneck_harms, skips_carry_detail])
def test_holds_where_theory_says_so(claim):
    assert run(claim).holds


def test_one_filter_told_the_level_is_each_specialist():
    assert run(one_network).measured["largest error of the conditional model over the specialist's"] == 1


@pytest.mark.parametrize("claim", [one_network, specialists_and_all, conclusion])
@pytest.mark.parametrize("other", [lambda x, s: PRIOR(x, 0.5), lambda x, s: x, lambda x, s: PRIOR(x, 1.8 * s)])
def test_a_model_that_does_not_heed_the_level_is_no_conditional_one(claim, other):
    assert not run(claim, conditional=other).holds


@pytest.mark.parametrize("claim", [specialists_and_all, conclusion])
def test_specialists_that_are_none(claim):
    assert not run(claim, dae_100=PRIOR).holds


def test_specialists_of_the_wrong_level():
    assert not run(specialists_and_all, dae_100=specialist("dae-025"), dae_025=specialist("dae-100")).holds


@pytest.mark.parametrize("claim", [bottleneck_harms, conclusion])
@pytest.mark.parametrize(
    "other",
    [
        PRIOR,  # nothing is lost
        lambda x, s: 0.8 * PRIOR(x, s),  # as much at every scale
        lambda x, s: blurred(x, s) + 0.1 * s,  # worse the more noise there is
        lambda x, s: PRIOR(x, s) - blurred(x, s),  # the coarse is lost
    ],
)
def test_other_losses_are_not_those_of_skips(claim, other):
    assert not run(claim, unet_noskip=other).holds


@pytest.mark.parametrize("other", [PRIOR, lambda x, s: x, lambda x, s: 0.4 * blurred(x, s)])
def test_skips_that_carry_nothing(other):
    assert not run(skips_carry_detail, unet_noskip=other).holds


def test_a_network_with_skips_that_keeps_all_noise_is_not_better_than_its_input():
    assert not run(skips_carry_detail, conditional=lambda x, s: x).holds


def test_share_lost_is_that_of_the_filter():
    measured = run(bottleneck_harms).measured
    finest = measured["skips cut: share lost at sigma 0.05, waves of 4 to 2 pixels"]
    ring = (torch.round(32 * FREQUENCY) >= 8) & (torch.round(32 * FREQUENCY) <= 16)
    passing = 1 / (1 + (6 * FREQUENCY[ring]) ** 4)
    power = PRIOR.power(32, 32)[0][ring]
    gain = power / (power + 0.05**2) * passing
    error = (1 - gain) ** 2 * power + gain**2 * 0.05**2
    exact = (error - power * 0.05**2 / (power + 0.05**2)).sum() / power.sum()
    assert finest == pytest.approx(float(exact), rel=0.05)


def test_the_shipped_specialists_are_told_apart():
    assert shipped("C20").holds
    assert not specialists_and_all(load=lambda name: autoencoder("conditional")).holds


def errors(low=3.0, high=1.05, rising=True):
    """Errors without skips over those with them at both ends; the share lost by octave."""
    levels, pictures = len(SIGMAS), 2
    cut = np.ones((2, levels, pictures))
    cut[:, 0], cut[:, -1] = low, high
    lost = np.tile(np.arange(5.0) if rising else np.array([0.0, 1, 1, 2, 3]), (2, levels, 1))
    return Excess(np.ones((levels, pictures)), cut, lost)


@pytest.mark.parametrize(
    ("found", "holds"),
    [
        (errors(), True),
        (errors(low=0.99, high=0.9), False),  # nothing that could fall
        (errors(low=1.2), False),  # a quarter of the excess is left
        (errors(low=30.0, high=1.5), False),  # hardly any of the excess is left, but half as much as the error
        (errors(rising=False), False),
    ],
)
def test_each_part_of_c21_fails_alone(found, holds):
    assert excess_falls(found)[1] is holds
    one = [np.array(part) for part in found]  # and one network of the two is enough
    one[1][0], one[2][0] = errors().cut[0], errors().lost[0]
    assert excess_falls(Excess(*one))[1] is holds
