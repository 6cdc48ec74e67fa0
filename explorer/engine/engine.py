"""The engine: answers requests with one network on one device, and keeps answers for a while, by request.

It is shared by all visitors and their threads.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch

from explorer.autoencoders import AUTOENCODERS
from explorer.autoencoders import FOLDER as AUTOENCODER_FOLDER
from explorer.core.denoiser import Denoiser
from explorer.engine import autoencoder_internals, autoencoders, branching, noising, sampling, transfer
from explorer.engine.autoencoder_pool import AutoencoderPool
from explorer.engine.cache import Cache
from explorer.engine.models import Models
from explorer.engine.picture_store import PictureStore
from explorer.engine.score_field import ScoreFields
from explorer.errors import RequestRefused
from explorer.examples import EXAMPLES
from explorer.images import decoder
from explorer.inference.batcher import PICTURE_PIXELS, Cancelled
from explorer.inference.replicas.client import Replicas
from explorer.schemas import (
    Branches,
    BranchRequest,
    DenoisedLevels,
    NoisedPicture,
    NoisingRequest,
    OctaveMap,
    RunDifference,
    SampledStep,
    SamplingPlan,
    SamplingRequest,
    TransferCurve,
    TransferRequest,
    UTurn,
    UTurnRequest,
)
from explorer.schemas.autoencoder_internals import Codes, SkipCosts, Wiring
from explorer.schemas.autoencoders import (
    AutoencoderOutput,
    CorruptedPicture,
    CorruptionRequest,
    GeneratedFrames,
    GenerateRequest,
    LevelMatrix,
    MissingAutoencoder,
    SeedRequest,
)

TOGETHER = 4  # pictures of 128x128 whose estimates are one part of an answer at least: each is a message to the page
KEPT_LEVELS = 8 * 2**20  # bytes of finished answers: one at 128x128 has 6 MB
KEPT_RUNS = 24 * 2**20  # bytes: a run at 64x64 has 2 MB, and is asked for again by what goes on from one of its steps


class Engine:
    """One method per question that a view asks."""

    def __init__(
        self,
        model: str = "scenes",
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        largest_side: int = 256,
        chunk: int = 8,
        compiled: bool = False,
        autoencoder_folder: Path = AUTOENCODER_FOLDER,
        replicas: Replicas | None = None,
    ) -> None:
        """Load the model. `chunk` 128x128 pictures go through it at once. Raises WeightsRefused.

        compiled: by PyTorch, which takes a minute or more.
        autoencoder_folder: the weight files of the family of autoencoders, which are loaded when they are first needed.
        replicas: of the model, on other machines; device, dtype and chunk are theirs then.
        """
        if replicas is not None:
            device, dtype, chunk = (
                replicas.info.device,
                replicas.info.dtype,
                replicas.info.max_pixels // PICTURE_PIXELS,
            )
        self.models = Models(model, torch.device(device), dtype, chunk, compiled, replicas)
        self.largest_side, self.chunk = largest_side, chunk
        self.score_fields = ScoreFields()
        self._pictures, self._members = PictureStore(), AutoencoderPool(self.models.in_turn, autoencoder_folder)
        self._levels: Cache[list[DenoisedLevels]] = Cache(KEPT_LEVELS, lambda parts: sum(p.error.nbytes for p in parts))
        self._runs: Cache[list[SampledStep]] = Cache(KEPT_RUNS, lambda run: sum(2 * step.x.nbytes for step in run))

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
        answer = lambda: self._denoised(noised, self.denoiser(noised.request))
        yield from _kept(self._levels, self._key(noised.request), answer)

    def prepare_examples(self, stopped: Callable[[], bool]) -> None:
        """Answer what the first page asks for each example, once and for good, behind whatever visitors ask.

        Ends early once stopped() is true.
        """
        with suppress(Cancelled, RequestRefused):  # a server without this size has nothing to prepare
            for request in (NoisingRequest(picture=example.name) for example in EXAMPLES):
                parts = self._levels.get(self._key(request))
                if parts is None:
                    denoiser = self.models.denoiser(request.model, request.size, request.label, stopped=stopped)
                    parts = list(self._denoised(self.noise(request), denoiser))
                self._levels.put_for_good(self._key(request), parts)

    def plan(self, request: SamplingRequest) -> SamplingPlan:
        """What is known of a run before its first step. Raises RequestRefused."""
        self._check(request)
        source = self.picture(request.picture) if request.start == "picture" else None
        return sampling.plan(request, source, self.models.training_spectrum(request.size))

    def sample(self, request: SamplingRequest) -> Iterator[SampledStep]:
        """The run, step by step. The caller may stop at any yield; a finished run is kept. Raises RequestRefused."""
        plan = self.plan(request)
        yield from _kept(self._runs, self._key(request), lambda: sampling.run(plan, self.denoiser(request)))

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

    def corrupt(self, request: CorruptionRequest) -> CorruptedPicture:
        """What every member of the family is given. Raises RequestRefused."""
        return autoencoders.corrupted(request, self.picture(request.picture))

    def line_up(
        self, given: CorruptedPicture, names: Iterable[str] = AUTOENCODERS
    ) -> Iterator[AutoencoderOutput | MissingAutoencoder]:
        """What each of these members of the family makes of it, one after another, or why it cannot be asked."""
        yield from autoencoders.outputs(self._members, given, names)

    def level_matrix(self, request: SeedRequest) -> Iterator[LevelMatrix]:
        """Denoisers trained at one level, tested at all, growing row by row. Raises RequestRefused."""
        yield from autoencoders.matrix(self._members, request.seed)

    def skip_costs(self, request: SeedRequest) -> Iterator[SkipCosts]:
        """What a U-Net loses without skip connections, growing level by level. Raises RequestRefused."""
        yield from autoencoder_internals.skip_costs(self._members, request.seed)

    def codes(self, request: CorruptionRequest, seed: int) -> Codes:
        """What the variational and the vector-quantised code of the picture hold. Raises RequestRefused."""
        return autoencoder_internals.codes(self._members, self.corrupt(request).picture, seed)

    def wiring(self, request: CorruptionRequest) -> Iterator[Wiring]:
        """One model at rising noise, told right and wrong levels one after another. Raises RequestRefused."""
        yield from autoencoder_internals.wiring(self._members, self.corrupt(request))

    def films(self, request: GenerateRequest) -> Iterator[GeneratedFrames | MissingAutoencoder]:
        """Each member of the family as the denoiser of one sampling loop, or why it cannot be asked."""
        yield from autoencoders.films(self._members, request)

    def _clean(self, run: SamplingRequest) -> np.ndarray:
        """The clean picture of a run: the person's, or else what came out of it, (3, H, W)."""
        if run.start == "picture":
            return decoder.to_data(decoder.fit(self.picture(run.picture), run.size))
        return self.step(run, run.steps).x0

    def _denoised(self, noised: NoisedPicture, denoiser: Denoiser) -> Iterator[DenoisedLevels]:
        batch = max(1, round(max(self.chunk, TOGETHER) * (128 / noised.request.size) ** 2))
        yield from noising.denoised_levels(noised, denoiser, batch)

    def _key(self, request: NoisingRequest | SamplingRequest) -> tuple:
        """Under which its answer is kept: with other weights it is another answer."""
        return self.models.hash_of(request.model), request

    def _check(self, request: NoisingRequest | SamplingRequest | TransferRequest) -> None:
        if request.size > self.largest_side:
            raise RequestRefused(f"Here a picture has at most {self.largest_side} pixels on a side.")
        self.models.check_label(request.label)


def _kept(kept: Cache[list], key: Hashable, answer: Callable[[], Iterator]) -> Iterator:
    """What is kept under the key, else the parts of the answer as they come, kept once it is complete."""
    parts = kept.get(key)
    if parts is None:
        parts = []
        for part in answer():
            parts.append(part)
            yield part
        kept.put(key, parts)
    else:
        yield from parts
