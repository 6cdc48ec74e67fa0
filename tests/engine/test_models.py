"""Models by the names that requests use: cards, hashes, classes, and what each denoiser computes."""

import numpy as np
import pytest
import torch

from explorer import examples, weights
from explorer.core.denoisers.guidance import class_guided
from explorer.core.noise import white
from explorer.engine.models import Models
from explorer.errors import RequestRefused

X = white((2, 3, 64, 64), 0, "x")


@pytest.fixture(scope="module")
def models():
    made = Models("scenes", torch.device("cpu"), torch.float32, chunk=3)
    yield made
    made.close()


def test_cards_and_hashes_are_those_of_the_files(models):
    assert models.card_of("network") is models.card and weights.card("scenes").items() <= models.card.items()
    assert models.card_of("wiener") == weights.card("wiener")
    ideal = models.card_of("ideal")
    assert "sha256" not in ideal and str(len(examples.EXAMPLES)) in ideal["purpose"]
    for name in ("network", "wiener"):
        assert models.hash_of(name) == weights.identity(models.card_of(name))
    assert models.hash_of("network") != models.hash_of("wiener")
    assert models.hash_of("ideal") == "ideal"


def test_a_pass_is_as_large_as_the_chunk(models):
    assert models.batcher.stats().max_pixels == 3 * 128**2 and models.parallel_networks == 1


def test_classes_are_named_where_one_is_unknown(models):
    for known in models.classes:
        models.check_label(known)
    with pytest.raises(RequestRefused) as raised:
        models.check_label("dragon")
    text = str(raised.value)
    assert all(name in text for name in models.classes[:9]) and ("and so on" in text) == (len(models.classes) > 9)


@pytest.mark.parametrize(("classes", "more"), [(9, False), (10, True)])
def test_only_the_first_classes_are_listed(models, monkeypatch, classes, more):
    monkeypatch.setitem(models.card, "classes", [f"class {i}" for i in range(classes)])
    with pytest.raises(RequestRefused) as raised:
        models.check_label("dragon")
    assert "class 8" in str(raised.value) and "class 9" not in str(raised.value)
    assert str(raised.value).endswith(" and so on." if more else "class 8.")


def test_a_model_without_any_is_told_its_first_class_and_cannot_be_guided(models, monkeypatch):
    assert models.default_label == "any"
    monkeypatch.setitem(models.card, "classes", ["cat", "dog"])
    assert models.default_label == "cat" and models.classes == ("cat", "dog")
    models.check_label("any")  # it may always be asked for
    with pytest.raises(RequestRefused, match="never trained without a class"):
        models.denoiser("network", 64, "dog", 2.0)
    models.denoiser("network", 64, "dog", 1.0)


def test_the_network_is_told_class_and_weight(models):
    network, label = weights.load("scenes"), models.classes[2]
    for weight in (1.0, 3.0):
        mine = models.denoiser("network", 64, label, weight)(X, 0.5)
        expected = class_guided(network, 2, weight, len(models.classes) - 1)(X, 0.5)
        torch.testing.assert_close(mine, expected, atol=1e-3, rtol=1e-3)
    any_class = network(X, 0.5, torch.full((2,), len(models.classes) - 1))
    torch.testing.assert_close(models.denoiser("network", 64, "any", 3.0)(X, 0.5), any_class, atol=1e-3, rtol=1e-3)


def test_wiener_and_ideal_are_the_exact_ones(models):
    torch.testing.assert_close(models.denoiser("wiener", 64)(X, 0.5), weights.load("wiener")(X, 0.5))
    views = torch.from_numpy(examples.views(64))
    ideal = models.denoiser("ideal", 64)
    torch.testing.assert_close(ideal(views[3:4] + 0.01 * X[:1], 0.01), views[3:4], atol=1e-4, rtol=0)
    assert models.denoiser("ideal", 32)(X[..., :32, :32], 5.0).shape == (2, 3, 32, 32)


def test_the_training_spectrum_is_the_mean_of_the_colours(models):
    tensors = weights.state_dict("wiener")
    np.testing.assert_allclose(models.training_spectrum(64), tensors["psd"].double().mean(0), rtol=1e-5)
    assert models.training_spectrum(128).shape == (65,)


def test_errors_of_a_pass_are_sentences(models):
    def broken(x, sigma, label=None):
        return x * float("nan")

    with pytest.raises(RequestRefused, match="not a number"):
        models.batched(broken)(X, 1.0)
