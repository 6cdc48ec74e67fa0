"""Distances between sets of pictures against closed forms and planted answers."""

import math

import pytest
import torch

from explorer.core.noise import white_batch
from explorer.evaluate.distances import diversity, frechet, halves, nearest, octave_decibels
from explorer.evaluate.pictures import equal_mix, spaced


def with_moments(mean, cov, seed, n=400):
    """Features whose sample mean and sample covariance are exactly these."""
    x = torch.randn(n, len(mean), dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    x = x - x.mean(0)
    x = x @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(x.T))).T
    return x @ torch.linalg.cholesky(cov).T + mean


def test_frechet_of_gaussians_with_commuting_covariances():
    a, b = torch.tensor([1.0, 4.0, 9.0]).double(), torch.tensor([4.0, 1.0, 16.0]).double()
    shift = torch.tensor([1.0, -2.0, 0.5]).double()
    expected = float(shift.square().sum() + (a.sqrt() - b.sqrt()).square().sum())
    found = frechet(with_moments(torch.zeros(3).double(), a.diag(), 0), with_moments(shift, b.diag(), 1))
    assert found == pytest.approx(expected, rel=1e-9)


def test_frechet_of_any_two_covariances_against_a_symmetric_square_root():
    g = torch.Generator().manual_seed(2)
    a, b = (m @ m.T + torch.eye(5) for m in torch.randn(2, 5, 5, generator=g).double())
    values, vectors = torch.linalg.eigh(a)
    root = vectors @ values.sqrt().diag() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ b @ root).sqrt().sum()
    zero = torch.zeros(5).double()
    found = frechet(with_moments(zero, a, 3), with_moments(zero, b, 4))
    assert found == pytest.approx(float(a.trace() + b.trace() - 2 * cross), rel=1e-8)
    x = with_moments(zero, a, 5)
    assert frechet(x, x) == pytest.approx(0, abs=1e-6) and found == pytest.approx(
        frechet(with_moments(zero, b, 4), with_moments(zero, a, 3)), rel=1e-8
    )


def test_octaves_of_identical_sets_differ_by_nothing_and_of_doubled_ones_by_six_decibels():
    x = white_batch((3, 32, 32), seed=0, role="test", indices=range(8))
    assert octave_decibels(x, x) == [0.0] * 4
    assert octave_decibels(2 * x, x) == pytest.approx([20 * math.log10(2)] * 4, abs=1e-4)


def test_nearest_finds_a_planted_copy_and_its_mirror_image():
    pictures = white_batch((3, 16, 16), seed=0, role="test", indices=range(1500)).clamp(-1, 1)
    queries = torch.stack([pictures[1203], pictures[7].flip(-1), pictures[40] + 0.01])
    assert nearest(queries, pictures).tolist() == pytest.approx([0, 0, 0.01], abs=1e-6)


def test_nearest_agrees_with_looking_at_every_picture():
    pictures = white_batch((3, 8, 8), seed=0, role="test", indices=range(60))
    queries = white_batch((3, 8, 8), seed=1, role="test", indices=range(5))
    both = torch.cat([pictures, pictures.flip(-1)])
    brute = (queries[:, None] - both[None]).square().mean((2, 3, 4)).sqrt().min(1).values
    torch.testing.assert_close(nearest(queries, pictures), brute)


def test_diversity_looks_only_within_a_class():
    features = torch.tensor([[0.0, 0], [3, 4], [100, 0], [100, 1]])
    assert diversity(features, torch.tensor([0, 0, 1, 1])) == pytest.approx((5 + 1) / 2)


def test_equal_mix_takes_the_classes_in_turn():
    label = torch.tensor([0, 0, 0, 0, 1, 2, 2, 1, 1])
    rows = equal_mix(label, 3, 100)
    assert label[rows].tolist() == [0, 1, 2] * 2 and len(set(rows.tolist())) == 6
    assert len(equal_mix(label, 3, 5)) == 3
    a, b = halves(label[rows].float()[:, None], 3)
    assert a.flatten().tolist() == b.flatten().tolist() == [0, 1, 2]


def test_spaced():
    assert spaced(5, 9) == [0, 1, 2, 3, 4] and spaced(68, 4) == [0, 17, 34, 51]
