"""The autoencoders of the family against closed forms and independent computations, on made-up weights and pictures."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from explorer.core.denoisers.preconditioning import Preconditioned
from explorer.core.networks.autoencoder import PICTURE_VALUES, CodeConfig, Identity, Linear, PrincipalComponents
from explorer.core.networks.autoencoder_conv import (
    Convolutional,
    Variational,
    VectorQuantised,
    jacobian_norm,
    token_entropy_bits,
)
from explorer.core.networks.autoencoder_dense import Dense, Stacked
from explorer.core.networks.autoencoder_unet import WIRINGS
from explorer.core.networks.classifier import ClassifierConfig
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.core.noise import white

SHAPE = (3, 3, 32, 32)
ALL = {
    "linear": (Linear, CodeConfig(5)),
    "principal components": (PrincipalComponents, CodeConfig(5)),
    "identity": (Identity, CodeConfig(PICTURE_VALUES)),
    "convolutional": (Convolutional, CodeConfig(6, channels=8)),
    "variational": (Variational, CodeConfig(6, channels=8)),
    "quantised": (VectorQuantised, CodeConfig(4, channels=8, entries=7)),
    "dense": (Dense, CodeConfig(6)),
    "composite": (Dense, CodeConfig(6, entries=3)),
    "stacked": (Stacked, CodeConfig(4, channels=6)),
}


def filled(model, std=0.1):
    """The model with every parameter drawn, none left at zero."""
    with torch.no_grad():
        for i, parameter in enumerate(model.parameters()):
            parameter.copy_(std * white(parameter.shape, 0, "weights", i))
    return model.eval().requires_grad_(False)


def pictures(index=0):
    return white(SHAPE, 1, "pictures", index)


@pytest.mark.parametrize("name", ALL)
def test_output_is_the_decoded_code_whatever_the_noise_level(name):
    kind, config = ALL[name]
    model, x = filled(kind(config)), pictures()
    out = model(x, 0.7, torch.tensor([0, 1, 2]))
    assert out.shape == x.shape
    assert torch.equal(out, model.decode(model.encode(x)))
    assert not torch.allclose(out[0], out[1])  # it does depend on the picture


@pytest.mark.parametrize("name", ALL)
def test_other_sizes_are_refused(name):
    kind, config = ALL[name]
    for shape in ((1, 3, 64, 64), (1, 1, 32, 32), (3, 32, 32)):
        with pytest.raises(ValueError, match="32x32"):
            filled(kind(config))(torch.zeros(shape))


def test_linear_is_two_matrices():
    model, x = filled(Linear(CodeConfig(5))), pictures()
    rows = x.flatten(1) - model.mean
    expected = rows @ model.encoder.T @ model.decoder.T + model.mean
    torch.testing.assert_close(model(x).flatten(1), expected)


def test_components_project_and_their_number_can_be_chosen():
    model = PrincipalComponents(CodeConfig(5))
    basis = torch.linalg.qr(white((PICTURE_VALUES, 5), 0, "basis"))[0].T
    model.load_state_dict({"components": basis, "mean": white((PICTURE_VALUES,), 0, "mean")})
    x = pictures()
    once = model.truncate(3)(x)
    torch.testing.assert_close(model(once), once, atol=1e-4, rtol=1e-4)  # a projection
    left = (x - once).flatten(1) @ basis[:3].T
    torch.testing.assert_close(left, torch.zeros_like(left), atol=1e-3, rtol=0)
    assert model.encode(x).shape == (3, 3) and model.truncate(5).encode(x).shape == (3, 5)
    for k in (0, 6):
        with pytest.raises(ValueError):
            model.truncate(k)


def test_identity_cuts_blocks_and_puts_them_back():
    model, x = Identity(CodeConfig(PICTURE_VALUES)), pictures()
    for layer in (model.encoder, model.decoder):
        torch.nn.init.eye_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    assert torch.equal(model(x), x)
    block = x[1, :, 8:16, 24:32]  # second row, fourth column
    torch.testing.assert_close(model.blocks(x)[1, 1, 3].sort().values, block.flatten().sort().values)
    with pytest.raises(ValueError):
        Identity(CodeConfig(100))


def test_divergence_is_that_of_torch_distributions():
    model, x = filled(Variational(CodeConfig(6, channels=8))), pictures()
    mean, log_variance = model.posterior(x)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(model.kl(x), expected, atol=1e-5, rtol=1e-4)


def test_drawn_codes_have_the_mean_and_variance_that_are_stated():
    model = filled(Variational(CodeConfig(6, channels=8)))
    x = pictures()[:1].expand(4000, -1, -1, -1)
    mean, log_variance = model.posterior(x[:1])
    codes = model.draw(x[:1], white((4000, 6), 0, "draws"))
    torch.testing.assert_close(codes.mean(0), mean[0], atol=0.1 * codes.std().item(), rtol=0)
    torch.testing.assert_close(codes.var(0).log(), log_variance[0], atol=0.12, rtol=0)


def test_tokens_are_the_nearest_entries():
    model, x = filled(VectorQuantised(CodeConfig(4, channels=8, entries=7)), 0.3), pictures()
    vectors, tokens = model.vectors(x), model.tokens(x)
    distances = (vectors[..., None, :] - model.codebook).square().sum(-1)  # (B, 8, 8, K)
    assert torch.equal(distances.argmin(-1), tokens) and len(tokens.unique()) > 1
    assert torch.equal(model.decode_tokens(tokens), model(x))
    assert model.bits == pytest.approx(64 * math.log2(7))


def test_used_bits_are_the_entropy():
    assert token_entropy_bits(torch.arange(64).view(1, 8, 8) % 4, 16) == pytest.approx(64 * 2)
    assert token_entropy_bits(torch.zeros(5, 8, 8, dtype=torch.int64), 16) == 0


def test_jacobian_norm_is_that_of_automatic_differentiation_and_of_a_matrix():
    x = pictures()[:2]
    linear = filled(Linear(CodeConfig(5)))
    torch.testing.assert_close(jacobian_norm(linear, x), linear.encoder.double().norm().expand(2))
    model = filled(Convolutional(CodeConfig(6, channels=8)), 0.2)
    full = torch.func.jacfwd(lambda x: model.encode(x[None])[0])(x[0])  # (k, 3, 32, 32)
    assert float(jacobian_norm(model, x)[0]) == pytest.approx(float(full.norm()), rel=1e-4)


def test_parts_of_a_composite_see_their_own_pictures():
    model = filled(Dense(CodeConfig(6, entries=3)))
    a, b = pictures(0), pictures(1)
    code = model.encode_parts([a, b])
    assert torch.equal(code[:, :2], model.encode(a)[:, :2]) and torch.equal(code[:, 2:4], model.encode(b)[:, 2:4])
    assert (code[:, 4:] == 0).all()
    with pytest.raises(ValueError):
        Dense(CodeConfig(7, entries=3))


def test_dense_weights_are_tied():
    model, x = filled(Dense(CodeConfig(6))), pictures()
    hidden = F.relu(x.flatten(1) @ model.filters.T + model.inner)
    torch.testing.assert_close(model(x).flatten(1), hidden @ model.filters + model.outer)


def test_rescaling_changes_the_code_and_nothing_else():
    model, x = filled(Convolutional(CodeConfig(6, channels=8))), pictures()
    code, out, norm = model.encode(x), model(x), jacobian_norm(model, x)
    model.rescale(5.0)
    torch.testing.assert_close(model.encode(x), 5 * code)
    torch.testing.assert_close(model(x), out)
    torch.testing.assert_close(jacobian_norm(model, x), 5 * norm)


def unet(**changes):
    return filled(UNet(UNetConfig(channels=8, classes=1, **changes)))


def test_blind_and_specialist_do_not_hear_the_noise_level():
    x, net = pictures(), unet()
    for wiring in ("blind", "specialist"):
        network = WIRINGS[wiring](net, 0.5, 0.3)
        assert torch.equal(network(x, 0.1), network(x, torch.tensor([2.0, 5.0, 9.0])))
    specialist = WIRINGS["specialist"](net, 0.5, 0.3)
    assert torch.equal(specialist(x, 7.0), WIRINGS["conditional"](net, 0.5)(x, 0.3))
    assert not torch.allclose(specialist(x, 7.0), WIRINGS["conditional"](net, 0.5)(x, 7.0))


def test_blind_depends_on_the_scale_of_each_picture_alone():
    x, network = pictures(), WIRINGS["blind"](unet(), 0.5)
    torch.testing.assert_close(network(x, 1.0)[:1], network(x[:1], 1.0), atol=1e-5, rtol=1e-5)
    level = x[0].square().mean().sqrt()
    same = Preconditioned(network.net, 0.5, 1)(x[:1], level)
    torch.testing.assert_close(network(x[:1], 1.0), same, atol=1e-5, rtol=1e-5)


def test_nothing_goes_around_a_direct_network():
    x, net = pictures(), unet()
    for parameter in net.head.parameters():
        torch.nn.init.zeros_(parameter)
    assert (WIRINGS["direct"](net, 0.5)(x, 0.1) == 0).all()
    assert not (WIRINGS["conditional"](net, 0.5)(x, 0.1) == 0).all()


def test_completing_fills_holes_and_keeps_the_rest():
    x, network = pictures(), WIRINGS["completing"](unet(), 0.5)
    holes = white((3, 1, 32, 32), 0, "holes").expand_as(x) > 0
    x[holes] = 0
    out = network(x, 0.1)
    assert torch.equal(out[~holes], x[~holes]) and (out[holes] != 0).float().mean() > 0.99
    assert torch.equal(out, network(x, 5.0))


@pytest.mark.parametrize(("changes", "rank"), [({"skips": False, "bottleneck": 1}, 4), ({}, 40)])
def test_the_code_of_a_bottleneck_bounds_the_rank_of_the_jacobian(changes, rank):
    """2x2 places of one channel between a 16x16 picture and its estimate: four directions get through, not more."""
    network, x = WIRINGS["direct"](unet(**changes), 0.5), white((1, 3, 16, 16), 0, "small").requires_grad_()
    out = network(x, 0.5)
    covectors = white((40, *out.shape), 0, "covectors")
    rows = [torch.autograd.grad(out, x, v, retain_graph=True)[0].flatten().double() for v in covectors]
    values = torch.linalg.svdvals(torch.stack(rows))
    assert int((values > 1e-5 * values[0]).sum()) == rank


def test_cards_without_the_newer_fields_are_still_read():
    fields = UNetConfig(channels=8).to_json()
    old = {k: v for k, v in fields.items() if k not in ("skips", "bottleneck")}
    assert UNetConfig.from_json(old) == UNetConfig(channels=8)
    for bad in ({"skips": 1}, {"bottleneck": -1}, {"bottleneck": 2.0}):
        with pytest.raises(ValueError):
            UNetConfig.from_json({**fields, **bad})
    for bad in ({"code": 0}, {"code": 5, "entries": -1}, {"code": 5, "more": 1}):
        with pytest.raises((TypeError, ValueError)):
            CodeConfig.from_json(bad)


def test_bits_are_those_of_one_picture_whatever_the_batch():
    one = torch.arange(64).view(1, 8, 8) % 4
    assert token_entropy_bits(one.expand(5, 8, 8), 16) == token_entropy_bits(one, 16) == pytest.approx(128)


def test_one_colour_at_zero_is_no_hole():
    x, network = pictures(), WIRINGS["completing"](unet(), 0.5)
    x[:, 1] = 0
    assert torch.equal(network(x, 0.1), x)


def test_a_card_without_a_field_means_its_default():
    """Cards written before a field came are read with it, so no default may ever change."""
    assert (
        UNetConfig()
        == UNetConfig.from_json({"multipliers": [1, 2, 4]})
        == UNetConfig(32, (1, 2, 4), 1, 7, 2, 3, True, 0)
    )
    assert CodeConfig.from_json({"code": 5}) == CodeConfig(5, 32, 0)
    assert ClassifierConfig.from_json({}) == ClassifierConfig(32, 64, 7)
