"""What the score field is told: lengths, errors, losses, and how far the network has come."""

import numpy as np
import pytest
import torch

from explorer.core.toy2d.densities import PATTERNS
from explorer.core.toy2d.score_matching import train
from explorer.engine import score_field
from explorer.engine.score_field import GRID_SIDE, SIGMAS, ScoreFields, density, field, grid, pattern_of, walk_frames
from explorer.schemas.score_field import EXTENT, DensityRequest, LearnRequest, WalkRequest

TWO = PATTERNS["two"]()


def test_length_is_the_root_mean_square_of_vectors():
    vectors = torch.tensor([[[3.0, 4.0], [0.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]]]).double()
    assert score_field._rms_length(vectors) == pytest.approx([np.sqrt(12.5), 1])


def test_errors_are_relative_to_the_score():
    points = score_field._TestPoints(TWO)
    assert points.error(TWO.mixture) == pytest.approx(np.zeros(len(SIGMAS)), abs=1e-9)
    assert points.error(lambda x, sigma: x) == pytest.approx(np.ones(len(SIGMAS)))  # no score at all
    half = lambda x, sigma: (x + TWO.mixture(x, sigma)) / 2
    assert points.error(half) == pytest.approx(np.full(len(SIGMAS), 0.5))


def test_the_move_of_one_gaussian_is_known():
    """D - x = -sigma^2 (x - m) / (s^2 + sigma^2), and x - m has variance s^2 + sigma^2 along both axes."""
    known = density(DensityRequest("drawn", ((0.3, -0.4),)))
    variance = known.std**2 + SIGMAS**2
    assert known.move == pytest.approx(SIGMAS**2 / variance * np.sqrt(2 * variance), rel=0.06)
    assert known.shares.tolist() == [1.0] and np.array_equal(known.sigmas, SIGMAS)


def test_losses_are_weighted_squares_against_clean_points_and_posterior_means():
    losses = score_field._Losses(TWO)
    exact = lambda x, sigma: TWO.mixture(x, sigma)
    dsm, explicit = losses.of(exact)
    assert explicit == pytest.approx(0, abs=1e-9) and dsm > 0
    shifted = losses.of(lambda x, sigma: exact(x, sigma) + 0.1)
    sigma, data = losses.sigma.double().numpy(), TWO.sigma_data
    weight = (sigma**2 + data**2) / (sigma * data) ** 2  # Karras et al. 2022, table 1
    assert shifted[1] == pytest.approx(0.01 * weight.mean(), rel=1e-4)


def test_the_grid_is_read_row_by_row_from_the_top_left():
    points = grid().reshape(GRID_SIDE, GRID_SIDE, 2)
    assert points[0, 0].tolist() == pytest.approx([-EXTENT, EXTENT])
    assert points[-1, 0].tolist() == pytest.approx([-EXTENT, -EXTENT])
    assert points[0, -1].tolist() == pytest.approx([EXTENT, EXTENT])
    level = field(lambda x, sigma: x * sigma)
    assert level[3] == pytest.approx(points.numpy() * SIGMAS[3], rel=1e-5)


def test_walkers_follow_the_network_that_has_learned_most():
    fields, request = ScoreFields(), WalkRequest(source="learned", count=10)
    reports = fields.learn(LearnRequest())
    steps = [next(reports).step for _ in range(3)]
    reports.close()
    assert steps == [0, 10, 25]
    _, network = next(train(pattern_of(request.plane), LearnRequest().steps, 0, {25}))
    plan = fields.plan(request)
    for mine, theirs, _ in zip(fields.walk(plan), walk_frames(plan, network), range(6), strict=False):
        assert (mine.kind, mine.i) == (theirs.kind, theirs.i) and np.array_equal(mine.x, theirs.x)


def test_an_earlier_stage_does_not_replace_a_later_one():
    fields, request = ScoreFields(), LearnRequest(steps=20)
    list(fields.learn(request))
    fields._reports.put(request, None)  # forgotten, so that it learns anew
    reports = fields.learn(request)
    next(reports)
    reports.close()
    assert fields._networks.get(request)[0] == 20


def test_walkers_are_counted_at_every_record():
    request = WalkRequest(count=10)
    plan = ScoreFields().plan(request)
    frames = list(walk_frames(plan, TWO.mixture))
    kinds, levels = [frame.kind for frame in frames], plan.sigmas
    assert kinds[:4] == ["single", "annealed"] * 2 and set(levels) == {"single", "annealed"}
    for kind, sigmas in levels.items():
        mine = [frame for frame in frames if frame.kind == kind]
        assert [frame.sigma for frame in mine] == pytest.approx(sigmas) and [f.i for f in mine] == list(
            range(len(mine))
        )
        assert mine[-1].width is not None and all(frame.width is None for frame in mine[:-1])
    for frame in frames[:4]:
        near = np.hypot(*(frame.x - TWO.means[0]).T) > np.hypot(*(frame.x - TWO.means[1]).T)
        assert frame.shares == pytest.approx([1 - near.mean(), near.mean()])
        assert frame.distance == pytest.approx(abs(near.mean() - 0.2))
