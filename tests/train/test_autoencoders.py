"""Training of the autoencoders: linear ones reach the eigenvalues, objectives are what they say, they resume."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from explorer import autoencoders, weights
from explorer.core.networks.autoencoder import PICTURE_VALUES, CodeConfig, Identity
from explorer.core.networks.autoencoder_conv import Convolutional, Variational, VectorQuantised
from explorer.core.networks.autoencoder_dense import Dense, Stacked
from explorer.core.networks.linear_probe import ProbePictures, confidence_interval, probe_accuracy
from explorer.core.noise import white
from explorer.train import autoencoders as training
from explorer.train import objectives
from explorer.train.autoencoder_recipes import CODE_RECIPES, UNET_RECIPES, small_picture_source, specialist
from explorer.train.code_recipe import CodeRecipe
from explorer.train.fit_autoencoder import AutoencoderTrainer
from explorer.train.linear import alternate, least_error, moments, principal_components
from explorer.train.trainer import Trainer
from tests.support.warm_start import run_warm


@pytest.fixture(scope="module")
def source(data):
    return small_picture_source(data)


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def covariance(d=60):
    """Eigenvalues falling like i^-1.5, in random directions."""
    basis = torch.linalg.qr(white((d, d), 0, "basis").double())[0]
    values = torch.arange(1, d + 1, dtype=torch.float64) ** -1.5
    return basis @ torch.diag(values) @ basis.T, values


@pytest.mark.parametrize("k", [1, 5, 20, 60])
def test_alternating_least_squares_reaches_the_eigenvalues_left_out(k):
    matrix, values = covariance()
    rounds = list(alternate(matrix, k, seed=0))
    errors = [error for *_, error in rounds]
    exact = float(values[k:].sum() / 60)
    assert np.diff(errors).max(initial=0) < 1e-12 and errors[-1] == pytest.approx(exact, rel=0.01, abs=1e-9)
    encoder, decoder, error = rounds[-1]
    left = torch.eye(60) - decoder @ encoder
    assert error == pytest.approx(float((left @ matrix @ left.T).trace() / 60), rel=0.05, abs=1e-9)


def test_principal_components_are_those_of_the_singular_values():
    x = np.random.default_rng(0).normal(size=(200, 12)) * np.arange(1, 13)
    x -= x.mean(0)
    values, components = principal_components(torch.from_numpy(x.T @ x / 200), 4)
    _, singular, rows = np.linalg.svd(x)
    np.testing.assert_allclose(values, singular**2 / 200, rtol=1e-9)
    np.testing.assert_allclose(np.abs(components.numpy() @ rows[:4].T), np.eye(4), atol=1e-6)
    projected = x @ components.numpy().T @ components.numpy()
    assert least_error(values, 4) == pytest.approx(np.square(x - projected).mean())


def test_moments_are_those_of_all_pictures_and_their_mirror_images(source):
    x = source.pixels.view(-1, 32, 32, 3).movedim(3, 1).float() / 127.5 - 1
    rows = Identity.blocks(torch.cat([x, x.flip(-1)])).flatten(0, -2).double().numpy()
    mean, matrix = moments(source, lambda x: Identity.blocks(x).flatten(0, -2))
    np.testing.assert_allclose(mean, rows.mean(0), atol=1e-6)
    np.testing.assert_allclose(matrix, np.cov(rows.T, bias=True), atol=1e-5)


def test_every_picture_is_drawn_whole_and_as_often(source):
    crops, _ = source.draw(3000, draws())
    pictures = source.pixels.view(-1, 32, 32, 3).movedim(3, 1).float() / 127.5 - 1
    same = [(crops == p).flatten(1).all(1) | (crops == p.flip(-1)).flatten(1).all(1) for p in pictures]
    counts = torch.stack(same).sum(1)
    assert counts.sum() == 3000 and counts.min() > 0.75 * 3000 / len(pictures)


def test_variational_loss_is_minus_the_evidence_bound():
    torch.manual_seed(0)
    model, x0 = Variational(CodeConfig(6, channels=8)), white((4, 3, 32, 32), 0, "x0")
    loss = objectives.variational(model, x0, draws(), None, 0.0)
    mean, log_variance = model.posterior(x0)
    decoded = model.decode(mean + (log_variance / 2).exp() * torch.randn(mean.shape, generator=draws()))
    scale = (decoded - x0).square().mean().sqrt()
    likelihood = Normal(decoded, scale).log_prob(x0).sum() / 4
    kl = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum() / 4
    constant = (1 + np.log(2 * np.pi)) / 2
    assert loss.item() + constant == pytest.approx(((kl - likelihood) / PICTURE_VALUES).item(), rel=1e-4)


def test_contractive_penalty_is_the_mean_of_the_squared_jacobian_over_the_spread():
    torch.manual_seed(0)
    model, x0 = Convolutional(CodeConfig(3, channels=8)), white((8, 3, 32, 32), 0, "x0")
    recipe = CodeRecipe("convolutional", model.config, objectives.contractive, contraction=1.0)
    fixed = F.mse_loss(model(x0), x0)
    penalties = [float((objectives.contractive(model, x0, draws(i), recipe, 0.0) - fixed).detach()) for i in range(80)]
    exact = torch.func.vmap(torch.func.jacfwd(lambda x: model.encode(x[None])[0]))(x0[:2]).square().flatten(1).sum(1)
    code = model.encode(x0)
    spread = (code - code.mean(0)).square().sum(1).mean()
    assert np.mean(penalties) == pytest.approx((exact.mean() / spread).item(), rel=0.2)


def test_quantised_gradient_passes_through_the_choice():
    torch.manual_seed(0)
    model, x0 = VectorQuantised(CodeConfig(4, channels=8, entries=5)), white((4, 3, 32, 32), 0, "x0")
    recipe = CodeRecipe("vector-quantised", model.config, objectives.quantised)
    objectives.quantised(model, x0, draws(), recipe, 0.6).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in (model.down[1].weight, model.codebook))
    with torch.no_grad():
        model.codebook[2] = 1e3  # nothing is near it
    objectives.quantised(model, x0, draws(), recipe, 0.0)
    assert model.codebook[2].abs().max() < 100


@pytest.mark.parametrize(("done", "sigma"), [(0.0, 2.0), (0.4, 1.0), (0.8, 0.5), (1.0, 0.5)])
def test_scheduled_noise_falls(done, sigma):
    seen, x0 = [], white((16, 3, 32, 32), 0, "x0")
    recipe = replace(CODE_RECIPES["dae-scheduled"], images=100)
    objectives.denoising(lambda x: seen.append(x) or x, x0, draws(), recipe, done)
    assert float((seen[0] - x0).std()) == pytest.approx(sigma, rel=0.02)


def test_composite_parts_join_from_the_highest_noise_down():
    recipe, model = CODE_RECIPES["dae-composite"], Dense(CodeConfig(8, entries=4))
    assert objectives.composite_levels(recipe, 4) == pytest.approx([2, 1, 0.5, 0.25])
    x0 = white((4, 3, 32, 32), 0, "x0")
    for done, parts in ((0.0, 1), (0.3, 2), (0.7, 4), (1.0, 4)):
        model.zero_grad()
        objectives.composite(model, x0, draws(), recipe, done).backward()
        moved = model.inner.grad.view(4, 2).abs().sum(1) > 0
        assert moved.tolist() == [i < parts for i in range(4)]


def test_layers_of_a_stack_are_trained_one_after_the_other():
    recipe, model = CODE_RECIPES["dae-stacked"], Stacked(CodeConfig(4, channels=6))
    for done, trained in ((0.2, ("filters", "inner", "outer")), (0.7, ("top", "top_inner", "top_outer"))):
        model.zero_grad(set_to_none=True)
        objectives.layer_by_layer(model, white((4, 3, 32, 32), 0, "x0"), draws(), recipe, done).backward()
        assert {name for name, p in model.named_parameters() if p.grad is not None} == set(trained)


def test_specialists_see_one_level_and_the_masking_one_sees_holes(source):
    trainer = Trainer(replace(specialist(0.25), batch=64), source, torch.device("cpu"), torch.float32)
    x0, x, sigma, _ = trainer.batch()
    torch.testing.assert_close(sigma, torch.full((64,), 0.25))
    assert float((x - x0).std()) == pytest.approx(0.25, rel=0.01)
    masked = Trainer(replace(UNET_RECIPES["dae-mask"], batch=64), source, torch.device("cpu"), torch.float32)
    x0, x, _, _ = masked.batch()
    holes = (x == 0).all(1)
    assert float(holes.float().mean()) == pytest.approx(0.5, abs=0.01)
    kept = ~holes[:, None].expand_as(x)
    assert torch.equal(x[kept], x0[kept])


def test_resuming_gives_the_weights_of_an_unbroken_run(source):
    recipe = replace(CODE_RECIPES["dae-dense"], images=64, batch=8, warmup=2)
    whole, first, second = (AutoencoderTrainer(recipe, source) for _ in range(3))
    for _ in whole.run():
        pass
    for progress in first.run():
        if progress.seen == 24:
            break
    first.seen = 24
    second.load(first.state())
    for _ in second.run():
        pass
    for a, b in zip(whole.model.parameters(), second.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_probe_tells_apart_what_a_line_tells_apart_and_nothing_else():
    classes = torch.arange(600) % 3
    x = white((600, 3, 32, 32), 0, "pictures")
    marked = x.clone()
    marked[torch.arange(600), classes, 0, 0] += 12  # one colour of one pixel says the class
    corner = lambda x: x[:, :, 0, 0]
    assert probe_accuracy(corner, ProbePictures((marked[:300], classes[:300]), (marked[300:], classes[300:]))) > 0.98
    assert probe_accuracy(corner, ProbePictures((x[:300], classes[:300]), (x[300:], classes[300:]))) < 0.45


def test_interval_is_students():
    low, high = confidence_interval([0.0, 2.0])
    assert (low, high) == pytest.approx((1 - 12.7062, 1 + 12.7062), abs=1e-3)


def test_all_that_are_missing_are_trained_and_finished_ones_stay(data, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "WEIGHT_FILES", ("ae-identity", "ae-conv-4", "dae-stacked", "dae-050"))
    again = [training.AutoencoderTraining(data, tmp_path, 5, {"images": 32, "batch": 16}) for _ in range(2)]
    assert again[0].missing() == list(training.WEIGHT_FILES)
    for name in again[0].missing():
        again[0].train(name)
    assert again[1].missing() == []
    x = white((2, 3, 32, 32), 0, "x")
    for name in training.WEIGHT_FILES:
        card = weights.card(name, tmp_path)
        assert card["training"]["images_seen"] > 0 and card["provenance"] and card["size"] == 32
        assert np.isfinite(card["training"]["loss"])
        assert autoencoders.load_autoencoder(name, folder=tmp_path)(x, 0.5).shape == x.shape
    probe = json.loads((tmp_path / "dae-stacked.json").read_text())["training"]["probe"]
    assert len(probe["trained"]) == len(probe["initialised"]) == 5
    (tmp_path / "dae-050.json").unlink()
    assert again[1].missing() == ["dae-050"]


def test_command_trains_a_autoencoder(data, tmp_path):
    options = ("--data", str(data), "--out", str(tmp_path), "--images", "32", "--batch", "8")
    result = run_warm("-m", "explorer.train", "dae-200", *options)
    assert result.returncode == 0, result.stderr
    assert weights.card("dae-200", tmp_path)["level"] == 2.0
    for name in ("autoencoders", "family"):  # the second is the older name
        missing = run_warm("-m", "explorer.train", name, "--data", str(tmp_path / "nowhere"))
        assert missing.returncode == 2 and len(missing.stderr.strip().splitlines()) == 1
