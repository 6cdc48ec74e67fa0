"""Training on a tiny synthetic data folder: it learns, resumes as if never stopped, and shares a batch exactly."""

import io
import tarfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer import datasets, weights
from explorer.core.networks.unet import UNetConfig
from explorer.train.crops import CropSource, pyramid, quarter_turned, saturated, step_generator
from explorer.train.recipes import Recipe
from explorer.train.trainer import Trainer, learning_rate
from tests.support.warm_start import run_cold, run_warm

TINY = Recipe(architecture=UNetConfig(channels=8), images=64, batch=8, warmup=2, size=32)


@pytest.fixture(scope="module")
def source(data):
    return CropSource(TINY.collections(data), TINY.size)


def test_pyramid_ends_at_the_smallest_side_and_never_enlarges():
    levels = pyramid(np.zeros((321, 481, 3), np.uint8), 64)
    shorts = [min(level.shape[:2]) for level in levels]
    assert shorts[0] == 321 and shorts[-1] == 64 and shorts == sorted(shorts, reverse=True)
    assert [min(level.shape[:2]) for level in pyramid(np.zeros((64, 64, 3), np.uint8), 64)] == [64]


def test_crops_are_windows_of_the_pictures(data):
    collection = datasets.scenes(data, "train")
    one = datasets.Collection(collection.pictures[:1], collection.labels[:1])
    crops, labels = CropSource([(1.0, one)], 100).draw(8, step_generator(0, 0, torch.device("cpu")))
    x0 = torch.from_numpy(collection.pictures[0]).permute(2, 0, 1).float() / 127.5 - 1
    for crop in crops:
        assert torch.equal(crop, x0) or torch.equal(crop, x0.flip(-1))
    assert len({crop.sum().item() for crop in crops}) == 1 and (labels == one.labels[0]).all()
    assert any(torch.equal(c, x0) for c in crops) and any(torch.equal(c, x0.flip(-1)) for c in crops)


def test_batches_depend_on_seed_and_step_alone(source):
    cpu = torch.device("cpu")
    a, b, c = (source.draw(4, step_generator(0, step, cpu))[0] for step in (3, 3, 4))
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_learning_lowers_the_loss(source):
    trainer = Trainer(Recipe(**{**TINY.__dict__, "images": 800}), source, torch.device("cpu"), torch.float32)
    losses = [progress.loss for progress in trainer.run()]
    assert np.mean(losses[-20:]) < 0.85 * np.mean(losses[:5])


