"""C49: one autoencoder that does not reproduce is enough."""

import pytest
import torch

from explorer.autoencoders import AUTOENCODERS
from explorer.claims._autoencoders import autoencoder
from explorer.claims.lineup import reproduces


def mean_picture(x, sigma):
    return autoencoder("pca-4").mean.view(1, 3, 32, 32).expand_as(x)


def test_holds_for_who_reproduces():
    found = reproduces(load=lambda name: lambda x, sigma: x)
    assert found.holds and found.measured["largest error over that of the mean picture"] == 0
    assert len(found.measured) == 1 + len(AUTOENCODERS)


@pytest.mark.parametrize(
    "other", [mean_picture, lambda x, s: -x, lambda x, s: torch.ones_like(x), lambda x, s: x.roll(1, 0)]
)
def test_one_autoencoder_that_does_not_is_enough(other):
    found = reproduces(load=lambda name: other if name == "vae" else lambda x, sigma: x)
    assert not found.holds


def test_the_mean_picture_has_its_own_error():
    assert reproduces(load=lambda name: mean_picture).measured["largest error over that of the mean picture"] == 1
