"""The first page's numbers, each computed anew from picture and noise."""

import numpy as np
import torch

from explorer.core.noise import white
from explorer.core.spectra import radial
from explorer.engine.noising import CROSSOVER_LEVELS, denoised_levels, noised_picture
from explorer.images import decoder
from explorer.schemas import SIGMA_RANGE, NoisingRequest

REQUEST = NoisingRequest(size=64, levels=3, seed=5)
PICTURE = (40 * white((64, 64, 3), 0, "picture").cumsum(0).numpy() / 8 + 128).clip(0, 255).astype(np.uint8)
NOISED = noised_picture(REQUEST, PICTURE)
X0, EPS = decoder.to_data(PICTURE), white((3, 64, 64), 5, "noising").numpy()


def mean_spectrum(x):
    return radial.rapsd(x.astype(np.float64)).mean(-2)


def test_picture_and_noise_are_what_the_spectra_are_of():
    assert np.array_equal(NOISED.picture, PICTURE) and np.array_equal(NOISED.eps, EPS) and not NOISED.upscaled
    np.testing.assert_allclose(NOISED.clean, mean_spectrum(X0), rtol=1e-4)
    np.testing.assert_allclose(NOISED.noise, mean_spectrum(EPS), rtol=1e-4)
    cross = (np.fft.fft2(X0, norm="ortho") * np.fft.fft2(EPS, norm="ortho").conj()).real
    expected = np.bincount(radial.radii(64, 64).ravel(), cross.mean(0).ravel())[:33] / radial.counts(64, 64)
    np.testing.assert_allclose(NOISED.cross, expected, atol=1e-4 * np.abs(expected).max())


def test_frequencies_are_those_that_the_power_of_an_annulus_belongs_to():
    assert np.array_equal(NOISED.wavenumber, radial.mean_wavenumbers(64, 64))


def test_the_band_is_the_scatter_of_three_colours():
    np.testing.assert_allclose(NOISED.band, np.sqrt(2 / (3 * radial.counts(64, 64))))


def test_crossovers_are_those_of_the_clean_spectrum():
    sigmas = np.geomspace(*SIGMA_RANGE, CROSSOVER_LEVELS)
    assert np.array_equal(NOISED.crossover_sigma, sigmas)
    sizes = [radial.feature_size(radial.crossover(NOISED.clean, s, NOISED.wavenumber).frequency) for s in sigmas]
    assert np.array_equal(NOISED.crossover, sizes)


def test_estimates_are_measured_against_the_clean_picture():
    told = []

    def half(x, sigma):
        told.extend(zip(sigma.tolist(), x, strict=True))
        return x / 2

    parts = list(denoised_levels(NOISED, half, 2))
    indices = np.concatenate([part.indices for part in parts])
    assert sorted(indices) == [0, 1, 2] and [len(part.indices) for part in parts] == [2, 1]
    for (sigma, x), index in zip(told, indices, strict=True):
        assert sigma == np.float32(REQUEST.sigmas[index])
        np.testing.assert_allclose(x, X0 + sigma * EPS, atol=1e-5)
    for part in parts:
        estimate = torch.from_numpy(X0 + REQUEST.sigmas[part.indices, None, None, None] * EPS).numpy() / 2
        error = estimate - X0
        np.testing.assert_allclose(part.error, error, atol=1e-5)
        np.testing.assert_allclose(part.mse, (error**2).mean((1, 2, 3)), rtol=1e-4)
        np.testing.assert_allclose(part.error_spectrum, mean_spectrum(error), rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(part.denoised_spectrum, mean_spectrum(estimate), rtol=1e-3, atol=1e-6)
