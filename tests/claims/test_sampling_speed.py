"""C39: it holds for the samplers and the exact denoiser, and for no others; its theory is that of a single wave."""

import math
from itertools import pairwise

import numpy as np
import pytest

from explorer import weights
from explorer.claims import sampling_speed
from explorer.claims.sampling_speed import GRID, SIDE, gain_of_few_steps
from explorer.core.denoisers.wiener import Wiener
from explorer.core.noise import white_batch
from explorer.core.samplers.registry import SAMPLERS, euler, heun
from explorer.core.spectra.radial import octave_means, rapsd
from tests.support.gaussian import gain_by_recursion
from tests.support.verdicts import shipped

PRIOR = weights.load("wiener")
smoother = Wiener(0.9 * PRIOR.psd, PRIOR.mean)


def told_less(x, sigma, label=None):
    return PRIOR(x, 0.93 * sigma)


def fewer_steps(denoiser, x, sigmas, *, noise=None):
    return euler(denoiser, x, np.delete(sigmas, 2), noise=noise)


def test_holds_for_what_is_shipped():
    found = shipped("C39")
    numbers = found.measured
    assert found.holds and numbers["gains outside their interval"] == 0
    assert all(math.isfinite(value) for value in numbers.values())
    assert found.interval[0] < numbers["measured gain over closed form, mean"] < found.interval[1]
    assert found.interval[0] < 1 < found.interval[1]
    for name in ("64 to 32", "32 to 16", "16 to 8", "8 to 4", "4 to 2"):
        largest = numbers[f"largest departure from the closed form, waves of {name} pixels"]
        assert largest <= numbers[f"allowed, waves of {name} pixels"] < 0.3


def test_few_steps_cost_euler_detail_and_give_heun_too_much():
    numbers = shipped("C39").measured
    gains = {
        name: [numbers[f"gain, finest octave, {name}, {steps} steps"] for steps in (5, 10, 20, 40)]
        for name in ("Euler", "Heun")
    }
    assert gains["Euler"] == sorted(gains["Euler"]) and gains["Euler"][0] < 0.4 and gains["Euler"][-1] < 1
    assert gains["Heun"] == sorted(gains["Heun"], reverse=True) and gains["Heun"][0] > 5 and gains["Heun"][-1] > 1
    assert gains["Heun"][-1] - 1 < 1 - gains["Euler"][-1]


@pytest.mark.parametrize("denoiser", [told_less, smoother])
def test_another_denoiser_has_other_gains(denoiser):
    assert not gain_of_few_steps(denoiser=denoiser).holds


def test_another_sampler_has_other_gains():
    assert not gain_of_few_steps(samplers={"euler": fewer_steps, "heun": heun}).holds


def test_scatter_of_one_picture_is_as_expected():
    expected = sampling_speed._expected(PRIOR, SAMPLERS["euler"], 10)
    # what the run puts out has the spectrum gain * P; drawn directly, without a sampler, and often
    fields = PRIOR.sample(white_batch((3, SIDE, SIDE), 0, "scatter", range(300)))
    power = octave_means(rapsd(fields).mean(1).double().numpy(), SIDE, SIDE)
    assert power.mean(0) == pytest.approx(expected.data, rel=0.06)
    # the gain hardly varies within an octave, so the data scatter as the output does
    assert 2 * (power.mean(0) / power.std(0)) ** 2 == pytest.approx(expected.degrees, rel=0.3)


@pytest.mark.parametrize("name", ["euler", "heun"])
def test_expectation_for_a_flat_spectrum(name):
    power, sigmas = 0.5, GRID.sigmas(10).tolist()
    expected = sampling_speed._expected(Wiener(np.full((3, 33), power)), SAMPLERS[name], 10)
    gain = gain_by_recursion(name, power, sigmas) ** 2 * sigmas[0] ** 2 / power
    assert expected.data == pytest.approx(np.full(5, power), rel=1e-9)
    assert expected.gain == pytest.approx(np.full(5, gain), rel=1e-9)
    ring = np.round(np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)) * SIDE)
    edges = [1, 2, 4, 8, 16, 33]
    bins = [((low <= ring) & (ring < high)).sum() for low, high in pairwise(edges)]
    assert expected.degrees == pytest.approx(3 * np.array(bins), rel=1e-9)  # one for each bin and colour
