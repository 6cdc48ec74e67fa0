"""Densities in two dimensions: their score field, walkers in it, and a small network that learns it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.preconditioning import loss_weight
from explorer.core.noise import white
from explorer.core.toy2d import densities, walkers
from explorer.core.toy2d.densities import SIGMA_MAX, SIGMA_MIN, Pattern
from explorer.core.toy2d.score_matching import noised_points, train
from explorer.engine.cache import Cache
from explorer.errors import RequestRefused
from explorer.schemas.score_field import (
    EXTENT,
    Density,
    DensityRequest,
    LearnedScore,
    LearnRequest,
    WalkFrame,
    WalkPlan,
    WalkRequest,
)

SIGMAS = np.geomspace(SIGMA_MIN, SIGMA_MAX, 17)  # (L,) levels at which fields and errors are given, data units
GRID_SIDE = 41  # points of a learned field on a side
POINTS_PER_LEVEL = 1024  # to measure lengths and errors
LOSS_POINTS = 8192  # noisy points on which the two losses are measured
REPORT_STEPS = 100  # training steps between two reports
EARLY_REPORTS = (0, 10, 25, 50)  # training steps with a report of their own, when most is learned
MAX_NETWORKS = 32  # cached: some 100 kB each


class ScoreFields:
    """Answers on densities in two dimensions; caches networks and what was measured on them by request. Thread-safe."""

    def __init__(self) -> None:
        self._networks: Cache[tuple[int, Denoiser]] = Cache(MAX_NETWORKS)  # steps done, network
        self._reports: Cache[list[LearnedScore]] = Cache(MAX_NETWORKS)

    def plan(self, request: WalkRequest) -> WalkPlan:
        """Return the walkers' noise levels, and how near to the weights chance alone would let them come."""
        grids = {"single": walkers.single_levels(request.sigma), "annealed": walkers.annealed_levels()}
        return WalkPlan(request, grids, walkers.chance_distance(pattern_of(request.plane).shares, request.count))

    def walk(self, plan: WalkPlan) -> Iterator[WalkFrame]:
        """Yield the frames of both kinds of walkers in turns, at the same number of moves.

        Raises RequestRefused where the score is to be the learned one and no network has learned it yet.
        """
        if plan.request.source == "exact":
            yield from walk_frames(plan, pattern_of(plan.request.plane).mixture)
            return
        learned = self._networks.get(LearnRequest(plan.request.plane))
        if learned is None:
            raise RequestRefused("Let the network learn this density first.")
        yield from walk_frames(plan, learned[1])

    def learn(self, request: LearnRequest) -> Iterator[LearnedScore]:
        """Train a network and yield what it has learned at some steps.

        The caller may stop at any yield; the network is cached as far as it has come.
        """
        finished = self._reports.get(request)
        if finished is not None:
            yield from finished
            return
        reports: list[LearnedScore] = []
        for learned, network in learn(request):
            reports.append(learned)
            cached = self._networks.get(request)
            if cached is None or cached[0] <= learned.step:
                self._networks.put(request, (learned.step, network))
            yield learned
        self._reports.put(request, reports)


def pattern_of(request: DensityRequest) -> Pattern:
    """Return the density that a request names."""
    if request.density == "drawn":
        return densities.pattern_from_points(request.points)
    return densities.PATTERNS[request.density]()


def density(request: DensityRequest) -> Density:
    """Return all that is known of a density before anything is learned; takes milliseconds."""
    pattern = pattern_of(request)
    points = _TestPoints(pattern)
    return Density(
        request=request,
        means=pattern.means,
        weights=pattern.weights,
        std=pattern.std,
        part=pattern.part,
        shares=pattern.shares,
        sigmas=SIGMAS,
        move=_rms_length(points.exact - points.x),
    )


