"""The Gaussian mixture against numerical integration, and its special cases."""

import pytest
import torch

from explorer.core.denoisers.wiener import GaussianMixture, Ideal
from explorer.core.noise import white

MEANS = torch.tensor([[-1.0, 0.2], [0.8, 0.5], [0.0, -1.0]]).double()
SPREAD = torch.tensor([[[0.2, 0.1], [0.1, 0.3]], [[0.1, 0.0], [0.0, 0.4]], [[0.3, -0.2], [-0.2, 0.2]]]).double()
WEIGHTS = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
POINTS = white((6, 2), 0, "points").double()


def density(x, mean, covariance):
    offset = x - mean
    exponent = -0.5 * torch.einsum("nd,de,ne->n", offset, torch.linalg.inv(covariance), offset)
    return exponent.exp() / (2 * torch.pi * torch.linalg.det(covariance).sqrt())


def test_posterior_mean_and_density_by_integration():
    axis = torch.linspace(-5, 5, 401, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)  # x0
    prior = sum(w * density(grid, m, c) for w, m, c in zip(WEIGHTS, MEANS, SPREAD, strict=True))
    mixture, sigma = GaussianMixture(MEANS, SPREAD, WEIGHTS), 0.6
    for x in POINTS:
        joint = prior * density(grid, x, sigma**2 * torch.eye(2).double()) * 0.025**2
        assert float(mixture.log_density(x, sigma)) == pytest.approx(float(joint.sum().log()), abs=1e-9)
        assert torch.allclose(mixture(x[None], sigma)[0], joint @ grid / joint.sum(), atol=1e-9)


@pytest.mark.parametrize("sigma", [0.05, 0.6, 20.0])
def test_tweedie(sigma):
    mixture = GaussianMixture(MEANS, SPREAD, WEIGHTS)
    assert torch.allclose(mixture.score(POINTS, sigma), (mixture(POINTS, sigma) - POINTS) / sigma**2, atol=1e-11)


@pytest.mark.parametrize("sigma", [0.0, 0.6])
def test_score_is_the_gradient(sigma):
    mixture, h = GaussianMixture(MEANS, SPREAD, WEIGHTS), 1e-3
    for d in range(2):
        step = h * torch.eye(2).double()[d]
        near, far = (
            mixture.log_density(POINTS + m * step, sigma) - mixture.log_density(POINTS - m * step, sigma)
            for m in (1, 2)
        )
        score = mixture.score(POINTS, sigma)[:, d]
        assert ((8 * near - far) / (12 * h) - score).norm() / score.norm() < 1e-8


def test_isotropic_is_a_special_covariance():
    variances = torch.tensor([0.1, 0.2, 0.3]).double()
    full = GaussianMixture(MEANS, variances[:, None, None] * torch.eye(2).double(), WEIGHTS)
    short = GaussianMixture(MEANS, variances, WEIGHTS)
    assert torch.allclose(full(POINTS, 0.4), short(POINTS, 0.4), rtol=1e-12)
    assert torch.allclose(full.log_density(POINTS, 0.4), short.log_density(POINTS, 0.4), rtol=1e-12)


def test_points_without_spread_are_the_ideal_denoiser():
    images, x = white((5, 3, 4, 4), 1, "set").double(), white((2, 3, 4, 4), 1, "x").double()
    mixture, known = GaussianMixture(images, torch.zeros(5)), Ideal(images)
    sigma = torch.tensor([0.5, 2.0]).double()
    assert torch.allclose(mixture(x, sigma), known(x, sigma), rtol=1e-10)
    assert torch.allclose(mixture.log_density(x, sigma), known.log_density(x, sigma), rtol=1e-10)
    assert torch.allclose(mixture.responsibilities(x, sigma), known.weights(x, sigma), rtol=1e-10)


def test_one_component_is_a_line():
    single = GaussianMixture(torch.full((1, 1), 3.0), torch.tensor([4.0]))
    assert single(torch.tensor([[8.0]]), 1.0).item() == pytest.approx(3 + 5 * 4 / 5)


def test_one_component_is_a_linear_map():
    root = white((4, 4), 3, "root").double()  # eigenvectors of 2x2 matrices can hide a transpose
    covariance, mean, x = root @ root.T, white((4,), 3, "mean").double(), white((5, 4), 3, "x").double()
    gain = covariance @ torch.linalg.inv(covariance + 0.25 * torch.eye(4).double())
    single = GaussianMixture(mean[None], covariance[None])
    assert torch.allclose(single(x, 0.5), mean + (x - mean) @ gain.T, rtol=1e-10)
    assert torch.allclose(single.score(x, 0.5), (single(x, 0.5) - x) / 0.25, rtol=1e-9)


def test_leading_axes_and_batches():
    mixture = GaussianMixture(MEANS, SPREAD, WEIGHTS)
    grid = white((4, 5, 2), 2, "grid").double()
    assert mixture(grid, 0.3).shape == (4, 5, 2) and mixture.log_density(grid, 0.3).shape == (4, 5)
    assert mixture.responsibilities(grid, 0.3).shape == (4, 5, 3)
    sigma = torch.rand(6).double() + 0.1
    alone = torch.cat([mixture(p[None], float(s)) for p, s in zip(POINTS, sigma, strict=True)])
    assert torch.allclose(mixture(POINTS, sigma), alone, rtol=1e-12)
    assert mixture(POINTS.float(), 0.3).dtype == torch.float32


def test_weights_are_normalised():
    doubled = GaussianMixture(MEANS, SPREAD, 2 * WEIGHTS)
    plain = GaussianMixture(MEANS, SPREAD, WEIGHTS)
    assert torch.allclose(doubled.log_density(POINTS, 0.3), plain.log_density(POINTS, 0.3))
    lone = GaussianMixture(MEANS, SPREAD, torch.tensor([0.0, 1.0, 0.0]))
    assert torch.allclose(lone(POINTS, 0.3), GaussianMixture(MEANS[1:2], SPREAD[1:2])(POINTS, 0.3))


def test_misuse_is_refused():
    for covariances in (torch.ones(2), torch.ones(3, 2), -torch.ones(3), -SPREAD):
        with pytest.raises(ValueError):
            GaussianMixture(MEANS, covariances)
    for weights in (torch.ones(2), torch.zeros(3), torch.tensor([1.0, -0.1, 0.1])):
        with pytest.raises(ValueError):
            GaussianMixture(MEANS, SPREAD, weights)
    with pytest.raises(ValueError, match="shape"):
        GaussianMixture(MEANS, SPREAD)(torch.zeros(4, 3), 1.0)
