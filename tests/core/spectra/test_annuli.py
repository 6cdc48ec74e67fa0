"""Radial curves taken to other frequencies: between the annuli, beyond both ends, and at frequency 0."""

import numpy as np
import pytest

from explorer.core.spectra.annuli import error_band, mean_wavenumbers, radial_to_2d, radii, resampled, wavenumbers

K = wavenumbers(64, 64)
BENT = np.append(5.0, 1e-3 * K[1:] ** -2.0 * np.exp(np.sin(7 * np.log(K[1:]))))  # its slope changes all the way


def law_of(chosen):
    """The power law of least squares, ln P on ln k, as the function of f whose slope is the fitted one."""
    return np.polyfit(np.log(K[1:][chosen]), np.log(BENT[1:][chosen]), 1)[0]


def test_below_the_first_annulus_the_law_of_the_first_two_octaves_goes_on():
    slope = law_of(K[1:] <= 4 * K[1])
    f = np.array([K[1] / 2, K[1] / 5])
    assert resampled(BENT, K, f) == pytest.approx(BENT[1] * (f / K[1]) ** slope, rel=1e-12)


def test_beyond_the_last_annulus_the_law_of_the_last_octave_goes_on():
    slope = law_of(K[1:] >= K[-1] / 2)
    f = np.array([0.55, np.sqrt(0.5)])
    assert resampled(BENT, K, f) == pytest.approx(BENT[-1] * (f / K[-1]) ** slope, rel=1e-12)


def test_between_annuli_the_curve_is_a_power_law_and_at_zero_the_mean():
    middle = np.sqrt(K[5] * K[6])
    assert resampled(BENT, K, [0.0, K[9], middle]) == pytest.approx([5.0, BENT[9], np.sqrt(BENT[5] * BENT[6])])
    assert resampled(np.stack([BENT, 2 * BENT]), K, [0.1]).shape == (2, 1)


def test_the_half_plane_holds_the_continued_curve_at_every_bin():
    grid = radial_to_2d(BENT, 128, 96, K)
    f = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.rfftfreq(96))
    assert grid == pytest.approx(resampled(BENT, K, f.ravel()).reshape(f.shape))


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (-1, 4)])
def test_pictures_without_a_pixel_are_refused(shape):
    with pytest.raises(ValueError, match="at least one pixel"):
        radii(*shape)


def test_smallest_pictures():
    assert radii(1, 1).tolist() == [[0]] and radii(1, 4).tolist() == [[0, 1, 2, 1]]
    assert radii(2, 1).tolist() == [[0], [1]]
    assert mean_wavenumbers(1, 4) == pytest.approx([0, 0.25, 0.5])


def test_one_spectrum_scatters_by_the_number_of_its_bins():
    # 4 x 4: annulus 1 has the 4 bins at 1/4 and the 4 at sqrt(2)/4 (1.41 rounds to 1)
    assert error_band(4, 4)[:2] == pytest.approx([np.sqrt(2), np.sqrt(2 / 8)])
    assert error_band(4, 4, draws=3) == pytest.approx(error_band(4, 4) / np.sqrt(3))


def test_a_curve_of_one_power_is_flat_everywhere():
    assert radial_to_2d(np.array([1.0, 3.0]), 4, 4, np.array([0.0, 0.3]))[1:] == pytest.approx(np.full((3, 3), 3.0))
