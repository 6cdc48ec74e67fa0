"""C04, C05, C07, C41: they find what is no identity, no PCA, no code that grows, no code of the size written."""

import copy

import numpy as np
import pytest
import torch

from explorer.autoencoders import CODE_SIZES
from explorer.claims._autoencoders import autoencoder, card, octave_power, small_pictures
from explorer.claims.bottlenecks import (
    _half_power,
    fine_detail_goes_first,
    linear_is_pca,
    lower_dimension,
    trivial_identity,
)
from tests.support.verdicts import shipped

X0 = small_pictures()
SIZES = dict(zip(map(str, CODE_SIZES), map(str, reversed(CODE_SIZES)), strict=True))


def instead(**others):
    """The shipped members, some of them replaced; hyphens in names are underscores."""
    others = {name.replace("_", "-"): other for name, other in others.items()}
    return lambda name: others.get(name) or autoencoder(name)


def upside_down(name):
    idea, _, size = name.rpartition("-")
    return autoencoder(f"{idea}-{SIZES[size]}")


def test_what_is_shipped():
    assert shipped("C04").holds and shipped("C05").holds


@pytest.mark.parametrize(
    "other",
    [
        lambda x, s: 1.01 * x,
        lambda x, s: x + 0.002,
        lambda x, s: autoencoder("pca-256")(x),
        lambda x, s: autoencoder("blind")(x, s),
    ],
)
def test_what_is_nearly_an_identity_is_none(other):
    assert not trivial_identity(load=instead(ae_identity=other)).holds


def test_an_identity_of_pictures_alone_is_found_by_noise():
    measured = trivial_identity(load=instead(ae_identity=lambda x, s: x.clamp(-1, 1))).measured
    assert measured["mean squared error, pictures"] < 1e-6 < measured["mean squared error, white noise"]


def test_a_linear_code_that_is_not_pca():
    assert not linear_is_pca(load=instead(ae_linear_64=autoencoder("ae-linear-16"))).holds
    turned = copy.deepcopy(autoencoder("ae-linear-16"))
    turned.decoder[:, 0] *= 1.3
    assert not linear_is_pca(load=instead(ae_linear_16=turned)).holds


def test_a_training_error_that_is_not_that_of_the_eigenvalues():
    def worse(name):
        fields = copy.deepcopy(card(name))
        if name == "ae-linear-64":
            fields["training"]["loss"] *= 1.03
        return fields

    assert not linear_is_pca(cards=worse).holds


def test_codes_in_the_wrong_order_or_all_alike():
    assert not fine_detail_goes_first(load=upside_down).holds
    assert not fine_detail_goes_first(load=lambda name: autoencoder("pca-64")).holds
    assert not lower_dimension(load=upside_down).holds
    assert not lower_dimension(load=lambda name: autoencoder("ae-linear-64")).holds


@pytest.mark.parametrize("octaves", [1, 2, 3])
def test_half_power_frequency_of_a_filter_that_keeps_whole_octaves(octaves):
    edge = 2.0**octaves / 32  # cycles/pixel
    f = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.rfftfreq(32))
    passing = torch.from_numpy(np.round(32 * f) < 32 * edge)

    def low_pass(x):
        return torch.fft.irfft2(torch.fft.rfft2(x) * passing, s=(32, 32))

    found = _half_power(low_pass, X0, octave_power(X0).mean(0))
    assert found == pytest.approx(edge, rel=1e-3)  # midway between two octaves, one whole, one gone


def test_an_identity_that_changes_noisy_pictures_fails_by_the_noise_alone():
    found = trivial_identity(load=instead(ae_identity=lambda x, s: 1.02 * x if s == 0.5 else x))
    assert not found.holds
    assert found.measured["mean squared error, pictures"] == found.measured["mean squared error, white noise"] == 0
    assert found.measured["error of noisy pictures over the noise's power"] == pytest.approx(1.04, abs=0.01)
