"""C09, C24, C25: gains that are none, too few seeds, filters in the wrong order."""

import copy

import numpy as np
import pytest
import torch

from explorer.claims._autoencoders import autoencoder, card
from explorer.claims.history import centroids, layer_by_layer, parts_by_scale, scheduled
from explorer.core.networks.autoencoder import CodeConfig
from explorer.core.networks.autoencoder_dense import Dense
from tests.support.verdicts import shipped


def waves(frequencies, units=2):
    """A composite network of as many parts, the filters of each being waves of one frequency, in 1/32 cycles/pixel."""
    net = Dense(CodeConfig(units * len(frequencies), entries=len(frequencies))).requires_grad_(False)
    x = torch.arange(32) * 2 * torch.pi / 32
    rows = [(f * x + unit).cos().expand(3, 32, 32).flatten() for f in frequencies for unit in range(units)]
    net.filters.copy_(torch.stack(rows))
    return net


def altered(**accuracies):
    def cards(name):
        fields = copy.deepcopy(card(name))
        probe = fields["training"]["probe"]
        probe["trained"] = accuracies.get(name.replace("-", "_"), probe["trained"])
        return fields

    return cards


def test_what_is_shipped():
    assert shipped("C09").holds


def test_centroids_of_waves():
    assert centroids(waves([2, 5, 11])) == pytest.approx(np.array([2, 5, 11]) / 32, rel=1e-5)


@pytest.mark.parametrize(("parts", "holds"), [([1, 3, 6, 9], True), ([1, 6, 3, 9], False), ([3, 6, 9], False)])
def test_parts_in_order(parts, holds):
    assert parts_by_scale(load=lambda name: waves(parts)).holds is holds


def test_gains_that_are_none_or_uncertain():
    start = card("dae-stacked")["training"]["probe"]["initialised"]
    for trained in (start, [start[0] + 0.5, *start[1:]], [value - 0.1 for value in start]):
        assert not layer_by_layer(cards=altered(dae_stacked=trained)).holds


def test_too_few_seeds():
    def few(name):
        fields = copy.deepcopy(card(name))
        probe = fields["training"]["probe"]
        fields["training"]["probe"] = {k: v[:3] if k in ("trained", "initialised") else v for k, v in probe.items()}
        return fields

    found = layer_by_layer(cards=few)
    assert not found.holds and found.measured["seeds"] == 3


def test_scheduled_needs_both_accuracy_and_coarser_filters():
    better = [value + 0.05 + 0.001 * i for i, value in enumerate(card("dae-dense")["training"]["probe"]["trained"])]
    nets = {"dae-dense": waves([5]), "dae-scheduled": waves([4])}
    assert scheduled(load=nets.get, cards=altered(dae_scheduled=better)).holds
    assert not scheduled(load=lambda name: waves([5]), cards=altered(dae_scheduled=better)).holds
    same = card("dae-dense")["training"]["probe"]["trained"]
    assert not scheduled(load=nets.get, cards=altered(dae_scheduled=[v - 0.001 * i for i, v in enumerate(same)])).holds


def test_filters_are_those_of_the_autoencoder():
    found = shipped("C25").measured
    assert found["centroid of the filters, part 1"] == pytest.approx(centroids(autoencoder("dae-composite"))[0])


def test_the_interval_of_a_gain_is_students():
    start = card("dae-stacked")["training"]["probe"]["initialised"]
    gains = [0.01, 0.02, 0.03, 0.04, 0.05]  # mean 0.03, standard error 0.05^0.5 / 100 = 0.00707, t(4) = 2.776
    trained = [value + gain for value, gain in zip(start, gains, strict=True)]
    found = layer_by_layer(cards=altered(dae_stacked=trained))
    assert found.interval == pytest.approx((0.03 - 2.776 * 0.0070711, 0.03 + 2.776 * 0.0070711), abs=1e-5)


def test_a_gain_that_only_a_normal_interval_calls_certain():
    start = card("dae-stacked")["training"]["probe"]["initialised"]
    trained = [value + gain for value, gain in zip(start, [0.0, 0.01, 0.02, 0.03, 0.045], strict=True)]
    standard_error = np.std([0.0, 0.01, 0.02, 0.03, 0.045], ddof=1) / 5**0.5
    assert 1.96 < 0.021 / standard_error < 2.776
    assert not layer_by_layer(cards=altered(dae_stacked=trained)).holds
