"""Denoisers at several resolutions: the algebra of means, and how one resolution gives way to the next."""

import math

import pytest
import torch

from explorer.core.denoisers.multi_resolution import (
    BLEND_RATIO,
    Level,
    MultiResolution,
    block_means,
    level_shares,
    upsample,
)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def shrink(factor):
    """A denoiser that multiplies by a factor, and counts the pixels that it was given."""

    def denoiser(x, sigma, label=None):
        denoiser.pixels += x.numel()
        denoiser.sigmas += sigma.tolist()
        return factor * x

    denoiser.pixels, denoiser.sigmas = 0, []
    return denoiser


@pytest.mark.parametrize("reduction", [2, 4])
@pytest.mark.parametrize("size", [(64, 64), (62, 70), (33, 47)])
def test_white_noise_stays_white(reduction, size):
    means = block_means(draw(400, 3, *size), reduction)
    assert means.shape[-2:] == tuple(math.ceil(side / reduction) for side in size)
    rows = means.var((0, 1), correction=0) * reduction**2  # of each place: 1200 draws, 4 % standard error
    assert rows.mean() == pytest.approx(1, abs=0.01) and (rows - 1).abs().max() < 0.25
    inner = means[..., :7, :7]  # without the last ones, which share pixels
    for neighbour in (means[..., 1:8, :7], means[..., :7, 1:8], means[..., 1:8, 1:8]):
        assert (inner * neighbour).mean() * reduction**2 == pytest.approx(0, abs=0.02)


def test_the_last_mean_is_that_of_the_last_pixels():
    x = draw(1, 1, 4, 10)
    assert torch.allclose(block_means(x, 4)[..., -1], x[..., -4:].mean((-1, -2))[..., None], atol=1e-6)


@pytest.mark.parametrize("reduction", [2, 4])
def test_means_are_of_the_squares_written_out(reduction):
    x = draw(2, 3, 8, 12)
    by_hand = torch.stack([x[..., i::reduction, j::reduction] for i in range(reduction) for j in range(reduction)])
    assert torch.allclose(block_means(x, reduction), by_hand.mean(0), atol=1e-6)


@pytest.mark.parametrize("reduction", [2, 4])
@pytest.mark.parametrize("size", [(32, 32), (512, 128), (46, 50)])
def test_the_means_of_what_is_upsampled_are_what_it_was_made_of(reduction, size):
    means = draw(2, 3, *(math.ceil(side / reduction) for side in size))
    picture = upsample(means, reduction, size)
    whole = [side // reduction for side in size]  # squares that lie inside
    found = block_means(picture[..., : whole[0] * reduction, : whole[1] * reduction], reduction)
    assert picture.shape[-2:] == size and torch.allclose(found, means[..., : whole[0], : whole[1]], atol=2e-6)


def test_upsampling_is_smooth_and_keeps_a_flat_picture():
    assert torch.allclose(upsample(torch.full((1, 3, 5, 5), 0.3), 4, (20, 20)), torch.tensor(0.3), atol=1e-6)
    ramp = torch.arange(16.0).expand(1, 1, 16, 16)
    steps = upsample(ramp, 2, (32, 32))[0, 0, 16].diff()[8:24]
    assert torch.allclose(steps, torch.tensor(0.5), atol=0.12)  # no staircase, which would have steps of 0 and 1


def test_shares_sum_to_one_and_change_without_a_jump():
    sigma = torch.logspace(-2, 2, 4001)
    found = level_shares(sigma, (3.0, 12.0))
    assert torch.allclose(found.sum(0), torch.ones(4001), atol=1e-6) and (found >= 0).all()
    assert found.diff(dim=1).abs().max() < 0.01
    at = level_shares(torch.tensor([3 / BLEND_RATIO**0.5, 3.0, 3 * BLEND_RATIO**0.5, 12.0, 100.0]), (3.0, 12.0)).T
    expected = [[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1]]
    assert torch.allclose(at, torch.tensor(expected), atol=1e-5)


def test_each_resolution_is_told_its_own_noise_level_and_sees_no_more_pixels_than_it_needs():
    full, half, quarter = shrink(1.0), shrink(1.0), shrink(1.0)
    model = MultiResolution([Level(full, 1, 0.0), Level(half, 2, 3.0), Level(quarter, 4, 12.0)])
    model(draw(3, 3, 16, 16), torch.tensor([1.0, 6.0, 40.0]))
    assert full.sigmas == [1.0] and half.sigmas == [3.0] and quarter.sigmas == [10.0]
    assert (full.pixels, half.pixels, quarter.pixels) == (3 * 256, 3 * 64, 3 * 16)


def test_the_estimate_does_not_jump_where_one_resolution_gives_way_to_the_next():
    model = MultiResolution([Level(shrink(0.9), 1, 0.0), Level(shrink(0.2), 2, 3.0)])
    x = draw(1, 3, 32, 32)
    levels = torch.logspace(0, 1, 400)
    estimates = torch.cat([model(x, sigma) for sigma in levels])
    jumps = estimates.diff(dim=0).square().mean((1, 2, 3)) / estimates[:-1].square().mean((1, 2, 3))
    assert jumps.max() < 0.01 and not torch.allclose(estimates[0], estimates[-1], atol=0.1)


@pytest.mark.parametrize("size", [(32, 32), (64, 40), (37, 51)])
def test_a_batch_is_what_its_rows_are_one_by_one(size):
    by_label = lambda x, sigma, label: x * (1 + label[:, None, None, None]) / (1 + sigma[:, None, None, None])
    model = MultiResolution([Level(by_label, 1, 0.0), Level(by_label, 2, 3.0), Level(by_label, 4, 12.0)])
    x, sigma = draw(6, 3, *size), torch.tensor([0.1, 3.0, 50.0, 2.6, 12.5, 7.0])
    label = torch.arange(6)
    rows = [model(x[i : i + 1], sigma[i], label[i : i + 1]) for i in range(6)]
    assert torch.equal(model(x, sigma, label), torch.cat(rows))


def test_wiener_filters_of_the_means_are_the_wiener_filter_of_what_is_coarse():
    """For white pictures every resolution's posterior mean is a factor, in closed form, and so is the whole."""
    variance = 4.0
    wiener = lambda reduction: (
        lambda x, sigma, label=None: (
            x * ((variance / reduction**2) / (variance / reduction**2 + sigma**2)).reshape(-1, 1, 1, 1)
        )
    )
    model = MultiResolution([Level(wiener(1), 1, 0.0), Level(wiener(2), 2, 3.0)])
    x = draw(2, 3, 16, 16)
    gain = variance / (variance + 8.0**2)  # of pixels at sigma 8, and of their means at sigma 4: the same factor
    assert torch.allclose(block_means(model(x, 8.0), 2), gain * block_means(x, 2), atol=1e-6)


@pytest.mark.parametrize(
    "levels", [[], [(2, 3.0)], [(1, 0.0), (4, 3.0), (2, 12.0)], [(1, 0), (2, math.nan)], [(1, 0), (2, 3), (4, 4)]]
)
def test_levels_that_do_not_fit_are_refused(levels):
    with pytest.raises(ValueError):
        MultiResolution([Level(shrink(1.0), *level) for level in levels])
