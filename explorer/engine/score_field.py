"""Densities in the plane: what is known of them, walkers, and a network that learns while one looks on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
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

SIGMAS = np.geomspace(SIGMA_MIN, SIGMA_MAX, 17)  # levels at which fields and errors are given
GRID = 41  # points of a learned field on a side
POINTS = 1024  # at each level, to measure lengths and errors
TESTS = 8192  # noisy points on which the two losses are measured
EVERY = 100  # steps between two reports
FIRST = (0, 10, 25, 50)  # when most is learned
KEPT_NETWORKS = 32


class ScoreFields:
    """The questions of the plane; networks and what was reported of them are kept, by request."""

    def __init__(self) -> None:
        self._networks: Cache[tuple[int, Denoiser]] = Cache(KEPT_NETWORKS)
        self._reports: Cache[list[LearnedScore]] = Cache(KEPT_NETWORKS)

    def plane(self, request: DensityRequest) -> Density:
        """What is known of a density at once."""
        return plane(request)

    def plan(self, request: WalkRequest) -> WalkPlan:
        """The walkers' noise levels, and how near to the weights chance lets them come."""
        return plan(request)

    def walks(self, request: WalkRequest) -> Iterator[WalkFrame]:
        """The walkers, both kinds in turns. Raises RequestRefused where the learned score is not there yet."""
        kept = None if request.source == "exact" else self._networks.get(LearnRequest(request.plane))
        if request.source != "exact" and kept is None:
            raise RequestRefused("Let the network learn this density first.")
        yield from walks(request, pattern_of(request.plane).mixture if kept is None else kept[1])

    def learn(self, request: LearnRequest) -> Iterator[LearnedScore]:
        """Reports while the network learns; the caller may stop at any. The network stays, as far as it has come."""
        reports = self._reports.get(request)
        if reports is not None:
            yield from reports
            return
        reports = []
        for learned, network in learn(request):
            reports.append(learned)
            kept = self._networks.get(request)
            if kept is None or kept[0] <= learned.step:
                self._networks.put(request, (learned.step, network))
            yield learned
        self._reports.put(request, reports)


def pattern_of(request: DensityRequest) -> Pattern:
    """The density that a request names."""
    return (
        densities.pattern_from_points(request.points)
        if request.density == "drawn"
        else densities.PATTERNS[request.density]()
    )


def plane(request: DensityRequest) -> Density:
    """What is known of a density at once; takes milliseconds."""
    pattern = pattern_of(request)
    points = _Points(pattern)
    return Density(
        request=request,
        means=pattern.means,
        weights=pattern.weights,
        std=pattern.std,
        part=pattern.part,
        shares=pattern.shares,
        sigmas=SIGMAS,
        move=_length(points.exact - points.x),
    )


def plan(request: WalkRequest) -> WalkPlan:
    """The walkers' noise levels by kind, and how near to the weights chance lets them come."""
    grids = {"single": walkers.single_levels(request.sigma), "annealed": walkers.annealed_levels()}
    return WalkPlan(request, grids, walkers.chance_distance(pattern_of(request.plane).shares, request.count))


def walks(request: WalkRequest, denoiser: Denoiser) -> Iterator[WalkFrame]:
    """The frames of both kinds of walkers in turns, at the same number of moves."""
    pattern = pattern_of(request.plane)
    grids = plan(request).sigmas
    runs = {kind: walkers.walk(denoiser, grid, request.count, request.seed) for kind, grid in grids.items()}
    for steps in zip(*runs.values(), strict=True):
        for kind, step in zip(runs, steps, strict=True):
            shares = walkers.part_shares(pattern, step.x)
            distance = float(walkers.total_variation(shares, pattern.shares))
            width = walkers.relative_width(pattern, step.x) if step.sigma == 0 else None
            yield WalkFrame(kind, step.i, step.sigma, step.x.float().numpy(), shares, distance, width)


def learn(request: LearnRequest) -> Iterator[tuple[LearnedScore, Denoiser]]:
    """The network at some steps of its training, and what it knows by then."""
    pattern = pattern_of(request.plane)
    shown = {*range(0, request.steps, EVERY), *(n for n in FIRST if n < request.steps), request.steps}
    points, losses = _Points(pattern), _Losses(pattern)
    for step, network in train(pattern, request.steps, request.seed, shown):
        dsm, explicit = losses.of(network)
        yield LearnedScore(step, dsm, explicit, SIGMAS, points.error(network), field(network)), network


def grid() -> Tensor:
    """The points of a learned field, (GRID^2, 2) float32: row by row from the top left."""
    axis = torch.linspace(-EXTENT, EXTENT, GRID)
    return torch.cartesian_prod(axis.flip(0), axis).flip(1)


@torch.no_grad()
def field(denoiser: Denoiser) -> np.ndarray:
    """D at the grid and each of SIGMAS, (L, G, G, 2) float32."""
    places = grid()
    return torch.stack([denoiser(places, s).reshape(GRID, GRID, 2) for s in SIGMAS.tolist()]).numpy()


class _Points:
    """The same noisy points at each of SIGMAS, (L, n, 2), and the exact posterior mean at them."""

    def __init__(self, pattern: Pattern) -> None:
        levels = torch.from_numpy(SIGMAS)[:, None, None]
        x0, eps = pattern.sample(POINTS, 0, "plane, points"), white((POINTS, 2), 0, "plane, noise").double()
        self.x = x0 + levels * eps
        self.exact = _at_levels(pattern.mixture, self.x)

    def error(self, denoiser: Denoiser) -> np.ndarray:
        """rms of (denoiser - exact) over rms of (exact - x), (L,): the same ratio for score and noise."""
        return _length(_at_levels(denoiser, self.x) - self.exact) / _length(self.exact - self.x)


@dataclass
class _Losses:
    """The two losses on the same points as the training's, but others, with the training's weight."""

    pattern: Pattern

    def __post_init__(self) -> None:
        self.x0, self.x, self.sigma = noised_points(self.pattern, TESTS, 0, "plane, losses", 0)
        self.exact = self.pattern.mixture(self.x, self.sigma)
        self.weight = loss_weight(self.sigma, self.pattern.sigma_data)

    @torch.no_grad()
    def of(self, denoiser: Denoiser) -> tuple[float, float]:
        """Against the clean points, and against the exact posterior mean."""
        found = denoiser(self.x, self.sigma)
        loss = lambda target: float((self.weight * (found - target).square().mean(1)).double().mean())
        return loss(self.x0), loss(self.exact)


@torch.no_grad()
def _at_levels(denoiser: Denoiser, x: Tensor) -> Tensor:
    return torch.stack([denoiser(points, s) for points, s in zip(x, SIGMAS.tolist(), strict=True)]).double()


def _length(vectors: Tensor) -> np.ndarray:
    """Root mean square length of (L, n, 2), (L,)."""
    return vectors.square().sum(2).mean(1).sqrt().numpy()
