"""Training at full, half and quarter resolution: what the network sees, how runs begin and go on, what is held out."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer import datasets, weights
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.errors import DataRefused, WeightsRefused
from explorer.train.__main__ import start_from
from explorer.train.checkpoints import load_checkpoint
from explorer.train.crops import CropSource
from explorer.train.recipes import LEVELS
from explorer.train.trainer import Trainer, save
from tests.support.training_data import PHOTOGRAPHS
from tests.support.warm_start import run_warm

CPU = torch.device("cpu")
SMALL = {"architecture": UNetConfig(channels=8), "batch": 8, "images": 48, "warmup": 2}
WITHOUT_PHOTOGRAPHS = {"native": 0.0, "saturation": 0.0, "turns": False}


def trainer_for(data, level, **changes):
    recipe = replace(LEVELS[level], **{**SMALL, **WITHOUT_PHOTOGRAPHS, **changes})
    return Trainer(recipe, CropSource(recipe.collections(data), recipe.size, recipe.whole), CPU, torch.float32)


@pytest.mark.parametrize("level, side", [("full", 1), ("half", 2), ("quarter", 4)])
def test_the_network_sees_exactly_the_means_of_squares_of_the_crops_pixels(data, level, side):
    trainer = trainer_for(data, level, label_dropout=0.0)
    crops = trainer_for(data, level, label_dropout=0.0, reduction=1)
    assert LEVELS[level].reduction == side
    for trained in (trainer, crops):
        trained.seen = 24  # any step but the first
    x0, x, sigma, label = trainer.batch()
    drawn, _, same_sigma, same_label = crops.batch()
    assert x0.shape == x.shape == (8, 3, 64 // side, 64 // side) and drawn.shape == (8, 3, 64, 64)
    means = drawn.numpy().reshape(8, 3, 64 // side, side, 64 // side, side).mean((3, 5))
    np.testing.assert_allclose(x0.numpy(), means, atol=1e-6)
    assert torch.equal(sigma, same_sigma) and torch.equal(label, same_label)


@pytest.mark.parametrize("level", LEVELS)
def test_the_noise_of_what_the_network_sees_has_the_stated_sigma_and_spread(data, level):
    trainer = trainer_for(data, level, batch=512)
    x0, x, sigma, _ = trainer.batch()
    standard = ((x - x0) / sigma[:, None, None, None]).double()
    values = standard[0].numel()
    assert (standard.square().mean((1, 2, 3)) - 1).abs().max() < 6 * (2 / values) ** 0.5
    assert abs(float(standard.mean())) < 5 / (512 * values) ** 0.5
    across = torch.corrcoef(standard.transpose(0, 1).flatten(1))  # colours are independent
    assert (across - torch.eye(3)).abs().max() < 6 / (512 * values / 3) ** 0.5
    recipe = trainer.recipe
    assert float(sigma.log().mean()) == pytest.approx(recipe.log_sigma_mean, abs=5 * recipe.log_sigma_std / 512**0.5)
    assert float(sigma.log().std()) == pytest.approx(recipe.log_sigma_std, rel=0.15)


def test_coarser_levels_are_trained_at_more_noise():
    means = [LEVELS[level].log_sigma_mean for level in ("full", "half", "quarter")]
    assert means == sorted(means) and [LEVELS[level].size for level in LEVELS] == [64] * 3


def test_a_run_at_a_level_goes_on_where_it_was_killed(data, tmp_path):
    unbroken, first, second = (trainer_for(data, "half") for _ in range(3))
    for _ in unbroken.run():
        pass
    for progress in first.run():
        if progress.seen == 16:
            save({**first.state(), "loss": 0.5}, tmp_path / "checkpoint.pt")
        if progress.seen == 24:
            break  # killed: this step is lost
    assert load_checkpoint(second, tmp_path / "checkpoint.pt", CPU) == 0.5 and second.seen == 16
    for _ in second.run():
        pass
    for a, b in zip(unbroken.average.parameters(), second.average.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_the_command_trains_a_level_from_a_weight_file_and_goes_on(data, tmp_path):
    torch.manual_seed(1)
    net = UNet(UNetConfig(channels=8, classes=len(datasets.CLASSES)))
    card = {
        "kind": "unet",
        "architecture": net.config.to_json(),
        "sigma_data": 0.5,
        "classes": [*datasets.CLASSES, "any"],
    }
    start = weights.save(tmp_path / "given", "start", net.state_dict(), card, torch.float16)
    options = ("scenes", "--data", str(data), "--out", str(tmp_path / "run"), "--level", "half")
    options += ("--channels", "8", "--batch", "4", "--learning-rate", "0", "--start", str(start))
    for images in (8, 12):
        result = run_warm("-m", "explorer.train", *options, "--images", str(images))
        assert result.returncode == 0, result.stderr
        written = weights.card("scenes-half", tmp_path / "run")["training"]
        assert written["images_seen"] == images and written["recipe"]["reduction"] == 2
    given = net.half().state_dict()
    for name, tensor in weights.state_dict("scenes-half", tmp_path / "run").items():
        torch.testing.assert_close(tensor.float(), given[name].float(), msg=name)  # a rate of 0 changes nothing
    assert len(list((tmp_path / "run" / "samples").glob("*.png"))) == 2


def error_message(data, tmp_path, start):
    options = ("scenes", "--data", str(data), "--out", str(tmp_path / "run"), "--channels", "8", "--batch", "4")
    result = run_warm("-m", "explorer.train", *options, "--images", "4", "--level", "quarter", "--start", str(start))
    lines = result.stderr.strip().splitlines()
    assert result.returncode == 2 and len(lines) == 1 and lines[0].startswith("explorer.train: "), result.stderr
    return lines[0]


def test_a_start_that_is_missing_gets_one_line(data, tmp_path):
    assert "nowhere" in error_message(data, tmp_path, tmp_path / "nowhere.safetensors")


def test_a_start_of_another_architecture_is_refused(data):
    with pytest.raises(WeightsRefused, match="another architecture"):
        start_from(trainer_for(data, "half"), "scenes", weights.FOLDER, seen=0)
    with pytest.raises(WeightsRefused, match="another architecture"):
        start_from(trainer_for(data, "half"), "wiener", weights.FOLDER, seen=0)


def test_a_checkpoint_that_is_damaged_or_of_another_architecture_is_refused(data, tmp_path):
    path = tmp_path / "checkpoint.pt"
    save(trainer_for(data, "half", architecture=UNetConfig(channels=16)).state(), path)
    with pytest.raises(WeightsRefused, match="checkpoint"):
        load_checkpoint(trainer_for(data, "half"), path, CPU)
    for broken in (path.read_bytes()[:1000], b"", b"not a checkpoint"):
        path.write_bytes(broken)
        with pytest.raises(WeightsRefused, match="checkpoint"):
            load_checkpoint(trainer_for(data, "half"), path, CPU)


def as_bytes(collection):
    return [picture.tobytes() for picture in collection.pictures]


def test_every_eleventh_photograph_is_held_out_and_none_is_lost(data):
    train, held_out = (as_bytes(datasets.photographs(data, split)) for split in ("train", "val"))
    everything = [picture.tobytes() for picture in datasets._pictures(data, "photos_large")]
    assert len(everything) == PHOTOGRAPHS and held_out == [everything[5], everything[16]]
    assert not set(train) & set(held_out) and set(train) | set(held_out) == set(everything)
    assert as_bytes(datasets.photographs(data)) == train and len(train) == PHOTOGRAPHS - 2
    drawn = [part for _, part in LEVELS["full"].collections(data)]
    assert not {p for part in drawn for p in as_bytes(part)} & set(held_out)  # never trained on


@pytest.mark.parametrize("read", [datasets.scenes, datasets.cat_faces])
def test_splits_of_the_other_collections_share_no_picture(data, read):
    train, held_out = as_bytes(read(data, "train")), as_bytes(read(data, "val"))
    assert len(train) == len(held_out) == 6 and not set(train) & set(held_out)


def test_a_split_that_does_not_exist_or_is_empty(data, tmp_path):
    with pytest.raises(ValueError, match="split"):
        datasets.photographs(data, "test")
    few = tmp_path / "photos_large"
    few.mkdir()
    shutil.copy(weights.FOLDER / "scenes.ladder.jpg", few / "0.jpg")
    assert len(datasets.photographs(tmp_path).pictures) == 1
    with pytest.raises(DataRefused, match="too few"):
        datasets.photographs(tmp_path, "val")
