"""C06: a code made small and blown up again is no contraction; a decoder that sees more than tokens is found."""

import copy

import torch

from explorer.claims._autoencoders import autoencoder, small_pictures
from explorer.claims.regularised import limited_codes
from explorer.core.networks.autoencoder import CodeConfig
from explorer.core.networks.autoencoder_conv import Convolutional, Variational, VectorQuantised

X0 = small_pictures()[:3]
RELATIVE = "contractive: Jacobian over spread of the code, over the twin's"
PLAIN = "contractive: Jacobian over the twin's"


def run(**others):
    return limited_codes(pictures=X0, load=lambda name: others.get(name.replace("-", "_")) or autoencoder(name))


def scaled(factor):
    twin = copy.deepcopy(autoencoder("ae-conv-64"))
    twin.to_code.weight *= factor
    twin.to_code.bias *= factor
    twin.from_code.weight /= factor
    return twin


class Leaking(VectorQuantised):
    def forward(self, x, sigma=0.0, label=None):
        return super().forward(x) + 1e-3 * x


class Silent(Variational):
    def posterior(self, x):
        mean, log_variance = super().posterior(x)
        return 0 * mean, 0 * log_variance


class Endless(Variational):
    def kl(self, x):
        return super().kl(x) / 0


def test_scaling_the_code_makes_the_jacobian_small_and_nothing_else():
    twin = scaled(1 / 16)
    assert torch.allclose(twin(X0), autoencoder("ae-conv-64")(X0), atol=1e-5)
    found = run(ae_contractive=twin)
    assert not found.holds
    assert abs(found.measured[PLAIN] - 1 / 16) < 1e-4 and abs(found.measured[RELATIVE] - 1) < 1e-4


def test_a_jacobian_of_known_norm():
    class Orthogonal(Convolutional):
        def encode(self, x):
            return 3 * x.flatten(1)[:, :64]

    found = run(ae_contractive=Orthogonal(CodeConfig(64)), ae_conv_64=scaled(1.0)).measured[PLAIN]
    again = run(ae_contractive=Orthogonal(CodeConfig(64)), ae_conv_64=scaled(2.0)).measured[PLAIN]
    assert abs(found / again - 2) < 1e-4


def test_a_decoder_that_sees_more_than_the_code_map():
    leaking = Leaking(autoencoder("vq-vae").config)
    leaking.load_state_dict(autoencoder("vq-vae").state_dict())
    found = run(vq_vae=leaking)
    assert not found.holds and found.measured["quantised: bits"] == 512


def test_another_codebook_has_other_bits():
    other = VectorQuantised(CodeConfig(16, channels=48, entries=128)).requires_grad_(False)
    assert run(vq_vae=other).measured["quantised: bits"] == 448


def test_a_code_that_holds_nothing_or_without_end():
    for kind in (Silent, Endless):
        other = kind(CodeConfig(64)).requires_grad_(False)
        assert not run(vae=other).holds
