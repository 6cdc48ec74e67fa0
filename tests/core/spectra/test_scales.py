"""Crossover, slope and octaves against power laws (maths.md, section 3)."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from explorer.core.denoisers.wiener import Wiener, wiener_gain
from explorer.core.noise import white
from explorer.core.spectra.radial import (
    PowerLaw,
    counts,
    crossover,
    detectable,
    feature_size,
    fit_power_law,
    mean_wavenumbers,
    octave_edges,
    octave_means,
    rapsd,
    snr_per_octave,
    wavenumbers,
)

K = wavenumbers(64, 64)
alphas = st.floats(0.5, 4.0)
spectra_of_any_shape = arrays(np.float64, 33, elements=st.floats(1e-6, 1e6))


def law(alpha, c=1e-3, k=K):
    return np.append(1.0, c * k[1:] ** -alpha)


@given(alpha=alphas, frequency=st.floats(K[1] * 1.0001, 0.499))
@settings(deadline=None, max_examples=50)
def test_crossover_of_a_power_law(alpha, frequency):
    sigma = np.sqrt(1e-3 * frequency**-alpha)
    found = crossover(law(alpha), sigma, K)
    assert found.frequency == pytest.approx(frequency, rel=1e-9)
    assert PowerLaw(alpha, np.log(1e-3), (0, 0)).crossover(sigma) == pytest.approx(frequency, rel=1e-9)
    assert np.array_equal(found.detectable[1:], K[1:] < frequency * (1 - 1e-12)) or frequency in K


@pytest.mark.parametrize("alpha", [2.0, 2.454])
def test_wavelength_grows_as_sigma_to_two_over_alpha(alpha):
    sigmas = np.geomspace(0.08, 1.0, 20)
    sizes = [feature_size(crossover(law(alpha), s, K).frequency) for s in sigmas]
    assert np.polyfit(np.log(sigmas), np.log(sizes), 1)[0] == pytest.approx(2 / alpha, abs=1e-9)


@given(psd=spectra_of_any_shape, sigma=st.floats(1e-4, 1e4), factor=st.floats(1.0, 10.0))
@settings(deadline=None, max_examples=200)
def test_crossover_of_any_spectrum(psd, sigma, factor):
    found = crossover(psd, sigma, K)
    assert np.array_equal(found.detectable, psd > sigma**2)
    if np.isnan(found.frequency):
        assert not found.detectable[1]
    else:
        below = K < found.frequency * (1 - 1e-12)
        assert found.detectable[1:][below[1:]].all()  # connected to the lowest frequency
        assert found.frequency == 0.5 or not found.detectable[1:].all()
    louder = crossover(psd, sigma * factor, K).frequency
    assert not louder > found.frequency * (1 + 1e-9)  # more noise never shows more; nan compares false
    assert np.isnan(louder) or not np.isnan(found.frequency)


def test_crossover_at_the_ends():
    assert crossover(law(2.0), 1e-6, K).frequency == 0.5 and feature_size(0.5) == 1.0
    lost = crossover(law(2.0), 1e6, K)
    assert np.isnan(lost.frequency) and not lost.detectable.any() and feature_size(lost.frequency) == np.inf
    island = law(2.0)
    island[10:13] = 0.0
    found = crossover(island, 0.05, K)  # a band that is not connected to the lowest is in the set only
    assert found.frequency == K[9] and found.detectable[13] and not found.detectable[10:13].any()
    assert crossover(np.ones(33), 0.0, K).frequency == 0.5
    with pytest.raises(ValueError):
        crossover(np.ones((3, 33)), 1.0, K)


def test_feature_is_half_a_wave():
    assert feature_size(1 / 16) == 8.0


@pytest.mark.parametrize("alpha", [2.0, 2.454])
def test_at_the_crossover_the_prediction_has_half_the_power(alpha):
    k = mean_wavenumbers(64, 64)
    prior = Wiener(np.append(0.0, 1e-3 * k[1:] ** -alpha))
    clean = prior.sample(white((100, 1, 64, 64), 0, f"half {alpha}"))
    shares = []
    for sigma in (0.1, 0.2, 0.3):
        noisy = clean + sigma * white(tuple(clean.shape), 0, "half noise")
        share = (rapsd(prior(noisy, sigma)).mean((0, 1)) / rapsd(clean).mean((0, 1))).numpy()
        f = crossover(1e-3 * np.append(1e9, k[1:] ** -alpha), sigma, k).frequency
        shares.append(np.interp(f, k, share))
    assert 0.46 < min(shares) and max(shares) < 0.54


def test_decision_window():
    # d MSE / d ln sigma = 2 P H (1 - H), at most P / 2 where sigma^2 = P; half of that over a factor 3 + 2 sqrt 2
    sigma = np.geomspace(0.01, 100, 20001)
    error = wiener_gain(1.0, sigma) * sigma**2
    slope = np.gradient(error, np.log(sigma))
    assert slope.max() == pytest.approx(0.5, abs=1e-6) and sigma[slope.argmax()] == pytest.approx(1, rel=1e-3)
    wide = sigma[slope > 0.25]
    assert wide[-1] / wide[0] == pytest.approx(3 + 2 * np.sqrt(2), rel=2e-3)


@given(alpha=alphas, c=st.floats(1e-6, 1e3))
@settings(deadline=None, max_examples=50)
def test_fit_of_a_pure_power_law(alpha, c):
    fit = fit_power_law(K, law(alpha, c))
    assert fit.alpha == pytest.approx(alpha, abs=1e-9) and fit.log_c == pytest.approx(np.log(c), abs=1e-8)
    assert fit.interval[0] <= fit.alpha <= fit.interval[1] and np.ptp(fit.interval) < 1e-8
    assert np.allclose(fit.power(K[1:]), law(alpha, c)[1:])


def test_interval_covers_the_slope_of_textures():
    k = mean_wavenumbers(64, 64)
    fields = Wiener(np.append(0.0, k[1:] ** -2.454)).sample(white((200, 1, 64, 64), 0, "slope"))
    fits = [fit_power_law(k, curve) for curve in rapsd(fields)[:, 0]]
    covered = np.mean([fit.interval[0] <= 2.454 <= fit.interval[1] for fit in fits])
    assert 0.87 <= covered <= 0.99  # 0.93 expected, standard error 0.018
    assert np.mean([fit.alpha for fit in fits]) == pytest.approx(2.454, abs=0.04)
    assert np.mean([np.ptp(fit.interval) for fit in fits]) < 0.6


def test_fit_leaves_out_both_ends_and_refuses_too_little():
    bent = law(2.0)
    bent[[0, 1]] *= 100
    bent[K > 0.45] *= 100
    assert fit_power_law(K, bent).alpha == pytest.approx(2.0, abs=1e-9)
    for k, psd in ((K[:4], law(2.0)[:4]), (K, np.zeros(33)), (K, np.full(33, np.nan))):
        with pytest.raises(ValueError, match="power law"):
            fit_power_law(k, psd)


@pytest.mark.parametrize("size", [(4, 4), (32, 32), (64, 64), (100, 100), (48, 80), (63, 65)])
def test_octaves_hold_every_annulus_once(size):
    edges, n = octave_edges(*size), counts(*size)
    assert edges[-1] == 0.5 and edges[0] == 1 / max(size)
    ratios = edges[1:] / edges[:-1]
    assert np.allclose(ratios[1:], 2) and 2 <= ratios[0] * (1 + 1e-12) and ratios[0] < 4
    in_octave = np.stack([octave_means(np.eye(len(n))[r], *size) for r in range(len(n))])  # (R, octaves)
    assert np.array_equal((in_octave > 0).sum(1), [0] + [1] * (len(n) - 1))
    assert np.allclose(in_octave.sum(0), 1)
    psd = white((len(n),), 0, "octave").double().numpy() ** 2
    bins = np.where(in_octave > 0, n[:, None], 0).sum(0)
    assert octave_means(psd, *size) @ bins == pytest.approx(psd[1:] @ n[1:])


def test_octaves_of_64_pixels():
    assert np.allclose(octave_edges(64, 64) * 64, [1, 2, 4, 8, 16, 32])
    step = np.where(np.arange(33) >= 8, 1.0, 0.0)
    assert octave_means(step, 64, 64).tolist() == [0, 0, 0, 1, 1]
    with pytest.raises(ValueError):
        octave_edges(3, 2)


def test_snr_per_octave():
    psd = np.ones((2, 3, 33))
    assert np.allclose(snr_per_octave(psd, 0.5, 64, 64), 4.0) and snr_per_octave(psd, 0.5, 64, 64).shape == (2, 3, 5)


def test_torch_spectra_are_welcome():
    psd = torch.ones(33)
    assert detectable(psd, 0.5).all() and crossover(psd, 0.5, K).frequency == 0.5


def test_interval_of_the_slope_is_hc3_with_students_t():
    """The sandwich of MacKinnon & White 1985 with its matrices written out; each band holds one frequency."""
    k = np.append(0, 0.45 * 2.0 ** (-np.arange(12)[::-1] / 3))
    psd = k.clip(0.01) ** -2.0 * np.exp(0.3 * white((13,), 0, "scatter").double().numpy())
    x = np.stack([np.ones(11), np.log(k[2:])], 1)  # annuli 0 and 1 are left out
    inverse = np.linalg.inv(x.T @ x)
    residual = (np.eye(11) - x @ inverse @ x.T) @ np.log(psd[2:])
    leverage = np.diag(x @ inverse @ x.T)
    covariance = inverse @ x.T @ np.diag((residual / (1 - leverage)) ** 2) @ x @ inverse
    margin = stats.t(9).ppf(0.975) * np.sqrt(covariance[1, 1])
    fit = fit_power_law(k, psd)
    assert fit.alpha == pytest.approx(-(inverse @ x.T @ np.log(psd[2:]))[1], rel=1e-9)
    assert fit.interval == pytest.approx((fit.alpha - margin, fit.alpha + margin), rel=1e-9)


def test_three_bands_are_enough_and_two_are_not():
    k = np.append(0, 0.45 * 2.0 ** (-np.arange(4)[::-1] / 3))
    assert fit_power_law(k, k.clip(0.1) ** -1.5).alpha == pytest.approx(1.5)
    with pytest.raises(ValueError, match="three bands"):
        fit_power_law(np.append(0, np.linspace(0.4, 0.41, 5)), np.ones(6))


def test_powers_between_0_and_1_can_be_fitted():
    assert fit_power_law(K, law(2.0, 1e-9)).alpha == pytest.approx(2.0)


def test_where_nothing_is_lost_the_crossover_is_the_nyquist_frequency():
    k = wavenumbers(63, 63)  # the last annulus of an odd picture lies below it
    assert k[-1] < 0.5 and crossover(np.ones(len(k)), 0.5, k).frequency == 0.5
