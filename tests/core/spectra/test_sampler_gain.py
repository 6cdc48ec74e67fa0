"""Gain per frequency against products and recursions written out here (maths.md, section 6), and against simulation."""

from functools import partial
from itertools import pairwise
from math import sqrt

import numpy as np
import pytest
from scipy.stats import chi2

from explorer.core.noise import white
from explorer.core.samplers.loop import Step
from explorer.core.samplers.registry import SAMPLER_INFO, SAMPLERS, ancestral, churn, ddpm, euler, heun, langevin
from explorer.core.schedules import SCHEDULES
from explorer.core.spectra.sampler_gain import power_gain
from tests.support.gaussian import (
    GAINS,
    HEUN_RANGES,
    KARRAS,
    POWERS,
    Gaussian,
    churn_variance,
    gain_by_recursion,
    langevin_variance,
)

P = np.array(POWERS)
DETERMINISTIC = [name for name, info in SAMPLER_INFO.items() if not info.stochastic]
TAIL = 1e-5  # probability that a correct sampler fails a simulation, at each end


def euler_product(sigmas):
    gain = np.ones(len(P))
    for sigma, after in pairwise(sigmas):
        gain *= 1 + (after - sigma) * sigma / (P + sigma**2)
    return gain


def heun_product(sigmas):
    gain = np.ones(len(P))
    for sigma, after in pairwise(sigmas):
        slope = sigma / (P + sigma**2)
        guess = 1 + (after - sigma) * slope
        gain *= guess if after == 0 else 1 + (after - sigma) / 2 * (slope + guess * after / (P + after**2))
    return gain


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 10, 50])
@pytest.mark.parametrize(("sampler", "product"), [(euler, euler_product), (heun, heun_product)])
def test_deterministic_gain_is_the_product_of_its_steps(sampler, product, steps, schedule):
    sigmas = schedule.sigmas(steps)
    expected = product(sigmas) ** 2 * sigmas[0] ** 2 / P
    assert power_gain(sampler, sigmas, P) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_every_deterministic_sampler_follows_its_recursion(name):
    sigmas = KARRAS.sigmas(12)
    gain = np.array([gain_by_recursion(name, power, sigmas.tolist()) for power in P])
    assert power_gain(SAMPLERS[name], sigmas, P) == pytest.approx(gain**2 * sigmas[0] ** 2 / P, rel=1e-9)


@pytest.mark.parametrize(("name", "steps"), GAINS)
def test_figures_of_euler(name, steps):
    sigmas = KARRAS.sigmas(steps)
    measured = power_gain(SAMPLERS[name], sigmas, P, start_variance=P + sigmas[0] ** 2)
    assert measured == pytest.approx(GAINS[name, steps], abs=0.0006 if steps == 10 else 0.006)


@pytest.mark.parametrize("steps", HEUN_RANGES)
def test_figures_of_heun(steps):
    sigmas, (low, high) = KARRAS.sigmas(steps), HEUN_RANGES[steps]
    measured = power_gain(heun, sigmas, P, start_variance=P + sigmas[0] ** 2)
    assert measured.min() == pytest.approx(low, rel=0.03) and measured.max() == pytest.approx(high, rel=0.01)


def test_start_variance_scales_what_the_start_becomes():
    sigmas = KARRAS.sigmas(9)
    plain, noised = power_gain(euler, sigmas, P), power_gain(euler, sigmas, P, start_variance=P + 80**2)
    assert noised / plain == pytest.approx(1 + P / 80**2, rel=1e-12)
    assert power_gain(euler, sigmas, P, start_variance=0.0).tolist() == [0.0] * len(P)
    remembered = power_gain(ddpm, sigmas, P, start_variance=0.0)
    assert np.all((0 < remembered) & (remembered < power_gain(ddpm, sigmas, P)))


def ancestral_variance(power, sigmas, eta):
    v = sigmas[0] ** 2
    for sigma, after in pairwise(sigmas):
        up = min(after, eta * sqrt(after**2 * (sigma**2 - after**2)) / sigma)
        down, wiener = sqrt(after**2 - up**2), power / (power + sigma**2)
        v = (down / sigma + (1 - down / sigma) * wiener) ** 2 * v + up**2
    return v


@pytest.mark.parametrize("steps", [1, 2, 10, 60])
@pytest.mark.parametrize("eta", [0.3, 1.0])
def test_ancestral_gain_is_its_variance(eta, steps):
    sigmas = KARRAS.sigmas(steps)
    expected = np.array([ancestral_variance(power, sigmas.tolist(), eta) for power in P]) / P
    assert power_gain(partial(ancestral, eta=eta), sigmas, P) == pytest.approx(expected, rel=1e-9)


