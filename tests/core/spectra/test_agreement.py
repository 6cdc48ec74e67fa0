"""Agreement against common and independent parts of known power; correlation length against its closed form."""

from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from scipy.signal import windows

from explorer.core.denoisers.wiener import Wiener, gaussian_field
from explorer.core.noise import white, white_batch
from explorer.core.samplers.registry import ddpm, keyed_noise
from explorer.core.schedules import SCHEDULES
from explorer.core.spectra.agreement import _autocorrelation as autocorrelation
from explorer.core.spectra.agreement import agreement_per_octave, correlation_length, disagreement_map
from explorer.core.spectra.annuli import radii
from explorer.core.spectra.octaves import decided_size, octave_power
from explorer.core.spectra.radial import mean_wavenumbers, octave_means

SIDE, OCTAVES = 32, 4


def pairs_agree(siblings):
    """Mean product of two different siblings' windowed transforms over their mean power, all written out."""
    n, c, h, w = siblings.shape
    window = np.outer(windows.hann(h, sym=False), windows.hann(w, sym=False))
    spectra = np.fft.fft2((siblings - siblings.mean((2, 3), keepdims=True)) * window)
    edges = np.array([1, *(max(h, w) / 2 * 2.0 ** np.arange(1 - int(np.log2(max(h, w) / 2)), 1))])
    shares = []
    for low, high in zip(edges, edges[1:], strict=False):
        ring = (radii(h, w) >= low) & (radii(h, w) < high + (high == edges[-1]))
        parts = spectra[:, :, ring]
        products = [(parts[i] * parts[j].conj()).real.sum() for i, j in combinations(range(n), 2)]
        shares.append(np.mean(products) / np.mean((np.abs(parts) ** 2).sum((1, 2))))
    return np.array(shares)


@pytest.mark.parametrize("shape", [(2, 1, 16, 16), (5, 3, 16, 16), (3, 2, 16, 12)])
def test_agreement_is_the_mean_product_of_pairs(shape):
    siblings = white(shape, 0, "siblings").double() + 0.7 * white(shape[1:], 0, "common") + 0.5
    assert agreement_per_octave(siblings) == pytest.approx(pairs_agree(siblings.numpy()), abs=1e-12)


def test_identical_siblings_agree_and_opposite_ones_do_not():
    picture = white((3, SIDE, SIDE), 1, "picture")
    assert agreement_per_octave(picture.expand(4, -1, -1, -1)) == pytest.approx(np.ones(OCTAVES), abs=1e-12)
    assert agreement_per_octave(torch.stack([picture, -picture])).tolist() == [-1] * OCTAVES


@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_agreement_is_unbiased(count, strength):
    # the common part falls with frequency, the other is white: from nearly all in common to nearly nothing
    k, runs, shape = mean_wavenumbers(SIDE, SIDE), 40, (8, SIDE, SIDE)
    psd = np.append(0.0, 0.3 * (k[4] / k[1:]) ** 3)
    measured, parts = [], []
    for run in range(runs):
        common = (strength * gaussian_field(white(shape, run, "common").double(), psd))[None]
        own = white_batch(shape, run, "own", range(count)).double()
        measured.append(agreement_per_octave(common + own))
        parts.append((octave_power(common)[0], octave_power(own).mean(0)))
    in_common, alone = np.mean(parts, axis=0)
    truth = in_common / (in_common + alone)
    assert strength == 0 or (truth[0] > 0.8 and truth[-1] < 0.1)
    mean, error = np.mean(measured, axis=0), np.std(measured, axis=0, ddof=1) / np.sqrt(runs)
    assert np.all(np.abs(mean - truth) < 4 * error), (mean - truth) / error
    plain = mean + (1 - mean) / count  # |mean spectrum|^2 / mean |spectrum|^2
    assert np.all((plain - truth)[1:] > 8 * error[1:])  # and would be found out


def test_continued_gaussian_siblings_agree_as_theory_says():
    """From x at level sigma, the posterior of Gaussian pictures has P^2 / (P + sigma^2) of each P in common."""
    side, sigma = 64, 1.0
    k = mean_wavenumbers(side, side)
    psd = np.append(300.0, 40 * (k[1] / k[1:]) ** 2)
    prior, sigmas = Wiener(psd), SCHEDULES["karras"].sigmas(100)
    sigmas = np.append(sigma, sigmas[sigmas < sigma])
    measured = []
    for seed in range(4):
        x = prior.sample(white((1, 3, side, side), seed, "data")) + sigma * white((1, 3, side, side), seed, "noise")
        noise = keyed_noise((3, side, side), seed, range(4))
        *_, last = ddpm(prior, x.expand(4, -1, -1, -1), sigmas, noise=noise)
        measured.append(agreement_per_octave(last.x))
    expected = octave_means(psd**2 / (psd + sigma**2), side, side) / octave_means(psd, side, side)
    assert np.mean(measured, axis=0) == pytest.approx(expected, abs=0.06)
    level = decided_size(np.mean(measured, axis=0), side, side)
    assert level == pytest.approx(decided_size(expected, side, side), rel=0.1)
    assert level == pytest.approx(0.5 / (k[1] * np.sqrt(40)), rel=0.15)  # P = sigma^2


