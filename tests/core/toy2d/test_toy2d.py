"""Densities in the plane, walkers and the small network against closed forms, differences and plain sampling."""

import numpy as np
import pytest
import torch
from scipy import stats

from explorer.core.denoiser import convert
from explorer.core.noise import white
from explorer.core.toy2d import score_matching
from explorer.core.toy2d.densities import MAX_PARTS, PATTERNS, SIGMA_MAX, SIGMA_MIN, pattern_from_points
from explorer.core.toy2d.score_matching import noised_points, train, untrained
from explorer.core.toy2d.walkers import (
    annealed_levels,
    chance_distance,
    part_shares,
    relative_width,
    single_levels,
    start_points,
    total_variation,
    walk,
)
from explorer.engine.score_field import EXTENT, GRID_SIDE, SIGMAS, ScoreFields, grid, learn
from explorer.errors import RequestRefused
from explorer.schemas.score_field import DRAWING, DensityRequest, LearnRequest, WalkRequest

DENSITIES = {**{name: make() for name, make in PATTERNS.items()}, "drawn": pattern_from_points(DRAWING)}
POINTS = 1.2 * white((40, 2), 0, "test, plane").double()


@pytest.mark.parametrize("name", DENSITIES)
@pytest.mark.parametrize("sigma", [0.05, 0.5])
def test_score_is_the_gradient_of_the_log_density(name, sigma):
    mixture, h = DENSITIES[name].mixture, 1e-4
    for axis in range(2):
        shift = h * torch.eye(2).double()[axis]
        slope = (mixture.log_density(POINTS + shift, sigma) - mixture.log_density(POINTS - shift, sigma)) / (2 * h)
        score = mixture.score(POINTS, sigma)[:, axis]
        assert (slope - score).norm() / score.norm() < 1e-4


@pytest.mark.parametrize("name", DENSITIES)
def test_log_density_integrates_to_one(name):
    axis = torch.linspace(-4, 4, 401).double()
    log_p = DENSITIES[name].mixture.log_density(torch.cartesian_prod(axis, axis), 0.2)
    assert float(log_p.exp().sum()) * 0.02**2 == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("sigma", [0.05, 0.5, 3.0])
def test_four_names_for_one_arrow_differ_in_sign_and_scale(sigma):
    """s_theta of text A regresses the noise that was added, x - D; the score is that over -sigma^2."""
    pattern = DENSITIES["ring"]
    x0 = pattern.mixture(POINTS, sigma)
    added, score = POINTS - x0, pattern.mixture.score(POINTS, sigma)
    eps = convert(x0, "x0", "eps", POINTS, 1.0, sigma)
    assert torch.allclose(score, -added / sigma**2, atol=1e-10)
    assert torch.allclose(score, -eps / sigma, atol=1e-10)
    assert torch.allclose(score, (x0 - POINTS) / sigma**2, atol=1e-10)
    assert (score * added).sum(1).max() < 0  # the other way


@pytest.mark.parametrize("name", DENSITIES)
def test_samples_have_the_weights_the_width_and_the_scale(name):
    pattern = DENSITIES[name]
    x = pattern.sample(20_000, 3, "test")
    assert pattern.weights.sum() == pytest.approx(1) and pattern.shares.sum() == pytest.approx(1)
    assert float(x.square().mean().sqrt()) == pytest.approx(pattern.sigma_data, rel=0.02)
    assert total_variation(part_shares(pattern, x), pattern.shares) < 0.03
    assert relative_width(pattern, x) == pytest.approx(1, abs=0.03)


def test_a_drawing_falls_into_parts_that_lie_together():
    islands = pattern_from_points([(-1, 0), (-0.95, 0), (1, 0), (1, 0.05), (1, 0.1), (0, 1)])
    assert islands.part.max() < MAX_PARTS and len(islands.part) == 6
    far = pattern_from_points([(x + 0.01 * n, 0) for x in np.linspace(-1.5, 1.5, MAX_PARTS) for n in range(3)])
    assert np.array_equal(far.part, np.repeat(np.arange(MAX_PARTS), 3))  # numbered as they were drawn
    assert np.array_equal(pattern_from_points([(0.5, 0.5)]).shares, [1.0])
    with pytest.raises(ValueError, match="at least one point"):
        pattern_from_points([])


