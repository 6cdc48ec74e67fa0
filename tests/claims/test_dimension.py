"""C44, C47: pixels that look at themselves alone, traces that do not fall, denoisers that are not exact."""

import numpy as np
import pytest
import torch

from explorer.claims import dimension
from explorer.claims._autoencoders import autoencoder, small_pictures
from explorer.claims.dimension import effective_dimension, relations
from explorer.core.denoisers.ideal import Ideal
from explorer.core.denoisers.wiener import Wiener, wiener_gain
from explorer.core.spectra.radial import mean_wavenumbers
from tests.support.verdicts import shipped

X0 = small_pictures()
K = mean_wavenumbers(32, 32)
WIENER = Wiener(np.append(40.0, (0.15 / K[1:]) ** 2))


def alone(x, sigma):
    return x / (1 + 4 * sigma**2)


def loading(**others):
    others = {name.replace("_", "-"): other for name, other in others.items()}
    return lambda name: others.get(name) or autoencoder(name)


def test_what_is_shipped():
    assert shipped("C44").holds and shipped("C47").holds


def test_pixels_that_look_at_themselves_alone():
    found = relations(load=loading(conditional=alone))
    assert not found.holds and found.measured["share of other pixels at the lowest level"] == pytest.approx(0, abs=1e-6)


def test_who_looks_elsewhere_always_alike():
    assert not relations(load=loading(conditional=lambda x, sigma: WIENER(x, 0.5))).holds


def test_the_wiener_filter_looks_at_what_its_kernel_says():
    x = torch.zeros(1, 1, 32, 32)
    x[..., 16, 16] = 1
    kernel = WIENER(x, 0.5).double().square()
    exact = float(1 - kernel[0, 0, 16, 16] / kernel.sum())
    assert dimension._elsewhere(WIENER, X0[:1], 0.5)[0] == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("other", [lambda x, s: x, lambda x, s: torch.zeros_like(x) + 1])
def test_who_does_not_fill_what_is_lost(other):
    assert not relations(load=loading(dae_mask=other)).holds


def test_trace_of_the_wiener_filter_is_the_sum_of_its_gains():
    for sigma in (0.25, 1.0):
        gains = wiener_gain(WIENER.power(32, 32)[0].numpy(), sigma)
        columns = np.full(17, 2.0)
        columns[[0, -1]] = 1
        exact = 3 * float((gains * columns).sum())
        assert dimension._trace(WIENER, X0, sigma).mean() == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("other", [lambda x, s: x * 1, lambda x, s: x / (2 - s / 4), lambda x, s: x / (1 + s)])
def test_dimensions_that_do_not_fall_or_not_far(other):
    assert not effective_dimension(load=loading(conditional=other)).holds


def test_only_the_exact_denoiser_has_the_variance_of_the_posterior():
    small = torch.nn.functional.avg_pool2d(X0.double(), 4)
    assert effective_dimension(exact=Ideal(small)).holds
    for other in (Ideal(small[:-1]), WIENER, lambda x, sigma: Ideal(small)(x, 1.01 * sigma)):
        assert not effective_dimension(exact=other).holds
