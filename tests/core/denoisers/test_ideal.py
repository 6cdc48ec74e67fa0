"""The ideal denoiser of a finite set (maths.md, section 4)."""

from unittest.mock import patch

import pytest
import torch

from explorer.core.denoisers import ideal
from explorer.core.denoisers.wiener import Ideal
from explorer.core.noise import white

IMAGES = white((7, 2, 2, 3), 0, "set").double()
LABELS = torch.tensor([0, 0, 1, 1, 1, 2, 2])
X = white((4, 2, 2, 3), 0, "x").double()
SIGMA = 0.7


def differences(function, x, h=2e-3):
    """Fourth-order central differences of function (1, ...) -> (M,) over the pixels of x (1, ...), (M, D)."""
    columns = []
    for d in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=x.dtype)
        step[d] = h
        step = step.reshape(x.shape)
        near, far = (function(x + m * step) - function(x - m * step) for m in (1, 2))
        columns.append((8 * near - far).flatten() / (12 * h))
    return torch.stack(columns, dim=1)


def test_is_the_weighted_mean_of_the_set():
    squares = (X[:, None] - IMAGES).square().sum((2, 3, 4))  # (B, N)
    weights = torch.softmax(-squares / (2 * SIGMA**2), 1)
    known = Ideal(IMAGES)
    assert torch.allclose(known.weights(X, SIGMA), weights, rtol=1e-12)
    assert torch.allclose(known(X, SIGMA), torch.einsum("bn,nchw->bchw", weights, IMAGES), rtol=1e-12)


def test_score_is_the_gradient_of_the_log_density():
    known = Ideal(IMAGES)
    for x in X.split(1):
        score = (known(x, SIGMA) - x) / SIGMA**2
        measured = differences(lambda y: known.log_density(y, SIGMA), x)
        assert (measured.flatten() - score.flatten()).norm() / score.norm() < 1e-8


def test_log_density_is_normalised():
    single = Ideal(torch.zeros(1, 1, 1, 2, dtype=torch.float64))
    axis = torch.linspace(-6, 6, 241, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis).view(-1, 1, 1, 2)
    assert float(single.log_density(grid, 0.8).exp().sum() * 0.05**2) == pytest.approx(1, abs=1e-9)


def test_jacobian_is_the_posterior_covariance():
    known = Ideal(IMAGES)
    for x in X.split(1):
        jacobian = differences(lambda y: known(y, SIGMA), x)
        w, flat = known.weights(x, SIGMA)[0], IMAGES.flatten(1)
        centred = flat - w @ flat
        covariance = centred.T @ (w[:, None] * centred)
        assert (jacobian - covariance / SIGMA**2).abs().max() < 1e-8
        assert (jacobian - jacobian.T).abs().max() < 1e-8
        assert torch.linalg.eigvalsh(jacobian).min() > -1e-8  # eigenvalues can exceed 1, but not fall below 0
        posterior = w @ (flat - known(x, SIGMA).flatten()).square().sum(1)
        assert float(jacobian.trace()) == pytest.approx(float(posterior) / SIGMA**2, abs=1e-8)


def test_perplexity_runs_from_one_to_all():
    known = Ideal(IMAGES)
    assert torch.allclose(known.perplexity(IMAGES, 1e-3), torch.ones(7, dtype=torch.float64))
    assert torch.allclose(known.perplexity(X, 1e4), torch.full((4,), 7.0, dtype=torch.float64))
    values = torch.stack([known.perplexity(X, s) for s in (0.05, 0.3, 1.0, 5.0)])
    assert (values >= 1 - 1e-12).all() and (values <= 7 + 1e-12).all()


def test_limits_in_sigma():
    known = Ideal(IMAGES)
    nearest = (X[:, None] - IMAGES).square().sum((2, 3, 4)).argmin(1)
    for sigma in (0.0, 1e-6, 1e-3):
        assert torch.allclose(known(X, sigma), IMAGES[nearest])
    assert torch.allclose(known(X, 1e6), IMAGES.mean(0).expand_as(X), atol=1e-9)


def test_large_pictures_at_low_noise_stay_finite():
    images = white((5, 3, 64, 64), 1, "large")
    noisy = images[2:3] + 0.002 * white((1, 3, 64, 64), 1, "noise")
    known = Ideal(images)
    assert torch.equal(known(noisy, 0.002), images[2:3])
    density = known.log_density(noisy, 0.002)
    assert density.isfinite() and density > 0


def test_class_restricts_the_set():
    known = Ideal(IMAGES, LABELS, any_label=9)
    labels = torch.tensor([0, 1, 2, 9])
    mixed = known(X, SIGMA, labels)
    for row, label in enumerate(labels[:3]):
        alone = Ideal(IMAGES[label == LABELS])
        assert torch.allclose(mixed[row], alone(X[row : row + 1], SIGMA)[0], rtol=1e-12)
        own = known.log_density(X, SIGMA, labels)[row]
        assert float(own) == pytest.approx(float(alone.log_density(X[row : row + 1], SIGMA)), rel=1e-12)
    assert torch.allclose(mixed[3], known(X, SIGMA)[3])
    assert (known.weights(X, SIGMA, labels)[0] > 0).tolist() == (LABELS == 0).tolist()
    assert known.perplexity(X, 1e4, labels).tolist() == pytest.approx([2, 3, 2, 7], rel=1e-6)


@pytest.mark.parametrize("values", [1, 12 * 3, 10**9])
def test_chunks_do_not_matter(values):
    expected = Ideal(IMAGES)(X, SIGMA)
    with patch.object(ideal, "CHUNK_VALUES", values):
        assert torch.allclose(Ideal(IMAGES)(X, SIGMA), expected, rtol=1e-13)


def test_batched_equals_one_by_one():
    known, sigma = Ideal(IMAGES.float()), torch.tensor([0.01, 0.3, 1.0, 10.0])
    x = X.float()
    alone = torch.cat([known(x[i : i + 1], float(sigma[i])) for i in range(4)])
    assert torch.allclose(known(x, sigma), alone, atol=1e-6) and known(x, sigma).dtype == torch.float32


def test_another_size_is_refused():
    with pytest.raises(ValueError, match=r"\(2, 2, 3\), got \(2, 3, 3\)"):
        Ideal(IMAGES)(torch.zeros(1, 2, 3, 3), 1.0)


def test_misuse_is_refused():
    with pytest.raises(ValueError, match="no labels"):
        Ideal(IMAGES)(X, 1.0, torch.zeros(4, dtype=torch.int64))
    with pytest.raises(ValueError, match="label"):
        Ideal(IMAGES, LABELS)(X, 1.0, torch.full((4,), 5))
    with pytest.raises(ValueError):
        Ideal(IMAGES[:0])
    with pytest.raises(ValueError):
        Ideal(IMAGES, LABELS[:3])
