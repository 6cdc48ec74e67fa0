"""Models whose card names networks for lower resolutions: they load as one denoiser, and bad levels get one line."""

import json

import pytest
import torch

from explorer import weights
from explorer.core.denoisers.multi_resolution import MultiResolution, block_means, upsample
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.errors import WeightsRefused
from explorer.inference.batcher import Batcher
from explorer.inference.optimize import optimize

CONFIG = UNetConfig(channels=8)
CARD = {"kind": "unet", "architecture": CONFIG.to_json(), "sigma_data": 0.5, "classes": [*"abcdefg", "any"]}


def random_unet(seed):
    torch.manual_seed(seed)
    net = UNet(CONFIG)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return net.state_dict()


@pytest.fixture
def folder(tmp_path):
    """A model `tiny` with a level each at half and at quarter resolution."""
    levels = []
    for i, (name, reduction, sigma) in enumerate([("tiny-half", 2, 3.0), ("tiny-quarter", 4, 12.0)]):
        weights.save(tmp_path, name, random_unet(i + 1), {**CARD, "kind": weights.UNET_LEVEL}, torch.float16)
        sha256 = weights.card(name, tmp_path)["sha256"]
        levels.append({"file": name, "reduction": reduction, "sigma_from": sigma, "sha256": sha256})
    weights.save(tmp_path, "tiny", random_unet(0), {**CARD, "levels": levels}, torch.float16)
    return tmp_path


def picture(rows=1, size=(32, 32), seed=0):
    return torch.randn(rows, 3, *size, generator=torch.Generator().manual_seed(seed))


def change(folder, **fields):
    """Change fields of the first level in the card."""
    card = weights.card("tiny", folder)
    card["levels"][0].update(fields)
    (folder / "tiny.json").write_text(json.dumps(card))


def test_each_noise_level_is_computed_by_the_network_for_its_resolution(folder):
    model, full = weights.load("tiny", folder=folder), weights.load("tiny", folder=folder, full_resolution=True)
    half = weights.build("tiny-half", folder, {weights.UNET_LEVEL: weights._build_unet})
    x = picture()
    assert isinstance(model, MultiResolution) and torch.equal(model(x, 0.5), full(x, 0.5))
    expected = upsample(half(block_means(x, 2), 3.0), 2, (32, 32))
    assert torch.equal(model(x, 6.0), expected) and not torch.allclose(expected, full(x, 6.0), atol=0.01)


def test_levels_are_no_models_of_their_own(folder):
    assert weights.names(folder) == ["tiny"]
    with pytest.raises(WeightsRefused):
        weights.load("tiny-half", folder=folder)


def test_the_identity_changes_with_every_file(folder, tmp_path_factory):
    card = weights.card("tiny", folder)
    before = weights.identity(card)
    card["levels"][1]["sha256"] = "0" * 64
    plain = {key: value for key, value in card.items() if key != "levels"}
    assert len({before, weights.identity(card), weights.identity(plain)}) == 3
    assert weights.identity(plain) == card["sha256"]


@pytest.mark.parametrize("size", [(32, 32), (36, 44), (512, 32)])
def test_every_size_works_in_bfloat16_and_packed(folder, size):
    model, plain = weights.load("tiny", dtype=torch.bfloat16, folder=folder), weights.load("tiny", folder=folder)
    x, sigma = picture(3, size), torch.tensor([0.5, 5.0, 40.0])
    found, expected = optimize(model, torch.device("cpu"))(x, sigma), plain(x, sigma)
    assert found.shape == x.shape and found.dtype == torch.float32
    assert (found - expected).norm() < 0.03 * expected.norm()


def test_rows_of_one_pass_may_be_at_different_resolutions(folder):
    model = optimize(weights.load("tiny", folder=folder), torch.device("cpu"))
    batcher = Batcher("cpu")
    try:
        shared = batcher.denoiser(model, lambda: False)
        x, sigma = picture(4), torch.tensor([0.5, 3.0, 7.0, 60.0])
        label = torch.tensor([0, 1, 7, 2])
        together = shared(x, sigma, label)
        for i in range(4):
            alone = model(x[i : i + 1], sigma[i], label[i : i + 1])
            assert torch.allclose(together[i : i + 1], alone, atol=1e-5)
    finally:
        batcher.close()


@pytest.mark.parametrize(
    "fields",
    [
        {"file": "nothing"},
        {"file": "tiny"},
        {"file": "../tiny-half"},
        {"file": 3},
        {"sha256": "0" * 64},
        {"reduction": 1},
        {"reduction": 4},
        {"reduction": "two"},
        {"reduction": 2.0},
        {"sigma_from": 0},
        {"sigma_from": float("nan")},
        {"sigma_from": 11.0},
    ],
)
def test_levels_that_do_not_fit_get_one_line(folder, fields):
    change(folder, **fields)
    with pytest.raises(WeightsRefused) as caught:
        weights.load("tiny", folder=folder)
    assert len(str(caught.value).splitlines()) == 1 and len(str(caught.value)) <= 160
    weights.load("tiny", folder=folder, full_resolution=True)


@pytest.mark.parametrize("levels", ["half", {"file": "tiny-half"}, [None], [[]], 7, [{}] * 5])
def test_a_list_of_levels_that_is_none_gets_one_line(folder, levels):
    (folder / "tiny.json").write_text(json.dumps({**weights.card("tiny", folder), "levels": levels}))
    with pytest.raises(WeightsRefused, match="levels"):
        weights.load("tiny", folder=folder)


def test_a_damaged_level_file_gets_one_line(folder):
    path = folder / "tiny-half.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(WeightsRefused, match="tiny-half"):
        weights.load("tiny", folder=folder)