def test_nothing_to_agree_on():
    flat = torch.full((3, 2, 16, 16), 0.4)
    assert np.isnan(agreement_per_octave(flat)).all()
    brightness = flat * torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1, 1)
    assert np.isnan(agreement_per_octave(brightness)).all()  # DC is in no octave


def test_disagreement_is_a_standard_deviation():
    siblings = white((6, 3, 8, 10), 2, "siblings") * torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1)
    pixels = siblings.double().numpy()
    expected = [[np.sqrt(np.var(pixels[:, :, y, x], axis=0, ddof=1).mean()) for x in range(10)] for y in range(8)]
    assert np.allclose(disagreement_map(siblings), expected, rtol=1e-12)
    many = disagreement_map(white((4000, 3, 4, 4), 2, "many") * torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1) + 7)
    assert many == pytest.approx(np.full((4, 4), np.sqrt(14 / 3)), rel=0.05)
    common = white((3, 8, 10), 2, "common").double()
    assert np.allclose(disagreement_map(siblings.double() + common), expected, rtol=1e-9)
    assert not disagreement_map(common.expand(3, -1, -1, -1)).any()


@pytest.mark.parametrize("shape", [(1, 3, 8, 8), (3, 8, 8), (8, 8)])
def test_one_picture_has_no_siblings(shape):
    for measure in (agreement_per_octave, disagreement_map):
        with pytest.raises(ValueError, match="two siblings"):
            measure(torch.zeros(shape))


def test_autocorrelation_is_that_of_pixel_pairs():
    change = gaussian_field(white((2, 2, 5, 7), 3, "change").double(), [1.0, 4.0, 2.0, 1.0])
    field = (change - change.mean((2, 3), keepdim=True)).numpy()
    pixels = np.array([(y, x) for y in range(5) for x in range(7)])
    sums, pairs, lengths = np.zeros((3, 5))
    for a in pixels:
        for b in pixels:
            length = np.hypot(*(a - b))
            ring = round(length)
            if ring < 5:
                sums[ring] += (field[:, :, *a] * field[:, :, *b]).mean()
                pairs[ring] += 1
                lengths[ring] += length
    distance, correlation = autocorrelation(change)
    assert distance == pytest.approx(lengths / pairs, rel=1e-12)
    assert correlation == pytest.approx(sums / pairs / (sums[0] / pairs[0]), abs=1e-12)


def test_white_noise_hangs_together_over_less_than_a_pixel():
    first = (4 + 4 * np.sqrt(2)) / 8  # mean distance of the eight neighbours
    found = correlation_length(white((8, 3, 64, 64), 4, "change"))
    assert found < 1 and found == pytest.approx(first * (1 - np.exp(-1)), rel=0.01)


@pytest.mark.parametrize("width", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("shape", [(96, 96), (128, 72)])
def test_blurred_noise_has_its_closed_form(width, shape):
    eps = white((6, 3, *shape), 5, "change").double().numpy()
    change = torch.from_numpy(gaussian_filter(eps, width, axes=(2, 3), mode="wrap"))
    # autocorrelation exp(-d^2 / 4 s^2); taking the mean off shifts it by its integral, 4 pi s^2, over the pixels
    shift = 4 * np.pi * width**2 / np.prod(shape)
    expected = 2 * width * np.sqrt(-np.log(np.exp(-1) * (1 - shift) + shift))
    assert correlation_length(change) == pytest.approx(expected, rel=0.04)
    assert correlation_length(change) == pytest.approx(2 * width, rel=0.08)
    assert correlation_length(change, 0.5) == pytest.approx(2 * width * np.sqrt(np.log(2)), rel=0.08)


def test_length_heeds_neither_scale_nor_brightness_nor_copies():
    change = torch.from_numpy(gaussian_filter(white((3, 40, 40), 6, "change").double().numpy(), 2, axes=(1, 2)))
    length = correlation_length(change)
    assert correlation_length(change[None]) == pytest.approx(length, rel=1e-12)
    assert correlation_length(5 * change + 3) == pytest.approx(length, rel=1e-9)
    assert correlation_length(change.repeat(2, 1, 1, 1)) == pytest.approx(length, rel=1e-12)


def test_no_change_has_no_length_and_a_low_level_is_never_reached():
    assert np.isnan(correlation_length(torch.full((3, 16, 16), 0.25)))
    assert correlation_length(white((3, 16, 16), 7, "change"), -2.0) == float("inf")
