"""C42: codes that are drawn otherwise are found, and a decoder for which the pathwise gradient is the worse one."""

import math

import pytest
import torch

from explorer.claims import reparameterisation
from explorer.claims._autoencoders import small_pictures
from explorer.claims.reparameterisation import reparameterised
from explorer.core.networks.autoencoder import CodeConfig
from explorer.core.networks.autoencoder_conv import Variational

X0 = small_pictures()[:2]


class Plain(Variational):
    """Codes near the picture's first values, of known spread, and a decoder that is linear."""

    def posterior(self, x):
        return x.flatten(1)[:, :8], torch.full((len(x), 8), math.log(0.04))

    def decode(self, code):
        return torch.nn.functional.pad(code, (0, 3072 - 8)).view(-1, 3, 32, 32)


class Rugged(Plain):
    def decode(self, code):
        return super().decode((1e4 * code).sin())


def run(vae=Plain, **others):
    return reparameterised(pictures=X0, load=lambda name: vae(CodeConfig(8)), **others)


def test_holds_where_the_posterior_is_known():
    assert run().holds


@pytest.mark.parametrize(
    "draw",
    [
        lambda vae, x, eps: vae.posterior(x)[0].expand(len(eps), -1),  # no noise
        lambda vae, x, eps: vae.posterior(x)[0] + 0.2 * 1.02 * eps,  # a little too wide
        lambda vae, x, eps: vae.posterior(x)[0] + 0.02 + 0.2 * eps,  # shifted by a tenth of its spread
        lambda vae, x, eps: vae.posterior(x)[0] + 0.04 * eps,  # variance taken for standard deviation
        lambda vae, x, eps: vae.posterior(x)[0] + 0.2 * eps[:1].expand(len(eps), -1),  # the same noise for all draws
    ],
)
def test_other_draws_are_found(draw):
    assert not run(draw=draw).holds


def test_where_the_decoder_is_rugged_the_pathwise_gradient_scatters_more():
    found = run(Rugged)
    assert not found.holds and next(iter(found.measured.values())) > 1


def test_closed_forms_are_those_of_a_sum_over_nodes():
    mu, s, a = reparameterisation.EXAMPLE
    nodes = torch.linspace(-12, 12, 48001, dtype=torch.float64)
    weights = torch.exp(-(nodes**2) / 2) / math.sqrt(2 * math.pi) * (nodes[1] - nodes[0])
    score = (mu + s * nodes - a) ** 2 * nodes / s
    mean, b = float((weights * score).sum()), mu - a
    assert mean == pytest.approx(2 * b, rel=1e-9)
    variance = float((weights * score**2).sum()) - mean**2
    assert variance == pytest.approx(b**4 / s**2 + 14 * b**2 + 15 * s**2, rel=1e-9)
