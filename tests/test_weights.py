"""Weight files: what is shipped loads and denoises; whatever is broken gets one line, and runs no code."""

import hashlib
import json
import math
import os
import pickle
import shutil
import struct

import pytest
import torch
from safetensors.torch import save as to_safetensors

from explorer import weights
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.errors import WeightsRefused

CARD = {
    "kind": "unet",
    "architecture": UNetConfig(channels=8).to_json(),
    "sigma_data": 0.5,
    "classes": ["a"] * 7 + ["any"],
}


@pytest.fixture
def folder(tmp_path):
    """A small valid model."""
    torch.manual_seed(0)
    weights.save(tmp_path, "tiny", UNet(UNetConfig(channels=8)).state_dict(), CARD, torch.float16)
    return tmp_path


def rewrite(folder, data=None, **fields):
    """Replace the file's bytes and fields of the card; the hash is made to fit the bytes."""
    path, card = folder / "tiny.safetensors", json.loads((folder / "tiny.json").read_text())
    if data is not None:
        path.write_bytes(data)
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "tiny.json").write_text(json.dumps({**card, **fields}))


def check_refused(folder):
    with pytest.raises(WeightsRefused) as caught:
        weights.load("tiny", folder=folder)
    text = str(caught.value)
    assert len(text.splitlines()) == 1 and len(text) <= 160 and str(folder) not in text
    return text


@pytest.mark.parametrize("name", weights.names())
def test_shipped_models_load_and_agree_with_their_cards(name):
    card = weights.card(name)
    denoiser = weights.load(name)
    x = torch.randn(2, 3, 64, 64)
    assert denoiser(x, torch.tensor([0.5, 1.0])).shape == x.shape
    assert (
        card["name"] == name
        and card["provenance"]
        and (weights.FOLDER / f"{name}.safetensors").stat().st_size == card["bytes"]
    )


def test_saved_model_gives_its_numbers_back(folder):
    torch.manual_seed(0)
    net = UNet(UNetConfig(channels=8))
    loaded = weights.load("tiny", folder=folder).net.state_dict()
    for key, value in net.state_dict().items():
        torch.testing.assert_close(loaded[key], value, atol=1e-3, rtol=1e-3)


def test_changed_byte(folder):
    path = folder / "tiny.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    assert "hash" in check_refused(folder)


def test_pickle_never_runs(folder, tmp_path):
    canary = tmp_path / "canary"

    class Bomb:
        def __reduce__(self):
            return os.system, (f"touch {canary}",)

    rewrite(folder, pickle.dumps(Bomb()))
    assert "safetensors" in check_refused(folder) and not canary.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 7,
        struct.pack("<Q", 2**63) + b"{}",
        b"PK\x03\x04" + b"\x00" * 100,
        struct.pack("<Q", 10) + b"not json!!",
    ],
    ids=["empty", "short", "huge header", "zip", "no json"],
)
def test_not_safetensors(folder, data):
    rewrite(folder, data)
    check_refused(folder)


def test_truncated(folder):
    rewrite(folder, (folder / "tiny.safetensors").read_bytes()[:-100])
    check_refused(folder)


@pytest.mark.parametrize("change", ["extra", "missing", "shape", "nan", "dtype", "integers"])
def test_tensors_that_do_not_fit(folder, change):
    tensors = {k: v.half().contiguous() for k, v in UNet(UNetConfig(channels=8)).state_dict().items()}
    key = "stem.bias"
    match change:
        case "extra":
            tensors["more"] = torch.zeros(1).half()
        case "missing":
            del tensors[key]
        case "shape":
            tensors[key] = torch.zeros(9).half()
        case "nan":
            tensors[key] = torch.full_like(tensors[key], float("nan"))
        case "dtype":
            tensors[key] = tensors[key].float()
        case "integers":
            tensors[key] = tensors[key].to(torch.int8)
    rewrite(folder, to_safetensors(tensors))
    check_refused(folder)


ARCHITECTURES = [
    {"channels": 10**9},
    {"channels": True},
    {"blocks": 2048},  # building it to compare its shapes took 24 s
    {"blocks": 0},
    {"blocks": 1.0},
    {"multipliers": []},
    {"multipliers": [1] * 9},
    {"multipliers": "12"},
    {"multipliers": None},
    {"fold": 17},
    {"classes": 0},
    {"bottleneck": -1},
    {"skips": 1},
    {"more": 1},
]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "other"},
        {"kind": ["unet"]},
        {"architecture": {}},
        {"architecture": []},
        {"sigma_data": None},
        {"classes": 3},
        {"classes": "abcdefgh"},
        {"classes": ["a"] * 7},
        {"classes": [1] * 8},
        *({"architecture": {**CARD["architecture"], **change}} for change in ARCHITECTURES),
    ],
)
def test_cards_that_make_no_sense(folder, fields):
    rewrite(folder, **fields)
    check_refused(folder)


