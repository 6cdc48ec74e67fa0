"""C13, C14, C30, C32: they hold for the shipped noise and schedules, and for no other kind of noise."""

import numpy as np
import pytest
import torch

from explorer.claims import noise
from explorer.claims._inputs import page_noise
from explorer.claims.noise import flatness
from explorer.claims.schedule import ends_of_the_schedule
from explorer.core.denoisers.wiener import gaussian_field
from explorer.core.noise import generator, white
from explorer.core.schedules import SCHEDULES, Schedule
from explorer.core.spectra.radial import wavenumbers
from tests.support.verdicts import shipped


def coloured(shape, seed):
    """Unit variance, each octave with a quarter more power than the next finer one."""
    k = wavenumbers(*shape[-2:])
    k[0] = k[1]
    field = gaussian_field(page_noise(shape, seed), k**-0.3)
    return field / field.square().mean().sqrt()


def uniform(shape, seed):
    draw = generator(seed, "uniform").uniform(-(3**0.5), 3**0.5, shape)
    return torch.from_numpy(draw.astype(np.float32))


def grey(shape, seed):
    return page_noise(shape, seed)[:1].expand(shape)


def strong(shape, seed):
    return 1.03 * page_noise(shape, seed)


@pytest.mark.parametrize("id", ["C13", "C14", "C30", "C32"])
def test_holds_for_what_is_shipped(id):
    assert shipped(id).holds


@pytest.mark.parametrize("other", [coloured, uniform, strong])
def test_additive_noise_is_white_normal_and_as_strong_as_said(other):
    assert not noise.additive_noise(noise=other).holds


def test_each_part_of_additive_noise_finds_its_own_fault():
    assert noise.additive_noise(noise=coloured).measured["annuli outside their interval"] > 0
    assert noise.additive_noise(noise=uniform).measured["Kolmogorov-Smirnov, smallest p"] < 1e-9
    assert noise.additive_noise(noise=strong).measured["smallest variance / sigma^2"] == pytest.approx(1.06, abs=0.01)


@pytest.mark.parametrize("other", [coloured, grey])
def test_independent_noise_has_no_neighbours(other):
    assert not noise.independent_noise(noise=other).holds


def test_correlations_are_those_of_pixel_pairs():
    eps = torch.stack([page_noise((3, 16, 16), seed) for seed in range(2)]).double()
    lags = noise._lag_correlations(eps)
    power = eps.square().mean()
    for position, shift in ((0, (0, 1)), (7, (1, 0)), (8, (1, 1)), (7 + 15, (1, -1)), (7 + 16, (2, 0))):
        pairs = (eps * eps.roll((-shift[0], -shift[1]), (2, 3))).mean() / power
        assert lags[position] == pytest.approx(float(pairs), abs=1e-12)
    assert noise._nearest(eps, lags) == pytest.approx(np.abs(lags[[0, 7, 8, 22]]).max())
    red_blue = (eps[:, 0] * eps[:, 2]).mean() / power
    assert noise._colour_correlations(eps)[1] == pytest.approx(float(red_blue), abs=1e-12)


def test_pooling_needs_independent_pixels():
    assert not noise.pooling(noise=coloured).holds
    assert not noise.pooling(noise=strong).holds


def test_flatness_raises_false_alarms_as_often_as_it_says():
    draws = [white((2, 3, 16, 16), seed, "false alarms") for seed in range(400)]
    alarms = sum(flatness(eps, 0.1).outside > 0 for eps in draws)
    assert 20 <= alarms <= 60  # 40 expected, standard deviation 6


def test_a_schedule_that_stops_early_is_not_pure_noise():
    # SNR(1) = 0.0047, that of a well-known latent diffusion model (Lin et al. 2024, "... schedules ... are flawed")
    stop = 0.004682**-0.5
    short = Schedule("short", "Short", "VE", 0.002, stop, lambda t: t * stop, lambda sigma: sigma / stop)
    assert not ends_of_the_schedule(schedules=[*SCHEDULES.values(), short]).holds
    noisy = Schedule("noisy", "Noisy", "VE", 0.01, 80.0, lambda t: 0.01 + t * 79.99, lambda s: (s - 0.01) / 79.99)
    assert not ends_of_the_schedule(schedules=[noisy]).holds


def speckled(shape, seed):
    """Unit noise with a little more or less power in every bin, by chance: flat in each annulus, but not white."""
    more = torch.fft.rfft2(white(shape[-2:], 0, "speckle")).real > 0
    gain = (1 + 0.15 * (2 * more.float() - 1)).sqrt()
    return torch.fft.irfft2(torch.fft.rfft2(page_noise(shape, seed)) * gain, s=shape[-2:])


def test_many_small_correlations_fail_by_their_number_alone():
    found = noise.independent_noise(noise=speckled)
    assert not found.holds
    numbers = found.measured
    assert (
        numbers["largest correlation, in units of 1 / sqrt(N)"] <= numbers["largest allowed, in units of 1 / sqrt(N)"]
    )
    assert numbers["annuli outside their interval"] == 0
    assert numbers["correlations beyond 3 / sqrt(N)"] > numbers["correlations beyond 3 / sqrt(N) allowed"]
