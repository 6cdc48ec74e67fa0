"""The Wiener denoiser against the theory of Gaussian fields (maths.md, section 3)."""

import numpy as np
import pytest
import torch

from explorer.core.denoisers.wiener import Wiener, gaussian_field, wiener_gain
from explorer.core.noise import white
from explorer.core.spectra.radial import error_band, mean_wavenumbers, radial_to_2d, rapsd, wavenumbers

K = mean_wavenumbers(64, 64)


def prior(alpha, c=2e-3, **options):
    return Wiener(np.append(1.0, c * K[1:] ** -alpha), **options)


def full_power(grid):
    """|F|^2 on the half plane (..., h, w // 2 + 1), even h and w, averaged by annulus like a picture's."""
    flipped = np.roll(np.flip(grid[..., 1:-1], (-2, -1)), 1, -2)
    full = np.concatenate([grid, flipped], -1)
    picture = np.fft.ifft2(np.sqrt(full), norm="ortho").real
    return rapsd(picture)


@pytest.mark.parametrize("alpha", [2.0, 2.454])
@pytest.mark.parametrize("sigma", [0.2, 0.5, 1.0, 2.0])
def test_spectra_of_estimate_and_error(alpha, sigma):
    wiener = prior(alpha)
    clean = wiener.sample(white((48, 1, 64, 64), 0, f"field {alpha}").double())
    noisy = clean + sigma * white(tuple(clean.shape), 0, "noise").double()
    estimate = wiener(noisy, sigma)
    p = wiener.power(64, 64).numpy()
    h = wiener_gain(p, sigma)
    kept, lost = (rapsd(x).mean((0, 1)).numpy() for x in (estimate, estimate - clean))
    for measured, theory in ((kept, p * h), (lost, p * (1 - h))):
        ratio = measured / full_power(theory)[0]
        assert np.median(ratio) == pytest.approx(1, abs=0.02)
        assert np.abs((ratio - 1) / error_band(64, 64, 48)).max() < 4.5
    total = rapsd(clean).mean((0, 1)).numpy()
    assert np.median((kept + lost) / total) == pytest.approx(1, abs=0.03)  # orthogonal
    bins = np.full(33, 2.0)
    bins[[0, -1]] = 1.0
    mse, scatter = (p * (1 - h) * bins).sum() / 64**2, np.sqrt(2 / 48 * ((p * (1 - h)) ** 2 * bins).sum()) / 64**2
    assert float((estimate - clean).square().mean()) == pytest.approx(mse, abs=4 * scatter)
    assert scatter < 0.03 * mse
    assert float((noisy - clean).square().mean()) > mse


def test_no_other_gain_does_better():
    wiener = prior(2.0)
    clean = wiener.sample(white((64, 1, 64, 64), 1, "field").double())
    noisy = clean + 0.3 * white(tuple(clean.shape), 1, "noise").double()
    best = (wiener(noisy, 0.3) - clean).square().mean()
    for told in (0.2, 0.25, 0.36, 0.45):
        assert (wiener(noisy, told) - clean).square().mean() > best


@pytest.mark.parametrize("size", [(64, 64), (32, 48), (65, 33), (128, 128)])
def test_gain_at_any_size_is_a_function_of_true_frequency(size):
    wiener, sigma = prior(2.3), 0.4
    impulse = torch.zeros(1, 1, *size, dtype=torch.float64)
    impulse[..., 0, 0] = 1
    gain = torch.fft.rfft2(wiener(impulse, sigma))[0, 0].real.numpy()
    f = np.hypot(np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1]))
    f[0, 0], gain[0, 0] = 1, wiener_gain(2e-3, sigma)
    assert np.allclose(gain, wiener_gain(2e-3 * f**-2.3, sigma), rtol=1e-9)


def test_brightness_is_judged_by_all_its_pixels():
    flat = Wiener(np.append(64 * 64 * 0.04, np.zeros(32)), mean=0.1)  # brightness 0.1 +- 0.2, nothing else
    for side in (64, 256):
        x = torch.full((1, 3, side, side), 0.5, dtype=torch.float64)
        sigma = 0.2 * side  # the mean of the noise then has deviation 0.2 as well
        assert torch.allclose(flat(x, sigma), torch.full_like(x, 0.3))


