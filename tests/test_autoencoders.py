"""The autoencoders as shipped: everyone loads, closed forms hold, and a damaged one is refused in one sentence."""

import json
import math
import shutil

import pytest
import torch

from explorer import autoencoders, weights
from explorer.core.networks.autoencoder import Autoencoder
from explorer.core.noise import white
from explorer.errors import WeightsRefused
from explorer.evaluate import autoencoder_acceptance
from explorer.evaluate import autoencoder_measures as measures
from explorer.evaluate import autoencoders as command
from explorer.examples import views

FILES = sorted({info.file for info in autoencoders.AUTOENCODERS.values()})


def pictures():
    """The example pictures and their mirror images at 32x32, (N, 3, 32, 32)."""
    return torch.from_numpy(views(32))


@pytest.mark.parametrize("name", autoencoders.AUTOENCODERS)
def test_autoencoders_load_and_agree_with_what_is_said_of_them(name):
    info, network = autoencoders.AUTOENCODERS[name], autoencoders.load_autoencoder(name)
    card, x = weights.card(info.file, autoencoders.FOLDER), pictures()
    assert network(x, 0.5).shape == x.shape and network(x, 0.5).isfinite().all()
    assert card["provenance"] and card["training"]["images_seen"] > 0 and info.group in autoencoders.GROUPS
    if isinstance(network, Autoencoder) and info.numbers:
        assert network.encode(x).shape == (len(x), info.numbers)
    if info.sigma and not isinstance(network, Autoencoder):
        assert network.level == info.sigma == card["level"]


def test_all_files_together_are_small():
    assert sum((autoencoders.FOLDER / f"{file}.safetensors").stat().st_size for file in FILES) <= 30e6


def test_identity_gives_back_what_it_is_given():
    network = autoencoders.load_autoencoder("ae-identity")
    for x in (pictures(), white((4, 3, 32, 32), 0, "any picture at all")):
        assert measures.mse(network(x), x) < 1e-6


@pytest.mark.parametrize("k", autoencoders.CODE_SIZES)
def test_linear_autoencoders_are_principal_components_by_another_road(k):
    x = pictures()
    exact, trained = (autoencoders.load_autoencoder(f"{idea}-{k}") for idea in ("pca", "ae-linear"))
    assert measures.mse(trained(x), x) == pytest.approx(measures.mse(exact(x), x), rel=0.05)
    least = weights.card("pca", autoencoders.FOLDER)["training"]["mse"][str(k)]
    assert weights.card(f"ae-linear-{k}", autoencoders.FOLDER)["training"]["loss"] == pytest.approx(least, rel=0.02)
    gram = exact.components @ exact.components.T
    torch.testing.assert_close(gram, torch.eye(len(gram)), atol=2e-3, rtol=0)


@pytest.mark.parametrize("name", [n for n, m in autoencoders.AUTOENCODERS.items() if m.sigma and n.startswith("dae-0")])
def test_specialists_denoise_at_their_own_level(name):
    x0, sigma = pictures(), autoencoders.AUTOENCODERS[name].sigma
    found = measures.mse(autoencoders.load_autoencoder(name)(measures.noised(x0, sigma), sigma), x0)
    assert found < sigma**2 and found < 1.5 * measures.mse(
        autoencoders.load_autoencoder("conditional")(measures.noised(x0, sigma), sigma), x0
    )


def test_masking_autoencoder_fills_what_is_missing():
    x0 = pictures()
    x = measures.masked(x0, 0.5)
    assert measures.mse(autoencoders.load_autoencoder("dae-mask")(x, 0.0), x0) < measures.mse(x, x0) / 5


def test_none_of_the_autoencoders_is_offered_as_a_model_of_any_size():
    assert not set(FILES) & set(weights.names())


@pytest.fixture
def folder(tmp_path):
    """Two autoencoders by themselves."""
    inner = tmp_path / "autoencoders"
    inner.mkdir()
    for name in ("ae-conv-4", "dae-050"):
        for suffix in (".json", ".safetensors"):
            shutil.copy(autoencoders.FOLDER / f"{name}{suffix}", inner)
    return inner


def error_message(name, folder):
    with pytest.raises(WeightsRefused) as caught:
        autoencoders.load_autoencoder(name, folder=folder)
    text = str(caught.value)
    assert len(text.splitlines()) == 1 and len(text) <= 160 and str(folder) not in text
    return text