def test_walkers_begin_in_pure_noise_and_do_not_depend_on_each_other():
    few, many = start_points(5, 0), start_points(50, 0)
    assert torch.equal(few, many[:5]) and float(many.std()) == pytest.approx(SIGMA_MAX, rel=0.25)
    mixture = DENSITIES["two"].mixture
    *_, few = walk(mixture, single_levels(0.3)[:3].tolist() + [0.0], 5, 0)
    *_, many = walk(mixture, single_levels(0.3)[:3].tolist() + [0.0], 50, 0)
    assert torch.equal(few.x, many.x[:5])


def test_levels_end_where_they_should():
    single, annealed = single_levels(SIGMA_MAX), annealed_levels()
    assert np.all(np.diff(single) < 0) and np.all(np.diff(annealed) < 0) and single[-1] == annealed[-1] == 0
    assert len(single) == len(annealed) and single[-2] == pytest.approx(SIGMA_MAX)
    assert annealed[0] == pytest.approx(SIGMA_MAX) and annealed[-2] == pytest.approx(SIGMA_MIN)


@pytest.mark.parametrize("name", ["two", "ring", "grid"])
def test_falling_noise_finds_the_shares_and_one_small_level_does_not(name):
    pattern = DENSITIES[name]
    off = {}
    for kind, levels in {"single": single_levels(0.05), "annealed": annealed_levels()}.items():
        *_, last = walk(pattern.mixture, levels, 300, 0)
        off[kind] = total_variation(part_shares(pattern, last.x), pattern.shares)
        assert 0.8 < relative_width(pattern, last.x) < 1.2
    by_chance = chance_distance(pattern.shares, 300)
    assert off["annealed"] < by_chance + 0.04 and off["single"] > by_chance + 0.12


def test_in_the_long_run_walkers_at_one_level_have_its_density():
    """One Gaussian: the variance of Langevin moves is that of the level, up to the bias of the step."""
    pattern = pattern_from_points([(0.2, -0.1)])
    steps = list(walk(pattern.mixture, single_levels(0.3), 2000, 0))
    variance = pattern.std**2 + 0.3**2
    bias = 1 / (1 - 0.1 * 0.3**2 / (2 * variance))  # rate sigma^2 is the step (maths of langevin.py)
    found = float((steps[-2].x - torch.tensor([0.2, -0.1])).square().mean())
    low, high = stats.chi2.ppf((0.001, 0.999), 4000) / 4000
    assert low <= found / (variance * bias) <= high


def test_chance_is_what_independent_draws_do():
    """Two modes: E|share - p| of n draws is near sqrt(2 p (1 - p) / (pi n))."""
    assert chance_distance(np.array([0.8, 0.2]), 300) == pytest.approx(np.sqrt(2 * 0.16 / (np.pi * 300)), rel=0.1)


def test_the_network_learns_and_its_loss_keeps_its_distance():
    """DSM less ESM does not depend on the network; the error against the exact score falls."""
    reports = [report for report, _ in learn(LearnRequest(DensityRequest("ring"), steps=300, seed=1))]
    assert [r.step for r in reports] == [0, 10, 25, 50, 100, 200, 300]
    gaps = np.array([r.dsm - r.explicit for r in reports])
    assert np.ptp(gaps) < 0.03 < 0.3 < np.ptp([r.dsm for r in reports])
    assert reports[-1].explicit < 0.05 * reports[0].explicit
    assert np.all(reports[-1].error < 0.6 * reports[0].error)
    # what is left when the network is right: the mean posterior variance, here by another set of points
    pattern = DENSITIES["ring"]
    x0, x, sigma = noised_points(pattern, 20_000, 5, "test", 0)
    weight = 1 / (sigma * pattern.sigma_data) ** 2 * (sigma**2 + pattern.sigma_data**2)
    left = float((weight * (pattern.mixture(x, sigma) - x0).square().mean(1)).mean())
    assert gaps.mean() == pytest.approx(left, rel=0.05)


def test_learning_is_a_function_of_its_arguments():
    runs = [list(train(DENSITIES["two"], 12, 4, {0, 12})) for _ in range(2)]
    assert [step for step, _ in runs[0]] == [0, 12]
    x = POINTS.float()
    for (_, a), (_, b) in zip(*runs, strict=True):
        assert torch.equal(a(x, 0.3), b(x, 0.3))
    assert not torch.equal(runs[0][0][1](x, 0.3), runs[0][1][1](x, 0.3))
    assert not torch.equal(untrained(0.6, 4)(x, 0.3), untrained(0.6, 5)(x, 0.3))