def test_resuming_gives_the_weights_of_an_unbroken_run(source):
    whole = Trainer(TINY, source, torch.device("cpu"), torch.float32)
    for _ in whole.run():
        pass
    first = Trainer(TINY, source, torch.device("cpu"), torch.float32)
    for progress in first.run():
        if progress.seen == 32:
            break
    # the break leaves the generator before the step after 32, with weights and average up to date
    second = Trainer(TINY, source, torch.device("cpu"), torch.float32)
    second.load(first.state())
    for _ in second.run():
        pass
    for a, b in zip(whole.average.parameters(), second.average.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_learning_rate_warms_up_stays_and_falls_to_zero():
    recipe = Recipe(images=1000, batch=10, warmup=5, cooldown=0.4, learning_rate=1.0)
    rates = [learning_rate(recipe, seen) for seen in range(0, 1000, 10)]
    assert rates[0] == pytest.approx(0.2) and rates[10] == rates[59] == 1.0
    assert rates[80] == pytest.approx(0.5) and rates[-1] < 0.03


def test_command_trains_checkpoints_samples_and_resumes(data, tmp_path):
    options = ("--data", str(data), "--out", str(tmp_path), "--channels", "8", "--batch", "4")
    first = run_warm("-m", "explorer.train", "scenes", *options, "--images", "16")
    assert first.returncode == 0, first.stderr
    assert "img/s" in first.stderr and (tmp_path / "checkpoint.pt").exists()
    assert len(list((tmp_path / "samples").glob("*.png"))) == 1
    card = weights.card("scenes", tmp_path)
    assert card["training"]["images_seen"] == 16 and card["classes"][-1] == "any"
    second = run_warm("-m", "explorer.train", "scenes", *options, "--images", "24")
    assert second.returncode == 0 and weights.card("scenes", tmp_path)["training"]["images_seen"] == 24
    x = torch.randn(2, 3, 40, 56)
    assert weights.load("scenes", folder=tmp_path)(x, torch.tensor([0.5, 2.0]), torch.tensor([0, 7])).shape == x.shape


@pytest.mark.slow
def test_two_processes_give_the_result_of_one(data, tmp_path):
    common = ("scenes", "--data", str(data), "--channels", "8", "--batch", "4", "--images", "12", "--dtype", "float32")
    alone = run_warm("-m", "explorer.train", *common, "--out", str(tmp_path / "one"))
    assert alone.returncode == 0, alone.stderr
    several = run_cold(
        "-m",
        "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "explorer.train", *common,
        "--out", str(tmp_path / "two"),
    )  # fmt: skip
    assert several.returncode == 0, several.stderr
    one, two = (torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["weights"] for name in ("one", "two"))
    for key in one:
        torch.testing.assert_close(one[key], two[key], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("broken", ["missing", "empty", "labels", "archive", "picture"])
def test_broken_data_gets_one_line(data, tmp_path, broken):
    root = tmp_path / "data"
    if broken != "missing":
        root.mkdir()
    if broken in ("labels", "archive", "picture"):
        for source in data.iterdir():
            (root / source.name).write_bytes(source.read_bytes())
    if broken == "labels":
        (root / "scenes_labels.json").write_text("{")
    if broken == "archive":
        (root / "catfaces64.tar").write_bytes(b"not a tar file" * 100)
    if broken == "picture":
        with tarfile.open(root / "photos_large.tar", "w") as tar:
            info = tarfile.TarInfo("bad.jpg")
            info.size = 5
            tar.addfile(info, io.BytesIO(b"\xff\xd8abc"))
    run = run_cold if broken == "missing" else run_warm
    result = run("-m", "explorer.train", "scenes", "--data", str(root), "--out", str(tmp_path / "run"))
    assert result.returncode == 2 and len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert result.stderr.startswith("explorer.train: ") and "Traceback" not in result.stderr


def test_folders_are_read_like_archives(data, tmp_path):
    for archive in data.glob("*.tar"):
        with tarfile.open(archive) as tar:
            tar.extractall(tmp_path / archive.stem, filter="data")
    (tmp_path / "scenes_labels.json").write_bytes((data / "scenes_labels.json").read_bytes())
    for read in (lambda root: datasets.scenes(root, "val"), lambda root: datasets.cat_faces(root, "train")):
        packed, unpacked = read(data), read(tmp_path)
        assert all(np.array_equal(a, b) for a, b in zip(packed.pictures, unpacked.pictures, strict=True))
        assert np.array_equal(packed.labels, unpacked.labels)


def test_photographs_at_their_own_resolution_replace_rows_with_little_noise_alone(data):
    recipe = replace(TINY, batch=64, native=1.0, native_sigma=0.5, turns=True, saturation=0.0)
    cats = CropSource([(1.0, datasets.cat_faces(data, "train"))], TINY.size)
    native = CropSource([(1.0, datasets.photographs(data))], TINY.size, native=True)
    assert len(native.labels) == len(datasets.photographs(data).pictures)  # one level each: no smaller copies
    x0, _, sigma, label = Trainer(recipe, cats, torch.device("cpu"), torch.float32, native).batch()
    plain, _, same_sigma, _ = Trainer(recipe, cats, torch.device("cpu"), torch.float32).batch()
    low = sigma < 0.5
    assert torch.equal(sigma, same_sigma) and 0 < low.sum() < 64
    assert torch.equal(x0[~low], plain[~low]) and (label[low] == datasets.ANY).all()
    whole = {window.flatten().numpy().tobytes() for p in native_windows(data) for window in p}
    assert all(row.flatten().numpy().tobytes() in whole for row in x0[low][:8])


def native_windows(data):
    """Every window of every training photograph, mirrored or turned or not, as rows of (N, 3, side, side)."""
    for picture in datasets.photographs(data).pictures:
        x0 = torch.from_numpy(picture).permute(2, 0, 1).float() / 127.5 - 1
        windows = x0.unfold(1, TINY.size, 1).unfold(2, TINY.size, 1).flatten(1, 2).transpose(0, 1)
        for mirrored in (windows, windows.flip(-1)):
            yield from (mirrored.contiguous(), mirrored.rot90(1, (2, 3)).contiguous())


def test_turning_and_saturation_change_what_they_say_and_nothing_else():
    x0 = torch.rand(400, 3, 8, 8, generator=torch.Generator().manual_seed(0)) - 0.5
    turned = quarter_turned(x0, torch.Generator().manual_seed(1))
    same = (turned == x0).flatten(1).all(1)
    assert torch.equal(turned[~same], x0[~same].rot90(1, (2, 3))) and 150 < same.sum() < 250
    strong = saturated(x0, 0.3, torch.Generator().manual_seed(2))
    within = strong.abs().amax((1, 2, 3)) < 1  # nothing was clipped
    assert within.sum() > 300 and torch.allclose(strong.mean(1)[within], x0.mean(1)[within], atol=1e-6)
    strength = lambda x: (x - x.mean(1, keepdim=True)).flatten(1).norm(dim=1)
    factor = strength(strong) / strength(x0)
    assert factor.log().std() == pytest.approx(0.3, rel=0.15) and abs(factor.log().mean()) < 0.05
