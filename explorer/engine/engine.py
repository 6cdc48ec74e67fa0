"""The engine: answers requests with one network on one device, and keeps answers for a while, by request.

It is shared by all visitors and their threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch

from explorer import images
from explorer.api import (
    Branches,
    BranchRequest,
    DenoisedLevels,
    NoisedPicture,
    NoisingRequest,
    OctaveMap,
    RequestRefused,
    RunDifference,
    SampledStep,
    SamplingPlan,
    SamplingRequest,
    TransferCurve,
    TransferRequest,
    UTurn,
    UTurnRequest,
    whole_number,
)
from explorer.api.family import (
    Codes,
    Corrupted,
    GenerateRequest,
    LevelMatrix,
    LineUpRequest,
    MemberFilm,
    MemberOutput,
    Wiring,
)
from explorer.core.denoiser import Denoiser
from explorer.engine import branching, family, noising, sampling, transfer
from explorer.engine.kept import Kept
from explorer.engine.models import Models
from explorer.engine.pictures import Pictures
from explorer.engine.planar import Planar

KEPT_BYTES = 256 * 2**20  # of finished answers of each kind


class Engine:
    """One method per question that a view asks."""

    def __init__(
        self,
        model: str = "scenes",
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        largest_side: int = 256,
        chunk: int = 8,
    ) -> None:
        """Load the model. `chunk` 128x128 pictures go through it at once. Raises WeightsRefused."""
        self.models = Models(model, torch.device(device), dtype)
        self.largest_side, self.chunk = largest_side, chunk
        self.planar = Planar()
        self._pictures, self._family = Pictures(), family.Family(self.models.in_turn)
        self._levels: Kept[list[DenoisedLevels]] = Kept(KEPT_BYTES, lambda parts: sum(p.error.nbytes for p in parts))
        self._runs: Kept[list[SampledStep]] = Kept(KEPT_BYTES, lambda run: sum(2 * step.x.nbytes for step in run))

    @property
    def card(self) -> dict:
        """The network's card."""
        return self.models.card

    def card_of(self, model: str) -> dict:
        """The card of the model that a request names, with its name and, where it has a file, sha256."""
        return self.models.card_of(model)

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return self.models.device

    @property
    def dtype(self) -> torch.dtype:
        """What the network computes in."""
        return self.models.dtype

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that the network knows, 'any' last."""
        return self.models.classes

    def add_picture(self, picture: np.ndarray) -> str:
        """Keep a decoded picture (H, W, 3) uint8 for a while; returns its id, which depends on its pixels alone."""
        return self._pictures.add(picture)

    def picture(self, name: str) -> np.ndarray:
        """The picture of that id or example name, uint8 (H, W, 3). Raises RequestRefused when it is not kept."""
        return self._pictures.get(name)

    def denoiser(self, request: NoisingRequest | SamplingRequest | TransferRequest) -> Denoiser:
        """The denoiser that a request names, class and guidance being part of it. Raises RequestRefused."""
        guidance = getattr(request, "guidance", 1.0)
        return self.models.denoiser(request.model, request.size, request.label, guidance)

    def noise(self, request: NoisingRequest) -> NoisedPicture:
        """Picture, noise and their spectra; takes milliseconds and needs no model. Raises RequestRefused."""
        self._check(request)
        return noising.noised_picture(request, self.picture(request.picture))

    def denoise(self, noised: NoisedPicture) -> Iterator[DenoisedLevels]:
        """The model's estimates, a few spread-out levels first, then all others, in batches.

        The caller may stop at any yield. A finished answer is kept, so that asking again costs nothing.
        """
        request = noised.request
        batch = max(1, round(self.chunk * (128 / request.size) ** 2))
        answer = lambda: noising.denoised_levels(noised, self.denoiser(request), batch)
        yield from _kept(self._levels, request, answer)

    def plan(self, request: SamplingRequest) -> SamplingPlan:
        """What is known of a run before its first step. Raises RequestRefused."""
        self._check(request)
        source = self.picture(request.picture) if request.start == "picture" else None
        return sampling.plan(request, source, self.models.training_spectrum(request.size))

    def sample(self, request: SamplingRequest) -> Iterator[SampledStep]:
        """The run, step by step. The caller may stop at any yield; a finished run is kept. Raises RequestRefused."""
        plan = self.plan(request)
        yield from _kept(self._runs, request, lambda: sampling.run(plan, self.denoiser(request)))

    def octave_map(self, steps: list[SampledStep]) -> OctaveMap:
        """Which octaves of the last estimate are fixed at which step."""
        return sampling.octave_map(steps)

    def pairs(self, a: SamplingRequest, b: SamplingRequest) -> np.ndarray:
        """For each level of run A the step of run B that is nearest to it, (steps + 1,)."""
        return sampling.pairs(a.sigmas, b.sigmas)

    def difference(self, a: list[SampledStep], b: list[SampledStep]) -> RunDifference:
        """Two runs of the same size, compared step by step."""
        return sampling.difference(a, b)

    def step(self, request: SamplingRequest, i: int) -> SampledStep:
        """One step of a run, from what is kept, else computed again up to there. Raises RequestRefused."""
        for step in self.sample(request):
            if step.i == i:
                return step
        raise RequestRefused("This run has no such step.")

    def branch(self, request: BranchRequest) -> Iterator[Branches]:
        """The siblings after every step. The caller may stop at any yield. Raises RequestRefused."""
        self._check(request.run)
        if request.origin == "step":
            origin = self.step(request.run, request.step).x
        else:
            origin = self._clean(request.run)
        yield from branching.branches(request, torch.from_numpy(origin), self.denoiser(request.run))

    def u_turns(self, request: UTurnRequest) -> Iterator[UTurn]:
        """What changes when the run's picture is noised to rising levels and regenerated. Raises RequestRefused."""
        self._check(request.run)
        yield from branching.u_turns(request, torch.from_numpy(self._clean(request.run)), self.denoiser(request.run))

    def transfer(self, request: TransferRequest) -> Iterator[TransferCurve]:
        """Gains per octave: all closed forms first, then each curve with what was measured. Raises RequestRefused."""
        self._check(request)
        yield from transfer.curves(request, self.models.training_spectrum(request.size), self.denoiser(request))

    def corrupt(self, request: LineUpRequest) -> Corrupted:
        """What every member of the family is given. Raises RequestRefused."""
        return family.corrupted(request, self.picture(request.picture))

    def line_up(self, given: Corrupted) -> Iterator[MemberOutput]:
        """What each member of the family makes of it, one after another."""
        yield from self._family.outputs(given)

    def level_matrix(self, seed: float) -> Iterator[LevelMatrix]:
        """Denoisers trained at one level, tested at all, growing row by row. Raises RequestRefused."""
        yield from self._family.matrix(whole_number(seed, 0, 2**53, "seed"))

    def codes(self, request: LineUpRequest, seed: int) -> Codes:
        """What the variational and the vector-quantised code of the picture hold. Raises RequestRefused."""
        return self._family.codes(self.corrupt(request).picture, seed)

    def wiring(self, request: LineUpRequest) -> Wiring:
        """One model at rising noise, told right and wrong levels, beside the blind one. Raises RequestRefused."""
        return self._family.wiring(self.corrupt(request))

    def films(self, request: GenerateRequest) -> Iterator[MemberFilm]:
        """Each member of the family as the denoiser of one sampling loop, one after another."""
        yield from self._family.films(request)

    def _clean(self, run: SamplingRequest) -> np.ndarray:
        """The clean picture of a run: the person's, or else what came out of it, (3, H, W)."""
        if run.start == "picture":
            return images.to_data(images.fit(self.picture(run.picture), run.size))
        return self.step(run, run.steps).x0

    def _check(self, request: NoisingRequest | SamplingRequest | TransferRequest) -> None:
        if request.size > self.largest_side:
            raise RequestRefused(f"Here a picture has at most {self.largest_side} pixels on a side.")
        self.models.check_label(request.label)


def _kept(kept: Kept[list], request: object, answer: Callable[[], Iterator]) -> Iterator:
    """What is kept for the request, else the parts of the answer as they come, kept once it is complete."""
    parts = kept.get(request)
    if parts is None:
        parts = []
        for part in answer():
            parts.append(part)
            yield part
        kept.put(request, parts)
    else:
        yield from parts
