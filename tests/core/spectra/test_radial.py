"""Radially averaged spectra against the plain recipe and against what theory says of white noise."""

import importlib.util
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.core.denoisers.wiener import gaussian_field
from explorer.core.noise import white
from explorer.core.spectra import radial
from explorer.core.spectra.radial import (
    corner_power,
    counts,
    error_band,
    mean_wavenumbers,
    radial_to_2d,
    rapsd,
    wavenumbers,
)

sides = st.integers(1, 40)


def recipe(x):
    """The definition, in numpy float64: (..., H, W) -> annuli (..., R), corners (...)."""
    h, w = x.shape[-2:]
    size = max(h, w)
    fy, fx = np.fft.fftfreq(h)[:, None], np.fft.fftfreq(w)
    r = np.round(size * np.sqrt(fx**2 + fy**2)).astype(int).ravel()
    power = (np.abs(np.fft.fft2(x.astype(np.float64), norm="ortho")) ** 2).reshape(-1, h * w)
    sums = np.stack([np.bincount(r, p, minlength=size) for p in power])
    inner = size // 2 + 1
    means = sums[:, :inner] / np.bincount(r)[:inner]
    return means.reshape(*x.shape[:-2], inner), sums[:, inner:].sum(1).reshape(x.shape[:-2])


def texture(count, side, alpha):
    k = wavenumbers(side, side)
    k[0] = k[1]
    return gaussian_field(white((count, 3, side, side), 0, f"texture {alpha}").double(), k**-alpha)


@given(h=sides, w=sides, seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=60)
def test_float64_is_the_recipe(h, w, seed):
    x = white((2, h, w), seed, "picture").double().numpy() + 0.3
    means, corners = recipe(x)
    assert np.allclose(rapsd(x), means, rtol=1e-11, atol=1e-14)
    assert np.allclose(corner_power(x), corners, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("side", [64, 65, 512])
@pytest.mark.parametrize("kind", ["white", "uniform", "1/f^2", "1/f^3"])
def test_float32_is_within_2e_6_of_the_recipe(side, kind):
    x = {
        "white": lambda: white((1, 3, side, side), 0, "white"),
        "uniform": lambda: torch.special.ndtr(white((1, 3, side, side), 0, "white")),  # in [0, 1]: a large mean
        "1/f^2": lambda: texture(1, side, 2.0).float(),
        "1/f^3": lambda: texture(1, side, 3.0).float(),
    }[kind]()
    result, exact = rapsd(x), recipe(x.numpy())[0]
    assert result.dtype == torch.float32
    assert np.abs(result.numpy() / exact - 1)[..., 1:].max() < 2e-6
    assert np.allclose(result[..., 0], exact[..., 0], rtol=1e-4)  # white noise: the mean cancels


@pytest.mark.parametrize("shape", [(64, 64), (63, 63), (48, 80), (80, 31)])
def test_parseval(shape):
    x = white((2, 3, *shape), 1, "parseval").double()
    total = (rapsd(x) * torch.from_numpy(counts(*shape))).sum(-1) + corner_power(x)
    assert torch.allclose(total, x.square().sum((-2, -1)), rtol=1e-13)


def test_corners_hold_a_fifth_of_the_bins():
    assert 1 - counts(64, 64).sum() / 64**2 == pytest.approx(0.197, abs=5e-4)
    assert 1 - counts(1024, 1024).sum() / 1024**2 == pytest.approx(1 - np.pi / 4, abs=2e-3)
    f = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64))
    assert (f > 0.5).mean() == pytest.approx(0.217, abs=5e-4)  # without the rounding to annuli


@pytest.mark.parametrize("sigma", [0.1, 5.0])
def test_white_noise_is_flat_at_its_variance(sigma):
    draws = 200
    curve = rapsd(sigma * white((draws, 64, 64), 2, "flat")).mean(0).numpy()
    deviation = (curve / sigma**2 - 1) / error_band(64, 64, draws)
    assert np.abs(deviation).max() < 4  # 33 annuli
    assert 0.5 < deviation.std() < 1.5  # the band is neither too wide nor too narrow


def test_error_band_is_the_scatter_of_one_draw():
    scatter, n = rapsd(white((3000, 32, 32), 3, "band")).std(0).numpy(), counts(32, 32)
    assert np.allclose(scatter, error_band(32, 32), rtol=0.07)
    for count, measured in ((8, 0.511), (32, 0.247), (94, 0.150)):
        assert np.sqrt(2 / count) == pytest.approx(measured, rel=0.04)
        for r in np.flatnonzero(n == count):
            assert scatter[r] == pytest.approx(measured, rel=0.08)
    assert 8 in n and 32 in n


def test_true_frequency_of_a_wave_in_a_wide_picture():
    y, x = np.mgrid[0:48, 0:96]
    across, down = np.cos(2 * np.pi * x / 8), np.cos(2 * np.pi * y / 8)  # one wavelength, 8 pixels
    k = wavenumbers(48, 96)
    assert k[rapsd(across).argmax()] == k[rapsd(down).argmax()] == 1 / 8