def test_without_noise_the_picture_is_returned():
    x = white((2, 3, 16, 16), 2, "x")
    assert torch.allclose(prior(2.0)(x, 0.0), x, atol=1e-6)
    assert torch.allclose(Wiener(np.zeros(9), mean=0.5)(x, torch.zeros(2)), x, atol=1e-6)


def test_without_power_the_mean_is_returned():
    x = white((2, 3, 16, 16), 2, "x")
    mean = torch.tensor([0.1, -0.2, 0.3]).view(1, 3, 1, 1)
    assert torch.allclose(Wiener(np.zeros(9), mean=[0.1, -0.2, 0.3])(x, 1.0), mean.expand_as(x), atol=1e-6)


def test_channels_have_their_own_spectra():
    wiener = Wiener(np.stack([np.full(9, p) for p in (0.25, 1.0, 4.0)]))
    x = white((1, 3, 16, 16), 3, "x").double()
    gains = torch.tensor([0.2, 0.5, 0.8]).view(1, 3, 1, 1)
    assert torch.allclose(wiener(x, 1.0), gains * x)


def test_batched_equals_one_by_one():
    wiener, x = prior(2.0), white((4, 3, 32, 32), 4, "x")
    sigma = torch.tensor([0.01, 0.1, 1.0, 10.0])
    alone = torch.cat([wiener(x[i : i + 1], float(sigma[i])) for i in range(4)])
    assert torch.allclose(wiener(x, sigma), alone, atol=1e-6)
    assert wiener(x, sigma).dtype == torch.float32 and wiener(x.bfloat16(), 1.0).dtype == torch.bfloat16


def test_many_sizes_are_not_kept():
    wiener = prior(2.0)
    for side in range(8, 40):
        wiener.power(side, side)
    assert len(wiener._grids) <= 8
    assert wiener.power(8, 8).shape == (1, 8, 5)


@pytest.mark.parametrize("psd", [np.zeros(1), -np.ones(9), np.full(9, np.nan), np.zeros((2, 2, 9))])
def test_impossible_spectra_are_refused(psd):
    with pytest.raises(ValueError):
        Wiener(psd)


def test_frequencies_must_fit():
    with pytest.raises(ValueError):
        Wiener(np.ones(9), k=np.linspace(0, 0.5, 8))


def test_drawn_fields_have_the_spectrum_asked_for():
    curve = np.append(3.0, wavenumbers(32, 32)[1:] ** -2.0)
    fields = gaussian_field(white((3000, 32, 32), 5, "field").double(), curve)
    power = torch.fft.rfft2(fields, norm="ortho").abs().square().mean(0).numpy()
    ratio = power / radial_to_2d(curve, 32, 32)
    assert np.abs(ratio - 1).max() < 5 * np.sqrt(2 / 3000)  # self-conjugate bins scatter by sqrt(2 / draws)
    assert ratio[0, 0] == pytest.approx(1, abs=4 * np.sqrt(2 / 3000))
    assert abs(float((fields**3).mean() / fields.var() ** 1.5)) < 0.1


def test_wiener_gain():
    assert wiener_gain([0.0, 1.0, 4.0], 2.0).tolist() == pytest.approx([0, 0.2, 0.5])
    assert wiener_gain([0.0, 1.0], 0.0).tolist() == [1, 1]


def test_the_spectrum_at_another_size_is_what_its_samples_have():
    wiener = prior(2.3)
    assert wiener.spectrum(64, 64) == pytest.approx(wiener.psd)
    assert wiener.spectrum(128, 96)[0, 0] == pytest.approx(4 * wiener.psd[0, 0])  # a sum over four times as many pixels
    fields = wiener.sample(white((400, 1, 32, 32), 9, "field").double())
    ratio = rapsd(fields).mean((0, 1)).numpy() / wiener.spectrum(32, 32)[0]
    assert np.abs((ratio - 1) / error_band(32, 32, 400)).max() < 4.5


def test_samples_lie_around_the_mean():
    eps, mean = white((2, 3, 16, 16), 10, "eps"), torch.tensor([0.1, -0.2, 0.3]).view(1, 3, 1, 1)
    around, plain = (Wiener(np.ones(9), mean=m).sample(eps) for m in (mean.flatten(), 0.0))
    assert torch.allclose(around - plain, mean.expand_as(eps), atol=1e-6)
    assert torch.allclose(plain, eps, atol=1e-5)  # of a flat spectrum 1, white noise comes out as it is
