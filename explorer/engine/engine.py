"""The engine: answers requests with one network on one device, and caches finished answers by request.

It is shared by all visitors and their threads.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.autoencoders import FOLDER as AUTOENCODER_FOLDER
from explorer.core.denoiser import Denoiser
from explorer.engine import branching, noising, sampling, transfer
from explorer.engine.autoencoder_internals import AutoencoderInternals
from explorer.engine.autoencoder_pool import AutoencoderPool
from explorer.engine.autoencoders import Autoencoders
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
    SampledStep,
    SamplingPlan,
    SamplingRequest,
    TransferCurve,
    TransferRequest,
    UTurn,
    UTurnRequest,
)

MIN_BATCH_PICTURES = 4  # of 128x128 in one part of an answer: each part is a message to the page
MAX_LEVELS_BYTES = 8 * 2**20  # of all cached estimates at noise levels: one answer at 128x128 has 6 MB
MAX_RUNS_BYTES = 24 * 2**20  # of all cached runs: one at 64x64 has 2 MB, and branches start from its steps
Part = TypeVar("Part")


class Engine:
    """Answers to the requests of the first two pages; those of the third are those of its parts.

    models: the denoisers. picture_store: examples and uploads. autoencoders, autoencoder_internals, score_fields:
    the questions of the third page.
    """

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
        """Load the model of that name in weights/, or hub:OWNER/NAME@REVISION. Raises WeightsRefused.

        largest_side: of a picture, pixels. chunk: pictures of 128x128 that go through the model at once. compiled: by
        PyTorch, which takes a minute or more. autoencoder_folder: weight files that are loaded when they are first
        needed. replicas: of the model, on other machines; device, dtype and chunk are theirs then.
        """
        if replicas is not None:
            device, dtype = replicas.info.device, replicas.info.dtype
            chunk = replicas.info.max_pixels // PICTURE_PIXELS
        self.models = Models(model, torch.device(device), dtype, chunk, compiled, replicas)
        self.largest_side, self.chunk = largest_side, chunk
        self.picture_store, self.score_fields = PictureStore(), ScoreFields()
        pool = AutoencoderPool(self.models.batched, autoencoder_folder)
        self.autoencoders = Autoencoders(pool, self.picture_store)
        self.autoencoder_internals = AutoencoderInternals(pool)
        self._levels: Cache[list[DenoisedLevels]] = Cache(MAX_LEVELS_BYTES, _levels_bytes)
        self._runs: Cache[list[SampledStep]] = Cache(MAX_RUNS_BYTES, _run_bytes)

    def denoiser(self, request: NoisingRequest | SamplingRequest | TransferRequest) -> Denoiser:
        """Return the denoiser that a request names, with its class and guidance. Raises RequestRefused."""
        guidance = request.guidance if isinstance(request, SamplingRequest | TransferRequest) else 1.0
        return self.models.denoiser(request.model, request.size, request.label, guidance)

    def noise(self, request: NoisingRequest) -> NoisedPicture:
        """Return picture, noise and their spectra; takes milliseconds and runs no model.

        Raises RequestRefused for an unknown picture or class, and for a size that is too large here.
        """
        self._check(request)
        return noising.noised_picture(request, self.picture_store.get(request.picture))

    def denoise(self, noised: NoisedPicture) -> Iterator[DenoisedLevels]:
        """Yield the model's estimates in batches, a few levels spread over the range first.

        The caller may stop at any yield. A complete answer is cached. Raises RequestRefused when there is none.
        """

        def answer() -> Iterator[DenoisedLevels]:
            return self._denoised(noised, self.denoiser(noised.request))

        yield from _cached(self._levels, self._key(noised.request), answer)

    def prepare_examples(self, stopped: Callable[[], bool]) -> None:
        """Compute the first page's answer for each example and cache it for ever, while no visitor is waiting.

        Ends early once stopped() is true.
        """
        with suppress(Cancelled, RequestRefused):  # a server without this size has nothing to prepare
            for request in (NoisingRequest(picture=example.name) for example in EXAMPLES):
                parts = self._levels.get(self._key(request))
                if parts is None:
                    denoiser = self.models.denoiser(request.model, request.size, request.label, stopped=stopped)
                    parts = list(self._denoised(self.noise(request), denoiser))
                self._levels.pin(self._key(request), parts)

    def plan(self, request: SamplingRequest) -> SamplingPlan:
        """Return all that is known of a run before its first step; takes milliseconds and runs no model.

        Raises RequestRefused for an unknown picture or class, and for a size that is too large here.
        """
        self._check(request)
        source = self.picture_store.get(request.picture) if request.start == "picture" else None
        return sampling.make_plan(request, source, self.models.training_spectrum(request.size))

    def sample(self, plan: SamplingPlan) -> Iterator[SampledStep]:
        """Yield the run of a plan step by step.

        The caller may stop at any yield. A complete run is cached. Raises RequestRefused when the model has no answer.
        """
        request = plan.request
        yield from _cached(self._runs, self._key(request), lambda: sampling.run(plan, self.denoiser(request)))

    def step(self, plan: SamplingPlan, i: int) -> SampledStep:
        """Return step i of the run of a plan, from the cache or computed. Raises RequestRefused for i out of range."""
        for step in self.sample(plan):
            if step.i == i:
                return step
        raise RequestRefused("This run has no such step.")

    def branch(self, request: BranchRequest) -> Iterator[Branches]:
        """Yield the siblings after every step. The caller may stop at any yield. Raises RequestRefused."""
        plan = self.plan(request.run)
        origin = self.step(plan, request.step).x if request.origin == "step" else self._clean(plan)
        yield from branching.branches(request, torch.as_tensor(origin), self.denoiser(request.run))

    def u_turns(self, request: UTurnRequest) -> Iterator[UTurn]:
        """Yield what changes when the run's picture is noised and regenerated, per level, rising.

        The caller may stop at any yield. Raises RequestRefused.
        """
        picture = torch.as_tensor(self._clean(self.plan(request.run)))
        yield from branching.u_turns(request, picture, self.denoiser(request.run))

    def transfer(self, request: TransferRequest) -> Iterator[TransferCurve]:
        """Yield gains per octave: all closed forms, then each curve again once measured. Raises RequestRefused."""
        self._check(request)
        yield from transfer.curves(request, self.models.training_spectrum(request.size), self.denoiser(request))

    def _clean(self, plan: SamplingPlan) -> NDArray[np.float32]:
        """Return the clean picture of a run, (3, H, W) in data units: the one it started from, or else its result."""
        return self.step(plan, plan.request.steps).x0 if plan.picture is None else decoder.to_data(plan.picture)

    def _denoised(self, noised: NoisedPicture, denoiser: Denoiser) -> Iterator[DenoisedLevels]:
        batch = max(1, round(max(self.chunk, MIN_BATCH_PICTURES) * (128 / noised.request.size) ** 2))
        yield from noising.denoised_levels(noised, denoiser, batch)

    def _key(self, request: NoisingRequest | SamplingRequest) -> tuple[str, NoisingRequest | SamplingRequest]:
        """Return the key of an answer in the cache: with other weights it is another answer."""
        return self.models.hash_of(request.model), request

    def _check(self, request: NoisingRequest | SamplingRequest | TransferRequest) -> None:
        if request.size > self.largest_side:
            raise RequestRefused(f"Here a picture has at most {self.largest_side} pixels on a side.")
        self.models.check_label(request.label)


def _levels_bytes(parts: Sequence[DenoisedLevels]) -> int:
    return sum(part.error.nbytes for part in parts)


def _run_bytes(steps: Sequence[SampledStep]) -> int:
    return sum(step.x.nbytes + step.x0.nbytes for step in steps)


def _cached(cache: Cache[list[Part]], key: Hashable, answer: Callable[[], Iterator[Part]]) -> Iterator[Part]:
    """Yield the cached parts of an answer, or else its parts as they are computed, which are cached when complete."""
    cached = cache.get(key)
    if cached is not None:
        yield from cached
        return
    parts: list[Part] = []
    for part in answer():
        parts.append(part)
        yield part
    cache.put(key, parts)