def test_damaged_and_missing_autoencoders_are_refused_and_the_others_still_load(folder):
    path = folder / "ae-conv-4.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    assert "hash" in error_message("ae-conv-4", folder)
    assert "card" in error_message("vae", folder) and "no autoencoder" in error_message("nobody", folder)
    assert autoencoders.load_autoencoder("dae-050", folder=folder) is not None


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("ae-conv-4", {"idea": "unheard of"}),
        ("ae-conv-4", {"architecture": {"code": 5}}),
        ("ae-conv-4", {"architecture": {"code": 0}}),
        ("ae-conv-4", {"kind": "unet"}),
        ("dae-050", {"wiring": "unheard of"}),
        ("dae-050", {"level": "much"}),
        *(("dae-050", {"level": level}) for level in (None, 0, -1, math.nan, math.inf, True)),
        ("dae-050", {"wiring": "blind"}),  # a fixed level is of no use to it
        ("dae-050", {"sigma_data": None}),
        *(("dae-050", {"sigma_data": sigma}) for sigma in (0, -1, math.nan, math.inf)),
        ("ae-conv-4", {"architecture": {"code": 4, "entries": 0.0}}),
        ("ae-conv-4", {"architecture": {"code": 4, "entries": -1}}),
        ("ae-conv-4", {"architecture": {"code": 4, "channels": 5000}}),
        ("ae-conv-4", {"architecture": [4]}),
        ("dae-050", {"kind": "other"}),
    ],
)
def test_cards_that_make_no_sense(folder, name, change):
    card = json.loads((folder / f"{name}.json").read_text())
    (folder / f"{name}.json").write_text(json.dumps({**card, **change}))
    assert name in error_message(name, folder)


def test_pca_file_with_too_few_components(tmp_path):
    card = {"kind": "autoencoder", "idea": "principal components", "architecture": {"code": 8}}
    tensors = {"components": torch.zeros(8, 3072), "mean": torch.zeros(3072)}
    weights.save(tmp_path, "pca", tensors, card, torch.float16)
    assert autoencoders.load_autoencoder("pca-4", folder=tmp_path).code_size == 4
    assert "components" in error_message("pca-16", tmp_path)


def test_half_power_frequency_is_where_a_low_pass_filter_ends():
    x0 = white((8, 3, 32, 32), 0, "x0")
    spectrum = torch.fft.rfft2(x0)
    f = (torch.fft.fftfreq(32)[:, None].square() + torch.fft.rfftfreq(32).square()).sqrt()
    assert measures.half_power_frequency(x0, x0) == pytest.approx(0.5)
    assert measures.half_power_frequency(torch.zeros_like(x0), x0) == 0
    found = [measures.half_power_frequency(torch.fft.irfft2(spectrum * (f < c)), x0) for c in (0.0625, 0.125, 0.25)]
    assert found == pytest.approx([0.0625, 0.125, 0.25], rel=0.2)


def test_masking_has_the_spectrum_that_is_computed():
    """Masked white-noise pictures keep q of their power: E |F(m x)|^2 = q^2 P + q (1 - q) E[x^2], q the share kept."""
    x0 = white((64, 3, 32, 32), 0, "x0") + 0.5
    kept, power = 0.7, measures.rapsd(measures.masked(x0, 0.3)).mean((0, 1))[1:].mean()
    expected = kept**2 * 1.0 + kept * (1 - kept) * 1.25
    assert float(power) == pytest.approx(expected, rel=0.03)


def test_criteria_hold_exactly_where_they_should():
    linear = {"own_mse": 0.1, "training": {"loss": 0.102}}
    exact = {"own_mse": 0.1, "training": {"mse": {"4": 0.1}}}
    result = {
        "members": {"ae-identity": {"own_mse": 1e-7, "training": {}}, "ae-linear-4": linear, "pca-4": exact},
        "sigmas": [0.0, 0.1, 0.25, 0.5, 1.0, 2.0],
        "mse": {"Wiener": [0, 0.005, 1, 1, 1, 1], "dae-010": [0, 0.006, 1, 1, 1, 1]},
        "codes": {"half_power_frequency": {}, "jacobian": {}, "filter_centroids": {"dae-composite": [0.1, 0.2]}},
        "bytes": 31e6,
    }
    assert [line["holds"] for line in autoencoder_acceptance.verdicts(result)] == [True, True, False, True, False]
    linear["training"]["loss"], result["mse"]["dae-010"][1] = 0.1021, 0.004
    assert [line["holds"] for line in autoencoder_acceptance.verdicts(result)] == [True, False, True, True, False]


def test_evaluation_measures_what_is_there_and_says_what_is_not(data, folder, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["evaluate", "--data", str(data), "--weights", str(folder), "--pictures", "6"])
    assert command.main() == 0
    captured = capsys.readouterr()
    result = json.loads((folder.parent / "autoencoders.evaluation.json").read_text())
    assert set(result["members"]) == {"ae-conv-4", "dae-050"} and "vae is skipped" in captured.err
    assert result["matrix"]["relative"] == {"dae-050": [1.0] * 5} and "Train sigma x test sigma" in captured.out
    x0 = torch.from_numpy(command.datasets.held_out(data, 32)[0])[:6]
    expected = measures.mse(autoencoders.load_autoencoder("dae-050")(measures.noised(x0, 0.5), 0.5), x0)
    assert result["members"]["dae-050"]["own_mse"] == pytest.approx(expected, rel=1e-4)


def test_evaluation_without_data_gives_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["evaluate", "--data", str(tmp_path / "nowhere")])
    assert command.main() == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
