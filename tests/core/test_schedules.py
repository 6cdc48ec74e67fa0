"""Noise schedules against their published formulas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.core.schedules import SCHEDULES

each = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
TIMES = np.linspace(0.01, 0.98, 50)


@each
def test_rises_from_clean_to_noisiest(schedule):
    sigma = schedule.sigma(np.linspace(0, 1, 2001))
    assert np.all(np.isfinite(sigma)) and np.all(np.diff(sigma) >= 0)
    assert np.all(np.diff(sigma[: int(2000 * 0.985)]) > 0)  # strictly, below the clamp
    assert sigma[0] <= schedule.sigma_min * (1 + 1e-12) and sigma[-1] == schedule.sigma_max


@each
@given(share=st.floats(0, 1))
@settings(deadline=None, max_examples=50)
def test_time_and_level_are_inverse(schedule, share):
    sigma = schedule.sigma_min * (schedule.sigma_max / schedule.sigma_min) ** share
    assert schedule.sigma(schedule.t(sigma)) == pytest.approx(sigma, rel=1e-10)
    t = share * float(schedule.t(schedule.sigma_max))
    assert schedule.t(schedule.sigma(t)) == pytest.approx(t, abs=1e-10)


@each
def test_log_snr(schedule):
    a, s = schedule.signal_scale(schedule.sigma(TIMES)), schedule.noise_scale(schedule.sigma(TIMES))
    assert np.allclose(schedule.log_snr(TIMES), np.log(a**2 / s**2), rtol=1e-12)
    assert schedule.log_snr(0.0) >= -2 * np.log(schedule.sigma_min) - 1e-9


@each
def test_scales_of_the_family(schedule):
    sigma = np.geomspace(0.002, 80, 30)
    a, s = schedule.signal_scale(sigma), schedule.noise_scale(sigma)
    assert np.allclose(s / a, sigma, rtol=1e-14)
    invariant = {"VE": a, "VP": a**2 + s**2, "flow": a + s}[schedule.process]
    assert np.allclose(invariant, 1, rtol=1e-14)


@each
@pytest.mark.parametrize("steps", [1, 2, 18, 500])
def test_sampling_grid(schedule, steps):
    sigmas = schedule.sigmas(steps)
    assert sigmas.shape == (steps + 1,) and sigmas.dtype == np.float64
    assert sigmas[0] == schedule.sigma_max and sigmas[-1] == 0
    assert np.all(np.diff(sigmas) < 0)
    if steps > 1:
        assert sigmas[-2] == pytest.approx(schedule.sigma_min, rel=1e-9)
        assert np.ptp(np.diff(schedule.t(sigmas[:-1]))) < 1e-9  # evenly spaced in time


@each
def test_numbers_and_arrays(schedule):
    assert np.ndim(schedule.sigma(0.5)) == 0 and schedule.sigma(np.full((2, 3), 0.5)).shape == (2, 3)
    assert schedule.t(1e9) == schedule.t(schedule.sigma_max) and 0 <= schedule.t(0.0) < 1e-12


@each
def test_nonsense_is_refused(schedule):
    for t in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError):
            schedule.sigma(t)
    for sigma in (-1.0, float("nan")):
        with pytest.raises(ValueError):
            schedule.t(sigma)
    with pytest.raises(ValueError):
        schedule.sigmas(0)


def test_karras():
    low, high = 0.002 ** (1 / 7), 80 ** (1 / 7)
    grid = (high + np.arange(18) / 17 * (low - high)) ** 7  # Karras et al. 2022, eq. 5
    assert np.allclose(SCHEDULES["karras"].sigmas(18)[:-1], grid, rtol=1e-12)


def test_linear_vp():
    beta = np.trapezoid(0.1 + 19.9 * np.linspace(0, 0.37, 1001), dx=0.37 / 1000)  # integral of beta(t)
    alpha_bar = np.exp(-beta)
    assert SCHEDULES["linear-vp"].sigma(0.37) == pytest.approx(np.sqrt((1 - alpha_bar) / alpha_bar), rel=1e-12)


def test_cosine_vp():
    power = np.cos((TIMES + 0.008) / 1.008 * np.pi / 2) ** 2
    alpha_bar = power / np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    sigma = SCHEDULES["cosine-vp"].sigma(TIMES)
    assert np.allclose(SCHEDULES["cosine-vp"].signal_scale(sigma) ** 2, alpha_bar, rtol=1e-11)


def test_flow_noise_scale_is_time():
    sigma = SCHEDULES["flow"].sigma(TIMES)
    assert np.allclose(sigma, TIMES / (1 - TIMES)) and np.allclose(SCHEDULES["flow"].noise_scale(sigma), TIMES)


def test_geometric_has_constant_ratio():
    ratios = SCHEDULES["geometric"].sigmas(20)[1:-1] / SCHEDULES["geometric"].sigmas(20)[:-2]
    assert np.ptp(ratios) < 1e-12


@each
def test_a_grid_can_start_at_a_lower_level(schedule):
    sigmas = schedule.sigmas(5, 1.0)
    assert sigmas[0] == 1.0 and sigmas[-1] == 0 and np.all(np.diff(sigmas) < 0)
    assert schedule.sigmas(5, schedule.sigma_max).tolist() == schedule.sigmas(5).tolist()
    for start in (schedule.sigma_min, schedule.sigma_min / 2, schedule.sigma_max * 1.01, 0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="start must be above"):
            schedule.sigmas(5, start)
