"""Siblings and U-turns, with a denoiser that halves its input, so that every state can be written down."""

import numpy as np
import pytest
import torch

from explorer.core.noise import white, white_batch
from explorer.core.spectra import agreement, octaves, radial
from explorer.engine.branching import branches, u_turns
from explorer.schemas import BranchRequest, SamplingRequest, UTurnRequest

RUN = SamplingRequest(sampler="euler", steps=8)
SHAPE = (3, 16, 16)
ORIGIN = white(SHAPE, 0, "origin") / 2


def half(x, sigma, label=None):
    return x / 2


@pytest.mark.parametrize("step", [2, 6])
def test_siblings_of_the_picture_get_noise_of_the_level(step):
    request = BranchRequest(run=RUN, origin="picture", step=step, count=3, steps=2, seed=4)
    assert not 0.5 < request.sigma < 2  # a level of 1 would hide what it multiplies
    first, second, last = branches(request, ORIGIN, half)
    x = ORIGIN + request.sigma * white_batch(SHAPE, 4, "branch", range(3))
    np.testing.assert_allclose(first.siblings, x / 2, rtol=1e-4, atol=1e-4)
    ratio = RUN.sigmas[-2] / request.sigma  # two steps: to the smallest level, then to 0
    np.testing.assert_allclose(second.siblings, x * (1 + ratio) / 4, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(last.siblings, second.siblings, rtol=1e-4, atol=1e-4)
    assert [state.done for state in (first, second, last)] == [0, 1, 2]


def test_siblings_of_a_step_share_the_state_and_get_fresh_noise_on_the_way():
    first, second, _ = branches(BranchRequest(run=RUN, step=3, count=3, steps=2), ORIGIN, half)
    np.testing.assert_allclose(first.siblings, (ORIGIN / 2).expand(3, *SHAPE))
    assert first.agreement == pytest.approx(np.ones(3)) and not first.disagreement.any()
    assert np.abs(second.siblings[0] - second.siblings[1]).max() > 0


def test_siblings_are_compared_by_octave_and_pixel():
    *_, last = branches(BranchRequest(run=RUN, origin="picture", step=5, count=3, steps=1), ORIGIN, half)
    siblings = torch.from_numpy(last.siblings)
    np.testing.assert_allclose(last.mean, siblings.mean(0), atol=1e-6)
    np.testing.assert_allclose(last.agreement, agreement.agreement_per_octave(siblings))
    np.testing.assert_allclose(last.disagreement, siblings.std(0).square().mean(0).sqrt(), rtol=0.25)
    assert last.decided == octaves.decided_size(last.agreement, 16, 16)
    assert np.array_equal(last.edges, radial.octave_edges(16, 16))


def test_a_u_turn_has_noise_of_its_own_at_every_level_and_is_compared_with_the_picture():
    request = UTurnRequest(run=RUN, levels=3, low=0.2, high=5.0, count=2, steps=1, seed=7)
    turns = list(u_turns(request, ORIGIN, half))
    assert [turn.sigma for turn in turns] == pytest.approx([0.2, 1.0, 5.0])
    for i, turn in enumerate(turns):
        siblings = (ORIGIN + turn.sigma * white_batch(SHAPE, 7, f"u-turn {i}", range(2))) / 2
        change = siblings - ORIGIN
        assert turn.change == pytest.approx(float(change.square().mean().sqrt()), rel=1e-4)
        assert turn.correlation_length == pytest.approx(agreement.correlation_length(change), rel=1e-3)
        shared = agreement.agreement_per_octave(siblings)
        np.testing.assert_allclose(turn.agreement, shared, atol=1e-4)
        assert turn.decided == octaves.decided_size(shared, 16, 16)
