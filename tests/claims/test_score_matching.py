"""C15: it holds for the exact score and fails for others; the integrals behind it agree with sampling."""

import pytest
import torch

from explorer.claims.score_matching import CLOUDS, MEANS, SIGMA, STDS, WEIGHTS, _dsm, _esm, denoising_score_matching
from explorer.claims.score_matching import random_scores as scores
from explorer.core.noise import generator
from tests.support.verdicts import shipped

SPREAD = "standard deviation of the gap, over that of the losses"


def other_level(x, sigma, label=None):
    return CLOUDS(x, 1.01 * sigma)


def clean_density(x, sigma, label=None):
    return x + sigma**2 * CLOUDS.score(x, 0.0)


def shifted(x, sigma, label=None):
    return CLOUDS(x, sigma) + torch.tensor([0.01, 0.0])


def test_the_gap_is_that_of_the_closed_form():
    found = shipped("C15").measured
    assert found["mean gap, 1 / data units squared"] == pytest.approx(
        found["2 / sigma^2 less the score's mean square, 1 / data units squared"], rel=1e-7
    )
    assert found["standard deviation of the losses, 1 / data units squared"] > 1


@pytest.mark.parametrize("denoiser", [other_level, clean_density, shifted])
def test_only_the_score_of_the_noisy_density_leaves_a_constant(denoiser):
    found = denoising_score_matching(denoiser=denoiser)
    assert not found.holds and found.measured[SPREAD] > 1e-4


def test_both_losses_agree_with_sampling():
    stream, count = generator(0, "test, matching"), 200_000
    k = torch.from_numpy(stream.choice(3, size=count, p=WEIGHTS.numpy()))
    clean, eps = (torch.from_numpy(stream.standard_normal((count, 2))) for _ in range(2))
    x = MEANS[k] + STDS[k, None] * clean + SIGMA * eps
    for score in list(scores(24))[::8]:
        noisy = (score(x) + eps / SIGMA).square().sum(1)
        exact = (score(x) - CLOUDS.score(x, SIGMA)).square().sum(1)
        for drawn, integral in ((noisy, _dsm(score)), (exact, _esm(score, CLOUDS))):
            assert abs(float(drawn.mean()) - integral) < 5 * float(drawn.std()) / count**0.5