@pytest.mark.parametrize("change", ARCHITECTURES)
def test_an_architecture_is_checked_before_anything_is_built(change):
    with pytest.raises((TypeError, ValueError)):
        UNetConfig.from_json({**CARD["architecture"], **change})


@pytest.mark.parametrize("sigma", [0, -1, 1e-5, 1e5, 10**400, True, "0.5", math.nan, math.inf], ids=str)
def test_sigma_data_is_a_number_that_data_can_have(folder, sigma):
    rewrite(folder, sigma_data=sigma)
    assert "does not fit" in check_refused(folder)


@pytest.mark.parametrize("sigma", [0.05, 1, 80.0])
def test_any_sensible_sigma_data_is_accepted(folder, sigma):
    rewrite(folder, sigma_data=sigma)
    assert weights.load("tiny", folder=folder).sigma_data == sigma


def test_cards_that_are_nested_too_deeply(folder):
    (folder / "tiny.json").write_text("[" * 100_000)
    assert "readable" in check_refused(folder)
    (folder / "tiny.json").write_text('{"kind": "unet", "more": ' + "[" * 5_000 + "]" * 5_000 + "}")
    check_refused(folder)


def test_the_size_of_a_card_is_limited(folder):
    card = json.loads((folder / "tiny.json").read_text())
    rest = weights.MAX_CARD_BYTES - len(json.dumps({**card, "more": ""}))
    (folder / "tiny.json").write_text(json.dumps({**card, "more": "x" * rest}))
    assert weights.load("tiny", folder=folder) is not None
    (folder / "tiny.json").write_text(json.dumps({**card, "more": "x" * (rest + 1)}))
    assert "larger than 256 kB" in check_refused(folder)


def test_the_size_of_a_weight_file_is_limited(folder, monkeypatch):
    size = (folder / "tiny.safetensors").stat().st_size
    monkeypatch.setattr(weights, "MAX_WEIGHTS_BYTES", size)
    assert weights.load("tiny", folder=folder) is not None
    monkeypatch.setattr(weights, "MAX_WEIGHTS_BYTES", size - 1)
    assert "larger than" in check_refused(folder)


def test_missing_link_and_names(folder):
    link = folder / "tiny.safetensors"
    shutil.move(link, folder / "elsewhere")
    assert "missing" in check_refused(folder)
    link.symlink_to(folder / "elsewhere")
    assert "link" in check_refused(folder)
    for name in ("../weights/scenes", "", "a/b", "nothing-here"):
        with pytest.raises(WeightsRefused):
            weights.load(name, folder=folder)


@pytest.mark.parametrize("name", ["../tiny", "a/b", "a.b", "", "a b", "a\\b"])
def test_names_are_letters_digits_hyphens_and_underscores(folder, name):
    with pytest.raises(WeightsRefused, match="letters, digits"):
        weights.card(name, folder)


def test_the_size_of_a_weight_file_is_limited(folder, monkeypatch):
    size = (folder / "tiny.safetensors").stat().st_size
    monkeypatch.setattr(weights, "MAX_WEIGHTS_BYTES", size)
    assert weights.load("tiny", folder=folder) is not None
    monkeypatch.setattr(weights, "MAX_WEIGHTS_BYTES", size - 1)
    assert "larger than" in check_refused(folder)


def test_whole_numbers_are_no_weights():
    with pytest.raises(WeightsRefused, match="not floating point"):
        weights.parse_tensors(to_safetensors({"a": torch.ones(2, dtype=torch.int64)}), "tiny")


@pytest.mark.parametrize(
    "tensors",
    [
        {"psd": torch.tensor([[1.0, 0.0]]), "mean": torch.zeros(1)},
        {"psd": torch.tensor([[1.0, -1.0]]), "mean": torch.zeros(1)},
        {"psd": torch.ones(2), "mean": torch.zeros(1)},
        {"psd": torch.ones(1, 2)},
        {"psd": torch.ones(1, 2), "mean": torch.zeros(1), "more": torch.zeros(1)},
    ],
    ids=["no power", "negative", "one axis", "no mean", "more"],
)
def test_spectra_that_no_pictures_have(tmp_path, tensors):
    weights.save(tmp_path, "tiny", tensors, {"kind": "wiener"}, torch.float32)
    assert "does not fit" in check_refused(tmp_path)
    sound = {"psd": torch.ones(1, 2), "mean": torch.zeros(1)}
    weights.save(tmp_path, "tiny", sound, {"kind": "wiener"}, torch.float32)
    assert weights.load("tiny", folder=tmp_path).psd.tolist() == [[1, 1]]


def test_a_card_says_what_was_saved(tmp_path):
    weights.save(
        tmp_path / "new", "tiny", {"a": torch.ones(2, 3), "b": torch.ones(4)}, {"kind": "other"}, torch.float16
    )
    card, path = json.loads((tmp_path / "new/tiny.json").read_text()), tmp_path / "new/tiny.safetensors"
    assert card["parameters"] == 10 and card["bytes"] == path.stat().st_size and card["dtype"] == "float16"
    assert card["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest() and card["name"] == "tiny"
