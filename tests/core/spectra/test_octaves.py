"""Shares, passing steps and decided size against waves, Wiener's gain and counting by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import windows

from explorer.core.denoisers.wiener import Wiener, wiener_gain
from explorer.core.noise import white, white_batch
from explorer.core.spectra.octaves import decided_size, fixed_shares, octave_power, passing_steps, rank_correlation
from explorer.core.spectra.radial import error_band, mean_wavenumbers, octave_edges, octave_means, rapsd, windowed_rapsd

SIDE = 64  # octaves 1-2, 2-4, 4-8, 8-16 and 16-32 waves per picture
COARSE, FINE = 2, 4  # octaves of the two waves below
nan, inf = float("nan"), float("inf")


def wave(count, channels=1, side=SIDE):
    """(channels, side, side) with `count` waves from left to right."""
    return torch.cos(2 * torch.pi * count * torch.arange(side).double() / side).float().expand(channels, side, side)


def powers_of(x):
    """Hann window and annuli, written out in numpy."""
    h, w = x.shape
    window = np.outer(windows.hann(h, sym=False), windows.hann(w, sym=False))
    field = (x - x.mean()) * window / np.sqrt((window**2).mean())
    power = np.abs(np.fft.fft2(field)) ** 2 / (h * w)
    f = np.hypot(np.fft.fftfreq(h)[:, None], np.fft.fftfreq(w))
    ring = np.round(max(h, w) * f)
    return np.array([power[ring == r].mean() for r in range(max(h, w) // 2 + 1)])


@pytest.mark.parametrize("shape", [(16, 16), (17, 17), (12, 20), (20, 9)])
def test_windowed_spectrum_is_the_recipe(shape):
    x = white((2, *shape), 0, "window").double() + 3
    expected = np.stack([powers_of(picture) for picture in x.numpy()])
    assert np.allclose(windowed_rapsd(x).numpy(), expected, rtol=1e-9, atol=1e-12)
    assert np.allclose(windowed_rapsd(x.numpy()), expected, rtol=1e-9, atol=1e-12)
    single = windowed_rapsd(x.float())
    assert single.dtype == torch.float32 and np.allclose(single.numpy(), expected, rtol=1e-4, atol=1e-9)


def test_white_noise_stays_flat_under_the_window():
    draws = 400
    power = windowed_rapsd(white((draws, 48, 64), 1, "window")).mean(0).numpy()
    assert np.all(np.abs(power - 1)[2:] < 2 * 4 * error_band(48, 64, draws)[2:])  # the window widens the scatter


def test_shares_of_two_waves():
    final = wave(6) + 0.2 * wave(24)
    kept = [(0.0, 0.0), (0.5, 0.0), (1.0, 0.5), (1.2, -1.0), (1.0, 1.0)]
    estimates = torch.stack([coarse * wave(6) + fine * 0.2 * wave(24) for coarse, fine in kept[:-1]] + [final])
    shares = fixed_shares(estimates, final)
    assert shares.shape == (5, 5) and shares.dtype == np.float64
    for octave, column in ((COARSE, 0), (FINE, 1)):
        expected = [1 - (1 - share[column]) ** 2 for share in kept]
        assert shares[:, octave] == pytest.approx(expected, abs=1e-5)
    assert shares[3, FINE] == pytest.approx(-3, abs=1e-5)  # the opposite wave: not clipped
    assert shares[-1, [COARSE, FINE]].tolist() == [1, 1]
    assert np.isnan(np.delete(shares, [COARSE, FINE], axis=1)).all()  # no power there


def test_shares_weigh_the_channels_by_power():
    final = torch.cat([3 * wave(6), wave(6)])
    estimates = torch.stack([torch.cat([3 * wave(6), 0 * wave(6)]), torch.cat([0 * wave(6), wave(6)])])
    assert fixed_shares(estimates, final)[:, COARSE] == pytest.approx([0.9, 0.1], abs=1e-5)


def test_brightness_and_the_step_between_edges_are_no_detail():
    final = wave(6) + 0.2 * wave(24)
    tilted = final + torch.linspace(-1, 1, SIDE) + 0.7  # left and right edge differ by 2
    assert fixed_shares(tilted[None], final)[0, FINE] > 0.99
    difference = octave_means(rapsd((tilted - final).double())[0].numpy(), SIDE, SIDE)
    assert 1 - difference[FINE] / octave_means(rapsd(final.double())[0].numpy(), SIDE, SIDE)[FINE] < 0.9


def test_shares_of_the_exact_denoiser_are_the_wiener_gain():
    k, runs = mean_wavenumbers(SIDE, SIDE), 12
    psd = np.append(300.0, 40 * (k[1] / k[1:]) ** 2)
    prior = Wiener(psd)
    pictures = prior.sample(white_batch((3, SIDE, SIDE), 0, "fields", range(runs)))
    sigmas, shares = (8.0, 2.0, 0.5, 0.1), []
    for n, picture in enumerate(pictures):
        noisy = [picture + s * white(picture.shape, 1, f"{s}", n) for s in sigmas]
        estimates = [prior(x[None], s)[0] for x, s in zip(noisy, sigmas, strict=True)]
        shares.append(fixed_shares(torch.stack(estimates), picture))
    measured = np.mean(shares, axis=0)
    clean = octave_means(psd, SIDE, SIDE)
    expected = [octave_means(psd * wiener_gain(psd, s), SIDE, SIDE) / clean for s in sigmas]
    assert measured[:, 2:] == pytest.approx(np.array(expected)[:, 2:], abs=0.04)
    assert measured[:, :2] == pytest.approx(np.array(expected)[:, :2], abs=0.15)  # few bins, mixed by the window
    passing = passing_steps(np.vstack([measured, np.ones(5)]))
    assert np.all(np.diff(passing) > 0) and rank_correlation(passing) == pytest.approx(1)


def test_a_picture_without_content_has_no_shares():
    flat = torch.full((3, 16, 16), 0.3)
    assert np.isnan(fixed_shares(flat[None], flat)).all()
    assert np.isnan(fixed_shares(white((1, 3, 16, 16), 0, "estimate"), flat)).all()
    faint = flat + 1e-5 * white((3, 16, 16), 0, "faint")  # far below 8 bits, far above float32
    assert fixed_shares(faint[None], faint).tolist() == [[1.0] * 3]


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 1, 16, 16), (2, 3, 16, 8)])
def test_estimates_that_do_not_fit_are_refused(shape):
    with pytest.raises(ValueError, match="do not fit"):
        fixed_shares(torch.zeros(shape), torch.zeros(3, 16, 16))
    with pytest.raises(ValueError, match="no octave"):
        octave_power(torch.zeros(1, 3, 3))


def test_passing_steps():
    shares = np.array(
        [
            # from the start, exactly at once, between steps, passing twice, never, undefined, from below 0
            [0.6, 0.0, 0.2, 0.9, 0.0, nan, -3.0],
            [0.5, 0.5, 0.4, 0.1, 0.9, 0.7, -1.0],
            [0.9, 0.6, 0.8, 0.6, 0.2, 0.8, 1.0],
            [1.0, 1.0, 1.0, 1.0, 0.4, 1.0, 1.0],
        ]
    )
    assert passing_steps(shares) == pytest.approx([0, 1, 1.25, 1.8, nan, nan, 1.75], nan_ok=True)
    assert passing_steps(shares, 0.9)[:5] == pytest.approx([2, 2.75, 2.5, 2.75, nan], nan_ok=True)


@given(arrays(np.float64, (6, 3), elements=st.floats(-2, 1)))
@settings(deadline=None, max_examples=60)
def test_from_the_passing_step_on_the_share_holds(shares):
    shares[-1] = 1.0
    for share, step in zip(shares.T, passing_steps(shares), strict=True):
        after = int(np.ceil(step - 1e-12))
        assert np.all(share[after:] >= 0.5 - 1e-12)
        assert after == 0 or share[after - 1] < 0.5
        steps = np.arange(6)
        assert np.interp(step, steps, share) == pytest.approx(max(share[0], 0.5) if step == 0 else 0.5, abs=1e-9)


def test_rank_correlation():
    assert rank_correlation([1, 2, 5, 9]) == pytest.approx(1)
    assert rank_correlation([9, 2, 1]) == pytest.approx(-1)
    assert rank_correlation([2, 1, 3]) == pytest.approx(0.5)  # 1 - 6 sum d^2 / (n (n^2 - 1)), d = 1, 1, 0
    assert rank_correlation([0, 0, 7, 9]) == pytest.approx(4.5 / np.sqrt(4.5 * 5))  # ranks 1.5, 1.5, 3, 4
    assert rank_correlation([1, nan, 3, 2]) == pytest.approx(0.5)
    for undefined in ([1, 2], [1, nan, 2], [3, 3, 3, 3], [nan] * 5, []):
        assert np.isnan(rank_correlation(undefined))


def test_decided_size():
    def size(*shares, level=0.5):
        return decided_size(shares, SIDE, SIDE, level)

    centre = 1 / (2 * np.sqrt(octave_edges(SIDE, SIDE)[:-1] * octave_edges(SIDE, SIDE)[1:]))  # half waves, pixels
    assert centre == pytest.approx([22.627, 11.314, 5.657, 2.828, 1.414], abs=1e-3)
    assert size(1, 1, 1, 1, 0.5) == 1.0
    assert size(0.4, 1, 1, 1, 1) == inf
    assert size(0.5, 0, 1, 1, 1) == pytest.approx(centre[0])
    assert size(1, 0.75, 0.25, 0, 0) == pytest.approx(8.0)  # half-way in ln f: the edge between two octaves
    assert size(1, 1, 0, 1, 1) == pytest.approx(8.0)  # what lies beyond a gap does not count
    assert size(1, 0.6, 0.2, 0, 0) == pytest.approx(centre[1] * 2**-0.25)
    assert size(1, 0.6, 0.2, 0, 0, level=0.2) == pytest.approx(centre[2])
    assert size(nan, 1, 0.5, nan, 0) == pytest.approx(centre[2])
    assert size(1, 1, nan, nan, nan) == 1.0 and np.isnan(size(*[nan] * 5))
    with pytest.raises(ValueError, match="5 octaves"):
        decided_size([1, 1], SIDE, SIDE)


@given(arrays(np.float64, 5, elements=st.floats(-1, 1)), st.integers(0, 4), st.floats(0, 1))
@settings(deadline=None, max_examples=100)
def test_a_higher_share_never_makes_the_decided_size_larger(shares, octave, more):
    higher = shares.copy()
    higher[octave] += more
    assert decided_size(higher, SIDE, SIDE) <= decided_size(shares, SIDE, SIDE) * (1 + 1e-12)
