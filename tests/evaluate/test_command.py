"""The whole command on a handful of synthetic pictures and a tiny model."""

import json
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from explorer import weights
from explorer.core.networks.classifier import Classifier, ClassifierConfig
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.datasets import CLASSES
from explorer.evaluate import __main__ as command
from explorer.evaluate import cost, drawings
from explorer.evaluate.acceptance import verdicts
from explorer.evaluate.generation import draw


def save(path, rng, side):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8)).save(path)


@pytest.fixture
def data(tmp_path):
    """A folder laid out like the real one, four pictures of each class."""
    root, rng = tmp_path / "data", np.random.default_rng(0)
    for split in ("train", "val"):
        for i in range(24):
            save(root / "scenes100_q90" / split / f"{i:05d}.png", rng, 100)
        for i in range(4):
            save(root / "catfaces64" / split / f"{i:05d}.png", rng, 64)
    for name in ("CBSD68", "Set12"):
        save(root / "eval" / name / "0.png", rng, 80)
    labels = [CLASSES[i % 6] for i in range(24)]
    (root / "scenes_labels.json").write_text(json.dumps({"train": labels, "val": labels}))
    return root


@pytest.fixture
def folder(tmp_path, monkeypatch):
    torch.manual_seed(0)
    classes = [*CLASSES, "any"]
    card = {"kind": "unet", "architecture": UNetConfig(channels=8).to_json(), "sigma_data": 0.5, "classes": classes}
    weights.save(tmp_path / "weights", "tiny", UNet(UNetConfig(channels=8)).state_dict(), card, torch.float16)
    monkeypatch.setattr(cost, "PRODUCT_SIDE", 128)
    judge = Classifier(ClassifierConfig(channels=8)).eval().requires_grad_(False)
    monkeypatch.setattr(command.weights, "load_classifier", lambda: judge)
    return tmp_path / "weights"


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["evaluate", "tiny", *map(str, arguments)])
    return command.main()


def test_everything_is_measured_written_and_printed(data, folder, monkeypatch, capsys):
    options = ("--pictures", 4, "--bm3d", 0, "--samples", 28, "--steps", 2, "--guidance", 2, "--guided-steps", 3)
    assert run(monkeypatch, "--data", data, "--weights", folder, *options) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("MSE on 4 held-out pictures at 64x64 (in brackets: share of Wiener's)\n")
    result = json.loads((folder / "tiny.evaluation.json").read_text())
    assert {row["set"] for row in result["psnr"]} == {"CBSD68 128", "Set12 128", "CBSD68 256", "val 64"}
    g = result["generation"]
    assert g["samples"] == g["real"] == 28 and len(g["octaves_db"]) == 5 and g["frechet"]["half"] == 14
    assert [(s["guidance"], s["steps"]) for s in (g, result["guided"])] == [(1, 2), (2, 3)]
    assert result["cost"]["parameters"] == weights.card("tiny", folder)["parameters"]
    assert result["cost"]["gflop"] > 0 and result["bar"][-1]["holds"]
    for name in ("samples", "ladder"):
        path = folder / f"tiny.{name}.jpg"
        assert path.stat().st_size < 400_000 and Image.open(path).format == "JPEG"


def test_a_model_with_levels_is_sampled_and_costs_what_its_files_cost(data, folder, monkeypatch):
    card, state = weights.card("tiny", folder), UNet(UNetConfig(channels=8)).state_dict()
    weights.save(folder, "tiny-half", state, {**card, "kind": weights.UNET_LEVEL}, torch.float16)
    sha256 = weights.card("tiny-half", folder)["sha256"]
    levels = [{"file": "tiny-half", "reduction": 2, "sigma_from": 3.0, "sha256": sha256}]
    (folder / "tiny.json").write_text(json.dumps({**card, "levels": levels}))
    options = ("--pictures", 2, "--bm3d", 0, "--samples", 14, "--steps", 2, "--guidance", 1)
    assert run(monkeypatch, "--data", data, "--weights", folder, *options) == 0
    result = json.loads((folder / "tiny.evaluation.json").read_text())
    assert result["generation"]["samples"] == 14 and result["sha256"] == weights.identity(weights.card("tiny", folder))
    found = result["cost"]
    assert found["parameters"] == 2 * card["parameters"] and found["bytes"] == card["bytes"]
    assert 0.3 < found["run_gflop"] / found["run_gflop_full_resolution"] < 0.9  # 40 to 50 % of the levels lie above 3


@pytest.mark.parametrize("guidance", [0.0, 1.0, 2.5])
def test_samples_are_guided_away_from_any(guidance):
    def flat(x, sigma, label):  # 'any' is black, every class of its own grey: so is where the sampler ends
        grey = torch.where(label == len(CLASSES), 0.0, (1 + label) / 10)
        return grey[:, None, None, None].expand_as(x)

    label = torch.arange(3)
    drawn = draw(flat, label, 4, guidance, size=8)
    expected = guidance * (1 + label) / 10
    assert torch.allclose(drawn, expected[:, None, None, None].expand_as(drawn), atol=1e-6)


def test_missing_data_gives_one_line(folder, tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, "--data", tmp_path / "nowhere", "--weights", folder) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("explorer.evaluate: ")


def test_criteria_hold_exactly_where_they_should():
    result = {
        "sigmas": [0.1, 0.5, 5.0, 10.0],
        "mse": {
            "network, class told": [0.9, 0.81, 0.99, 9.0],
            "Wiener": [1.0] * 4,
            "ideal of the training set": [1.0, 0.8, 0.1, 0.1],
        },
        "psnr": [
            {"set": "CBSD68 128", "noise": 15, "compared": {"db": {"network, any class": 29.8, "BM3D": 30.0}}},
            {"set": "CBSD68 128", "noise": 25, "compared": {"db": {"network, any class": 29.8, "BM3D": 30.0}}},
            {"set": "Set12 128", "noise": 25, "compared": {"db": {"network, any class": 1.0, "BM3D": 30.0}}},
        ],
        "cost": {"bytes": 31e6},
    }
    assert [line["holds"] for line in verdicts(result)] == [True, False, False, False, False]
    result["mse"]["network, class told"][1] = 0.79
    assert [line["holds"] for line in verdicts(result)] == [True, False, True, True, False]


def test_ladder_has_a_row_for_the_noisy_picture_and_one_for_each_denoiser():
    x0 = torch.zeros(3, 16, 16)
    drawn = drawings.ladder([lambda x, sigma: 0 * x, lambda x, sigma: x], x0)
    assert drawn.shape == (3 * 16, len(drawings.LADDER_SIGMAS) * 16, 3)
    assert (drawn[16:32] == 128).all() and (drawn[:16] == drawn[32:]).all()
