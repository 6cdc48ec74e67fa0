"""C08, C43, C45: what does not undo noise, masks that are not independent, and robustness that is none."""

import numpy as np
import pytest
import torch

from explorer.autoencoders import AUTOENCODERS, DAE_SIGMAS
from explorer.claims import corruption
from explorer.claims._autoencoders import autoencoder, small_pictures
from explorer.claims.corruption import denoising_is_robust, least_squares, masked, masking_is_noise, undoes_noise
from explorer.core.denoisers.wiener import Wiener
from explorer.core.noise import generator, white
from explorer.core.spectra.radial import rapsd
from tests.support.verdicts import shipped

X0 = small_pictures()
PRIOR = Wiener(rapsd(X0.double() - X0.double().mean((0, 2, 3))[:, None, None]).mean(0).numpy(), X0.mean((0, 2, 3)))


def identity(x, sigma):
    return x


def test_what_is_shipped():
    assert shipped("C08").holds and shipped("C43").holds


@pytest.mark.parametrize("told, holds", [(1.0, None), (1.1, False), (0.9, False)])
def test_the_wiener_filter_is_not_below_itself(told, holds):
    found = undoes_noise(load=lambda name: lambda x, sigma: PRIOR(x, told * AUTOENCODERS[name].sigma))
    over = found.measured["largest error over the Wiener filter's"]
    if holds is None:  # itself, to rounding
        assert over == pytest.approx(1, abs=1e-4)
    else:
        assert over > 1.0001 and not found.holds


def test_who_does_nothing_has_the_inputs_error():
    found = undoes_noise(load=lambda name: identity)
    assert not found.holds and found.measured["largest error over the input's"] == pytest.approx(1, abs=0.02)


def test_one_bad_level_is_enough():
    worst = list(DAE_SIGMAS)[-1]
    assert not undoes_noise(load=lambda name: identity if name.endswith(worst) else autoencoder(name)).holds


@pytest.mark.parametrize(
    "fit",
    [
        lambda noisy, clean: least_squares(noisy[:200], clean[:200]),
        lambda noisy, clean: torch.eye(noisy.shape[1], dtype=noisy.dtype) * float((noisy * clean).mean() / noisy.var()),
    ],
)
def test_too_few_pairs_or_too_simple_a_filter_do_not_reach_the_closed_form(fit):
    found = undoes_noise(fit=fit)
    number = "Gaussian pictures: fitted linear denoiser's error over the Wiener filter's"
    assert not found.holds and found.measured[number] > 1.1


def blocks(x0, kept, seed):
    draws = [generator(seed, "mask", i).random((1, 16, 16)) < kept for i in range(len(x0))]
    return x0 * torch.from_numpy(np.stack(draws)).repeat_interleave(2, 2).repeat_interleave(2, 3)


def grey(x0, kept, seed):
    mask = masked(torch.ones_like(x0), kept, seed)
    return mask * x0 + (1 - mask) * x0.mean((2, 3), keepdim=True)


def fewer(x0, kept, seed):
    return masked(x0, 0.97 * kept, seed)


@pytest.mark.parametrize("mask", [blocks, grey, fewer])
def test_other_masks_have_other_spectra(mask):
    assert not masking_is_noise(mask=mask).holds


def test_the_closed_form_in_every_bin_over_all_masks():
    x = white((2, 3), 0, "six pixels").double()
    power = torch.zeros(2, 3, dtype=torch.float64)
    for number in range(64):  # every mask of six pixels, with its probability
        mask = torch.tensor([number >> i & 1 for i in range(6)], dtype=torch.float64).view(2, 3)
        chance = 0.3 ** float(mask.sum()) * 0.7 ** float(6 - mask.sum())
        power += chance * torch.fft.fft2(mask * x, norm="ortho").abs().square()
    exact = 0.09 * torch.fft.fft2(x, norm="ortho").abs().square() + 0.21 * x.square().mean()
    assert torch.allclose(power, exact, rtol=1e-12)


def test_masks_are_those_of_a_picture_and_a_seed():
    assert torch.equal(masked(X0, 0.5, 3)[:2], masked(X0[:2], 0.5, 3))
    assert not torch.equal(masked(X0, 0.5, 3), masked(X0, 0.5, 4))


def test_who_does_nothing_is_not_robust():
    found = denoising_is_robust(load=lambda name: identity if name == "dae-050" else autoencoder(name))
    assert not found.holds and found.interval[1] >= 1


def test_a_plain_autoencoder_that_denoises_is_held_against_it():
    found = denoising_is_robust(load=lambda name: autoencoder("dae-050"))
    assert not found.holds and found.measured["largest error over the best plain autoencoder's"] == 1


def test_levels_are_around_the_one_trained_at():
    assert corruption.PERTURBING_SIGMAS == (DAE_SIGMAS["050"] / 2, DAE_SIGMAS["050"], 2 * DAE_SIGMAS["050"])


def test_who_beats_the_wiener_filter_but_not_the_input_fails_by_the_input_alone():
    """In pictures of a power of 10^4 nobody errs less than the noise, and its few draws hold more than sigma^2."""
    x0 = 100 * white((2, 3, 32, 32), 0, "strong pictures")
    nearly = lambda x, sigma: (x0.repeat(4, 1, 1, 1) - x) * 0.0015 + x
    found = undoes_noise(pictures=x0, load=lambda name: nearly)
    assert not found.holds
    assert 0.99 < found.measured["largest error over the Wiener filter's"] < 1
    assert found.measured["largest error over the input's"] >= 1
    number = "Gaussian pictures: fitted linear denoiser's error over the Wiener filter's"
    assert found.measured[number] == pytest.approx(1, abs=0.02)
