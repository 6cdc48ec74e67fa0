"""The conversions among predictions, against an exact denoiser (maths.md, section 2)."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.core.denoiser import (
    FROM_X0,
    TO_X0,
    broadcast_sigma,
    convert,
    eps_from_x0,
    score_from_x0,
)
from explorer.core.denoisers.wiener import GaussianMixture
from explorer.core.noise import white

KINDS = sorted(TO_X0)
SCALES = {"VE": (1.0, 0.7), "VP": (0.6, 0.8), "flow": (0.3, 0.7)}
scales = st.floats(0.05, 20.0)


def mixture():
    means = torch.tensor([[-0.8, 0.3], [0.5, 0.6], [0.1, -0.7]])
    spread = torch.tensor([[[0.04, 0.01], [0.01, 0.02]], [[0.01, 0.0], [0.0, 0.09]], [[0.02, -0.01], [-0.01, 0.03]]])
    return GaussianMixture(means, spread, torch.tensor([0.5, 0.3, 0.2]))


def gradient(function, x, h=2e-3):
    """Central differences of fourth order, (B, D)."""
    columns = []
    for d in range(x.shape[1]):
        step = torch.zeros_like(x)
        step[:, d] = h
        near, far = (function(x + m * step) - function(x - m * step) for m in (1, 2))
        columns.append((8 * near - far) / (12 * h))
    return torch.stack(columns, dim=1)


@pytest.mark.parametrize("family", SCALES)
@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_every_conversion_agrees_with_the_exact_denoiser(family, source, target):
    a, s = SCALES[family]
    x_t = white((50, 2), 1, "state").double() * 1.5
    x0 = mixture()(x_t / a, s / a)
    eps = (x_t - a * x0) / s
    truth = {"x0": x0, "eps": eps, "score": -eps / s, "v": a * eps - s * x0, "flow": eps - x0}
    converted = convert(truth[source], source, target, x_t, a, s)
    assert (converted - truth[target]).abs().max() <= 1e-9


@pytest.mark.parametrize("family", SCALES)
def test_score_is_the_gradient_of_the_log_density(family):
    a, s = SCALES[family]
    prior, x_t = mixture(), white((20, 2), 2, "state").double()
    x0 = prior(x_t / a, s / a)
    measured = gradient(lambda x: prior.log_density(x / a, s / a), x_t)
    predicted = convert(x0, "x0", "score", x_t, a, s)
    assert ((measured - predicted).norm() / predicted.norm()) < 1e-8


@given(a=scales, s=scales)
@settings(deadline=None, max_examples=50)
def test_noise_and_picture_give_back_each_prediction(a, s):
    x0, eps = white((4, 3), 3, "x0").double(), white((4, 3), 3, "eps").double()
    x_t = a * x0 + s * eps
    size = 1 + a / s + s / a  # rounding of x_t is amplified by the division
    assert torch.allclose(FROM_X0["eps"](x0, x_t, a, s), eps, rtol=0, atol=1e-13 * size)
    assert torch.allclose(TO_X0["v"](a * eps - s * x0, x_t, a, s), x0, rtol=0, atol=1e-13 * size)
    assert torch.allclose(TO_X0["flow"](eps - x0, x_t, a, s), x0, rtol=0, atol=1e-13 * size)
    assert torch.allclose(TO_X0["score"](-eps / s, x_t, a, s), x0, rtol=0, atol=1e-13 * size)


@given(a=scales, s=scales)
@settings(deadline=None, max_examples=50)
def test_the_same_error_weighs_differently_in_each_prediction(a, s):
    x_t, x0, error = (white((2, 5), 4, role).double() for role in ("x", "x0", "error"))
    square = error.square().sum()

    def loss(kind):
        return (convert(x0 + error, "x0", kind, x_t, a, s) - convert(x0, "x0", kind, x_t, a, s)).square().sum()

    assert float(loss("eps") / square) == pytest.approx(a**2 / s**2, rel=1e-6)  # the SNR
    assert float(loss("v") / square) == pytest.approx((a**2 + s**2) ** 2 / s**2, rel=1e-6)


def test_scales_may_differ_by_row():
    a, s = torch.rand(5, 1, 1, 1) + 0.5, torch.rand(5, 1, 1, 1) + 0.5
    x0, eps = white((5, 1, 2, 2), 5, "x0"), white((5, 1, 2, 2), 5, "eps")
    x_t = a * x0 + s * eps
    assert torch.allclose(convert(a * eps - s * x0, "v", "eps", x_t, a, s), eps, atol=1e-5)


def test_ve_shortcuts():
    x0, eps = white((3, 1, 2, 2), 6, "x0"), white((3, 1, 2, 2), 6, "eps")
    sigma = torch.tensor([0.1, 1.0, 10.0])
    x = x0 + sigma[:, None, None, None] * eps
    assert torch.allclose(eps_from_x0(x0, x, sigma), eps, atol=1e-5)
    assert torch.allclose(score_from_x0(x0, x, 2.0), (x0 - x) / 4)


def test_unknown_prediction_is_named():
    x = torch.zeros(1)
    with pytest.raises(ValueError, match="'epsilon'"):
        convert(x, "epsilon", "x0", x, 1.0, 1.0)


@pytest.mark.parametrize("sigma", [2.0, torch.tensor(2.0), torch.full((3,), 2.0, dtype=torch.float64)])
def test_sigma_is_broadcast_over_pixels(sigma):
    out = broadcast_sigma(sigma, torch.zeros(3, 1, 4, 4))
    assert out.shape == (3, 1, 1, 1) and out.dtype == torch.float32 and (out == 2).all()


@pytest.mark.parametrize("shape", [(2,), (3, 1), (4, 4), (0,)])
def test_sigma_of_a_wrong_shape_is_refused(shape):
    with pytest.raises(ValueError, match="sigma"):
        broadcast_sigma(torch.ones(shape), torch.zeros(3, 1, 4, 4))