def walk_frames(plan: WalkPlan, denoiser: Denoiser) -> Iterator[WalkFrame]:
    """Yield the frames of both kinds of walkers in turns, moved by the score of the denoiser."""
    request, pattern = plan.request, pattern_of(plan.request.plane)
    runs = {kind: walkers.walk(denoiser, grid, request.count, request.seed) for kind, grid in plan.sigmas.items()}
    for steps in zip(*runs.values(), strict=True):
        for kind, step in zip(runs, steps, strict=True):
            shares = walkers.part_shares(pattern, step.x)
            distance = float(walkers.total_variation(shares, pattern.shares))
            width = walkers.relative_width(pattern, step.x) if step.sigma == 0 else None
            yield WalkFrame(kind, step.i, step.sigma, step.x.float().numpy(), shares, distance, width)


def learn(request: LearnRequest) -> Iterator[tuple[LearnedScore, Denoiser]]:
    """Train a network and yield what it has learned at some steps, with the network at that step."""
    pattern = pattern_of(request.plane)
    reported = {*range(0, request.steps, REPORT_STEPS), *(n for n in EARLY_REPORTS if n < request.steps), request.steps}
    points, losses = _TestPoints(pattern), _Losses(pattern)
    for step, network in train(pattern, request.steps, request.seed, reported):
        dsm, explicit = losses.of(network)
        yield LearnedScore(step, dsm, explicit, SIGMAS, points.error(network), field(network)), network


def grid() -> Tensor:
    """Return the points of a learned field, (GRID_SIDE^2, 2) float32: row by row from the top left, data units."""
    axis = torch.linspace(-EXTENT, EXTENT, GRID_SIDE)
    return torch.cartesian_prod(axis.flip(0), axis).flip(1)


@torch.no_grad()
def field(denoiser: Denoiser) -> NDArray[np.float32]:
    """Return D at the grid and each of SIGMAS, (L, G, G, 2), data units."""
    points = grid()
    return torch.stack([denoiser(points, s).reshape(GRID_SIDE, GRID_SIDE, 2) for s in SIGMAS.tolist()]).numpy()


class _TestPoints:
    """The same noisy points at each of SIGMAS, (L, n, 2), and the exact posterior mean at them."""

    def __init__(self, pattern: Pattern) -> None:
        levels = torch.as_tensor(SIGMAS)[:, None, None]
        x0 = pattern.sample(POINTS_PER_LEVEL, 0, "plane, points")
        self.x = x0 + levels * white((POINTS_PER_LEVEL, 2), 0, "plane, noise").double()
        self.exact = _at_levels(pattern.mixture, self.x)

    def error(self, denoiser: Denoiser) -> NDArray[np.float64]:
        """Return rms of (denoiser - exact) over rms of (exact - x), (L,): the same ratio for score and noise."""
        return _rms_length(_at_levels(denoiser, self.x) - self.exact) / _rms_length(self.exact - self.x)


class _Losses:
    """The two losses with the training's weight, on points drawn as the training's but never trained on."""

    def __init__(self, pattern: Pattern) -> None:
        self.x0, self.x, self.sigma = noised_points(pattern, LOSS_POINTS, 0, "plane, losses", 0)
        self.exact = pattern.mixture(self.x, self.sigma)
        self.weight = loss_weight(self.sigma, pattern.sigma_data)

    @torch.no_grad()
    def of(self, denoiser: Denoiser) -> tuple[float, float]:
        """Return the loss against the clean points, and that against the exact posterior mean."""
        estimate = denoiser(self.x, self.sigma)
        return self._loss(estimate, self.x0), self._loss(estimate, self.exact)

    def _loss(self, estimate: Tensor, target: Tensor) -> float:
        return float((self.weight * (estimate - target).square().mean(1)).double().mean())


@torch.no_grad()
def _at_levels(denoiser: Denoiser, x: Tensor) -> Tensor:
    """Return D at the points x (L, n, 2) of each level, (L, n, 2) float64."""
    return torch.stack([denoiser(points, s) for points, s in zip(x, SIGMAS.tolist(), strict=True)]).double()


def _rms_length(vectors: Tensor) -> NDArray[np.float64]:
    """Return the root mean square length of (L, n, 2) per level, (L,)."""
    return vectors.square().sum(2).mean(1).sqrt().numpy()
