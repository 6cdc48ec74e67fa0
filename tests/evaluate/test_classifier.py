"""The judge of samples: it learns, its file is refused where it is broken, and it never passes for a denoiser."""

import json

import pytest
import torch

from explorer import weights
from explorer.core.networks.classifier import Classifier, ClassifierConfig
from explorer.errors import WeightsRefused
from explorer.train.classifier import accuracy, augment, fit

CONFIG = ClassifierConfig(channels=8, features=8, classes=2)


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    card = {"kind": "classifier", "architecture": CONFIG.to_json(), "classes": ["a", "b"]}
    weights.save(tmp_path, "tiny", Classifier(CONFIG).state_dict(), card, torch.float16)
    return tmp_path


def change(folder, **fields):
    path = folder / "tiny.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def error_message(folder):
    with pytest.raises(WeightsRefused) as caught:
        weights.load_classifier("tiny", folder)
    text = str(caught.value)
    assert len(text.splitlines()) == 1 and str(folder) not in text
    return text


def test_saved_classifier_gives_its_answers_back(folder):
    x = torch.randn(4, 3, 64, 64)
    torch.manual_seed(0)
    expected = Classifier(CONFIG)(x)
    torch.testing.assert_close(weights.load_classifier("tiny", folder)(x), expected, atol=5e-3, rtol=0)
    assert weights.names(folder) == []


def test_classifier_is_no_denoiser_and_a_denoiser_no_classifier(folder):
    with pytest.raises(WeightsRefused, match="is a classifier"):
        weights.load("tiny", folder=folder)
    with pytest.raises(WeightsRefused, match="classifier is needed"):
        weights.load_classifier("wiener")


@pytest.mark.parametrize(
    "architecture",
    [{"channels": 16}, {"features": 9}, {"channels": -1}, {"channels": 1.5}, {"layers": 3}, {"classes": 3}],
)
def test_architecture_that_does_not_fit_is_refused(folder, architecture):
    change(folder, architecture={**CONFIG.to_json(), **architecture})
    assert "does not fit" in error_message(folder)


def test_broken_cards_and_files_are_refused(folder):
    change(folder, classes=["a"])
    assert "does not fit" in error_message(folder)
    change(folder, kind="oracle")
    assert "kind" in error_message(folder)
    change(folder, kind="classifier", sha256="0" * 64)
    assert "hash" in error_message(folder)
    (folder / "tiny.safetensors").unlink()
    assert "missing" in error_message(folder)


def test_augmented_pictures_are_the_same_pictures_moved():
    picture = torch.arange(64, dtype=torch.uint8).expand(1, 3, 64, 64).repeat(64, 1, 1, 1) * 2 + 40
    x = augment(picture, torch.Generator().manual_seed(0))
    assert x.shape == (64, 3, 64, 64) and x.isfinite().all()
    slopes = x[:, 0, 32, 40] - x[:, 0, 32, 24]
    assert (slopes > 0).any() and (slopes < 0).any()  # mirrored or not
    assert (x[:, :, 20:40] == x[:, :, 20:21]).all()  # rows stay rows


def test_training_learns_to_tell_dark_left_from_dark_right():
    g = torch.Generator().manual_seed(0)
    classes = torch.arange(128) % 2
    pictures = torch.randint(0, 60, (128, 3, 64, 64), generator=g, dtype=torch.uint8)
    pictures[classes == 0, :, :32] += 150
    pictures[classes == 1, :, 32:] += 150
    torch.manual_seed(0)
    net = Classifier(CONFIG)
    fit(net, pictures, classes, epochs=6)
    assert accuracy(net, pictures.float() / 127.5 - 1, classes) > 0.95