@pytest.mark.parametrize("alpha", [1.0, 2.0, 3.0])
def test_mean_wavenumbers_are_where_a_law_of_frequency_is_measured(alpha):
    power = radial_to_2d(np.append(1.0, wavenumbers(64, 64)[1:] ** -alpha), 64, 64)
    full = np.concatenate([power, power[:, 31:0:-1]], axis=1)  # |F|^2 of the law itself, no randomness
    sums = np.bincount(radial.radii(64, 64).ravel(), full.ravel())[:33]
    ratio = sums[1:] / counts(64, 64)[1:] / mean_wavenumbers(64, 64)[1:] ** -alpha
    assert np.abs(ratio - 1).max() < (1e-12 if alpha == 2 else 0.05)


@pytest.mark.parametrize("sizes", [((64, 64), (32, 32)), ((64, 64), (40, 100)), ((64, 64), (65, 17))])
def test_spreading_a_power_law_is_exact_at_any_size(sizes):
    (h0, w0), (h, w) = sizes
    k = wavenumbers(h0, w0)
    grid = radial_to_2d(np.append(7.0, 2 * k[1:] ** -2.4), h, w, k)
    f = np.hypot(np.fft.fftfreq(h)[:, None], np.fft.rfftfreq(w))
    assert grid[0, 0] == 7.0
    f[0, 0], grid[0, 0] = 1.0, 2.0
    assert np.allclose(grid, 2 * f**-2.4, rtol=1e-10)  # corners and low end continue the law


def test_spreading_keeps_leading_axes_and_refuses_misfits():
    curves = np.ones((2, 3, 17))
    assert radial_to_2d(curves, 32, 32).shape == (2, 3, 32, 17)
    for k in (np.arange(16.0), np.arange(1.0, 18.0), np.zeros(17)):
        with pytest.raises(ValueError):
            radial_to_2d(curves, 32, 32, k)


def test_pysteps_agrees_on_square_pictures():
    if importlib.util.find_spec("pysteps") is None:
        pytest.skip("pysteps is not installed")
    from pysteps.utils.spectral import rapsd as peer

    x = white((64, 64), 4, "pysteps").double().numpy()
    assert np.allclose(peer(x, fft_method=np.fft), rapsd(x)[:32], rtol=1e-12)


def test_kind_and_type_follow_the_input():
    x = white((2, 3, 16, 16), 5, "kind")
    assert isinstance(rapsd(x), torch.Tensor) and isinstance(rapsd(x.numpy()), np.ndarray)
    assert rapsd(x.double()).dtype == torch.float64 and rapsd(x.numpy().astype(np.float64)).dtype == np.float64
    for other in (x.half(), x.bfloat16(), (x * 20).int()):
        assert rapsd(other).dtype == torch.float32
        assert torch.equal(rapsd(other), rapsd(other.float()))
    assert np.array_equal(rapsd((x * 20).int().numpy()), rapsd((x * 20).int()).numpy())


def test_awkward_inputs():
    x = white((3, 16, 16), 6, "awkward")
    expected = rapsd(x)
    assert torch.equal(rapsd(x.clone().requires_grad_()), expected)
    radial._quarter.cache_clear()  # an index made in inference mode must serve later calls
    with torch.inference_mode():
        frozen = x.clone()
        assert torch.equal(rapsd(frozen), expected)
    assert torch.equal(rapsd(frozen), expected)
    wide = torch.zeros(3, 16, 32)
    wide[..., ::2] = x
    assert torch.allclose(rapsd(wide[..., ::2]), expected, rtol=1e-5)
    locked = x.numpy().copy()
    locked.flags.writeable = False
    assert np.array_equal(rapsd(locked), expected.numpy())
    assert np.allclose(rapsd(x.numpy()[:, ::-1, ::-1]), expected, rtol=1e-5)
    assert rapsd(torch.zeros(0, 3, 16, 16)).shape == (0, 3, 9)
    assert rapsd(x[0]).shape == (9,) and not rapsd(torch.zeros(16, 16)).any()


def test_input_is_left_alone():
    x = white((3, 16, 16), 7, "alone")
    before = x.clone()
    rapsd(x)
    assert torch.equal(x, before)


@pytest.mark.parametrize("chunk", [1, 3 * 24 * 20, 2**30])
def test_batched_equals_one_by_one(chunk):
    x = white((7, 24, 20), 8, "batch").double()
    with patch.object(radial, "CHUNK_PIXELS", chunk):
        assert torch.allclose(rapsd(x), torch.stack([rapsd(row) for row in x]), rtol=1e-13)


@pytest.mark.parametrize("shape", [(16,), (3, 0, 16), (0, 0)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(ValueError, match="picture"):
        rapsd(torch.zeros(shape))
    with pytest.raises(ValueError, match="picture"):
        rapsd(torch.zeros(4, 4, dtype=torch.complex64))
    with pytest.raises(ValueError, match="picture"):
        rapsd(np.zeros((4, 4), dtype=complex))


def test_large_pictures_are_summed_in_float64():
    """Sums of float32 over the widest annulus of 512 pixels would be off by some 1e-6; rounding alone is 6e-8."""
    x = texture(1, 512, 2.0)[:, :1]
    relative = rapsd(x.float()).double() / rapsd(x.float().double()) - 1
    assert float(relative[..., 1:].square().mean().sqrt()) < 1e-7