def test_churn_and_langevin_gains_are_their_variances():
    sigmas = KARRAS.sigmas(15)
    churning = {"s_churn": 6.0, "s_min": 0.01, "s_max": 50.0, "s_noise": 1.02}
    moving = {"inner": 5, "rate": 0.2}
    for sampler, theory, settings in ((churn, churn_variance, churning), (langevin, langevin_variance, moving)):
        expected = [theory(power, sigmas.tolist(), **settings)[-1] / power for power in P]
        measured = power_gain(partial(sampler, **settings), sigmas, P, start_variance=P + sigmas[0] ** 2)
        assert measured == pytest.approx(expected, rel=1e-9)


def test_ddpm_nears_the_data_as_the_steps_grow():
    large = P[:-1]  # of P = 0.001 the end of the grid, at sigma^2 = 4e-6, takes 0.4 % whatever the steps
    errors = [np.abs(power_gain(ddpm, KARRAS.sigmas(steps), large) - 1) for steps in (100, 400, 1600)]
    for coarse, fine in pairwise(errors):
        assert np.all((0.2 < fine / coarse) & (fine / coarse < 0.3))  # first order: a quarter for four times the steps
    assert errors[-1].max() < 0.01


@pytest.mark.parametrize("sampler", [ancestral, churn, langevin], ids=["ancestral", "churn", "langevin"])
def test_gain_is_what_a_simulation_gives(sampler):
    sigmas, runs = KARRAS.sigmas(8), 20000
    shape = (len(P), 1, runs, 1)  # one power per picture, its pixels independent runs

    def noise(i, role):
        return white(shape, 3, role, i)

    *_, last = sampler(Gaussian(P), white(shape, 3, "start").double() * sigmas[0], sigmas, noise=noise)
    measured = last.x.square().mean((1, 2, 3)).numpy() / P
    low, high = chi2.ppf([TAIL, 1 - TAIL], runs) / runs
    ratio = measured / power_gain(sampler, sigmas, P)
    assert np.all((low < ratio) & (ratio < high)), ratio


def fixed_steps(weights, key):
    """A sampler that adds the noise of key(k), times weights[k], and lands on its state."""

    def sampler(denoiser, x, sigmas, *, noise):
        yield Step(0, sigmas[0], x, x)
        for k, weight in enumerate(weights):
            x = x + weight * noise(*key(k))
        yield Step(1, 0.0, x, x)

    return sampler


def test_draws_of_one_key_are_one_noise_and_of_others_independent():
    start, weights = {"start_variance": 4.0}, (0.5, 2.0, -1.0)
    for key, variance in (
        (lambda k: (k, "same"), 0.25 + 4 + 1),
        (lambda k: (0, f"role {k}"), 0.25 + 4 + 1),
        (lambda k: (0, "same"), 1.5**2),
    ):
        gain = power_gain(fixed_steps(weights, key), [1.0, 0.0], [0.1, 10.0], **start)
        assert gain == pytest.approx((4 + variance) / np.array([0.1, 10.0]), rel=1e-12)


def shifted(denoiser, x, sigmas, *, noise=None):
    yield Step(0, sigmas[0], x + 1e-6, x)


@pytest.mark.parametrize("steps", [2, 10, 100])
def test_predictor_corrector_has_no_gain_per_frequency(steps):
    with pytest.raises(ValueError, match="not linear"):
        power_gain(SAMPLERS["pc"], KARRAS.sigmas(steps), P)
    with pytest.raises(ValueError, match="not linear"):
        power_gain(partial(SAMPLERS["pc"], eta=0.0, snr=0.01), KARRAS.sigmas(steps), P)


def test_departures_from_linearity_are_found():
    with pytest.raises(ValueError, match="not linear"):
        power_gain(lambda d, x, s, *, noise: euler(lambda x, sigma: x.tanh(), x, s), KARRAS.sigmas(5), P)
    with pytest.raises(ValueError, match="not linear"):
        power_gain(shifted, [1.0, 0.0], P)


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name != "pc"])
def test_all_other_samplers_are_linear(name):
    assert np.all(power_gain(SAMPLERS[name], KARRAS.sigmas(20), P) > 0)


@pytest.mark.parametrize("power", [[], [[1.0]], [1.0, 0.0], [-1.0], [float("nan")], 1.0])
def test_powers_that_are_not_are_refused(power):
    with pytest.raises(ValueError, match="positive"):
        power_gain(euler, [1.0, 0.0], power)


def test_a_grid_that_does_not_fall_is_refused():
    with pytest.raises(ValueError, match="sigmas"):
        power_gain(euler, [1.0, 2.0, 0.0], P)


@pytest.mark.parametrize(("departure", "linear"), [(1e-8, False), (1e-10, True)])
def test_what_counts_as_rounding_is_a_billionth_of_the_state(departure, linear):
    def bent(denoiser, x, sigmas, *, noise=None):
        yield Step(0, sigmas[0], x + departure * x.abs().max(), x)
        yield Step(1, 0.0, x, x)

    if linear:
        power_gain(bent, [1.0, 0.0], P)
    else:
        with pytest.raises(ValueError, match="not linear"):
            power_gain(bent, [1.0, 0.0], P)