def test_learning_leaves_the_global_stream_alone():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    list(train(DENSITIES["two"], 2, 0, {2}))
    assert torch.equal(before, torch.get_rng_state())


def test_the_learned_field_is_the_network_at_the_grid():
    *_, (report, network) = learn(LearnRequest(steps=10))
    points = grid()
    assert points[0].tolist() == pytest.approx([-EXTENT, EXTENT])
    assert points[GRID_SIDE - 1].tolist() == pytest.approx([EXTENT, EXTENT])
    with torch.no_grad():
        alone = network(torch.tensor([[EXTENT, EXTENT]]), float(SIGMAS[4]))
    assert report.field[4, 0, -1] == pytest.approx(alone[0].numpy(), abs=1e-5)


def test_walkers_follow_what_was_learned_as_far_as_it_has_come():
    score_fields, request = ScoreFields(), WalkRequest(source="learned", count=20)
    with pytest.raises(RequestRefused, match="learn this density first"):
        next(score_fields.walk(score_fields.plan(request)))
    reports = score_fields.learn(LearnRequest())
    for _ in range(4):
        next(reports)
    reports.close()  # stopped
    first = next(score_fields.walk(score_fields.plan(request)))
    assert (first.kind, first.i, len(first.x)) == ("single", 0, 20)


def test_what_was_learned_is_reported_again_without_learning():
    score_fields, request = ScoreFields(), LearnRequest(steps=20)
    first = list(score_fields.learn(request))
    assert all(a is b for a, b in zip(first, score_fields.learn(request), strict=True))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: DensityRequest("circle"),
        lambda: DensityRequest("drawn", ()),
        lambda: DensityRequest("drawn", ((0.0, 0.0),) * 201),
        lambda: DensityRequest("drawn", ((0.0, float("nan")),)),
        lambda: DensityRequest("drawn", ((0.0, 5.0),)),
        lambda: DensityRequest("drawn", ((0.0,),)),
        lambda: DensityRequest("drawn", "abc"),
        lambda: WalkRequest(sigma=0.0),
        lambda: WalkRequest(source="guessed"),
        lambda: WalkRequest(plane="two"),
        lambda: LearnRequest(steps=10**6),
        lambda: LearnRequest(seed=-1),
    ],
)
def test_bad_requests_are_refused_in_one_sentence(wrong):
    with pytest.raises(RequestRefused) as raised:
        wrong()
    assert str(raised.value).endswith(".") and "\n" not in str(raised.value)


def test_points_count_for_a_drawing_only():
    assert DensityRequest("two", ((0.0, 0.0),)) == DensityRequest("two")
    assert DensityRequest("drawn", [[0, 1]]).points == ((0.0, 1.0),)


def test_the_ring_begins_at_the_top_and_goes_clockwise():
    ring = DENSITIES["ring"]
    assert ring.means[:3] == pytest.approx(np.array([[0, 1], [np.sqrt(0.5), np.sqrt(0.5)], [1, 0]]), abs=1e-12)
    assert ring.weights == pytest.approx(np.arange(1, 9) / 36)


def test_the_average_forgets_the_start_first_and_is_slow_later(monkeypatch):
    """Average n is a share 1 - min(EMA_DECAY, n / (n + 9)) of the way to the network; here the network goes up by 1."""
    monkeypatch.setattr(score_matching, "EMA_DECAY", 0.2)

    def up_by_one(model, optimizer, batch):
        with torch.no_grad():
            next(model.parameters()).add_(1.0)

    monkeypatch.setattr(score_matching, "_learn", up_by_one)
    start, *averages = (
        float(next(net.parameters()).flatten()[0]) for _, net in train(DENSITIES["two"], 5, 0, set(range(6)))
    )
    expected = 0.0
    for n, average in enumerate(averages, 1):
        expected += (1 - min(0.2, n / (n + 9))) * (n - expected)
        assert average - start == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("steps", [1, 4])
def test_the_rate_falls_along_half_a_cosine_to_zero(monkeypatch, steps):
    rates = []
    learn_once = lambda model, optimizer, batch: rates.append(optimizer.param_groups[0]["lr"])
    monkeypatch.setattr(score_matching, "_learn", learn_once)
    list(train(DENSITIES["two"], steps, 0, set()))
    assert rates == pytest.approx(
        score_matching.LEARNING_RATE * np.cos(np.pi / 2 * np.arange(1, steps + 1) / steps) ** 2
    )
