"""One method per question that a view asks; pictures and answers are kept for a while, by request.

The engine is shared by all visitors and their threads. It knows denoisers, spectra and noise; it knows neither Gradio
nor figures.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from explorer import examples, images, weights
from explorer.api import SIGMA_RANGE, DenoisedLevels, NoisedPicture, NoisingRequest, RequestRefused
from explorer.backends.worker import Worker
from explorer.core import spectra
from explorer.core.analytic import Ideal
from explorer.core.denoiser import Denoiser
from explorer.core.noise import white

KEPT_PICTURES = 64
KEPT_BYTES = 512 * 2**20  # of finished answers
CROSSOVER_POINTS = 193
COARSE = 5  # levels that are computed first, spread over the whole range


class Engine:
    """Answers requests with one network on one device."""

    def __init__(
        self,
        model: str = "scenes",
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        largest_side: int = 256,
        chunk: int = 8,
    ) -> None:
        """Load the model. `chunk` 128x128 pictures go through it at once. Raises WeightsRefused."""
        self.card = weights.card(model)
        self.device, self.dtype = torch.device(device), dtype
        self.largest_side, self.chunk = largest_side, chunk
        self._network = weights.load(model, self.device, dtype)
        self._wiener = weights.load("wiener")
        self._ideal: dict[int, Denoiser] = {}
        self._pictures: OrderedDict[str, np.ndarray] = OrderedDict()
        self._answers: OrderedDict[NoisingRequest, list[DenoisedLevels]] = OrderedDict()
        self._worker = Worker()
        self._lock = threading.Lock()

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that the network knows, 'any' last."""
        return tuple(self.card["classes"])

    def add_picture(self, picture: np.ndarray) -> str:
        """Keep a decoded picture (H, W, 3) uint8 for a while; returns its id, which depends on its pixels alone."""
        shape = "x".join(map(str, picture.shape))
        name = "upload-" + hashlib.blake2b(picture.tobytes() + shape.encode(), digest_size=12).hexdigest()
        with self._lock:
            self._pictures[name] = picture
            self._pictures.move_to_end(name)
            while len(self._pictures) > KEPT_PICTURES:
                self._pictures.popitem(last=False)
        return name

    def picture(self, name: str) -> np.ndarray:
        """The picture of that id or example name, uint8 (H, W, 3). Raises RequestRefused when it is not kept."""
        with self._lock:
            if name in self._pictures:
                self._pictures.move_to_end(name)
                return self._pictures[name]
        if name not in {example.name for example in examples.EXAMPLES}:
            raise RequestRefused("This picture is no longer kept here; please upload it again.")
        return examples.load(name)

    def noise(self, request: NoisingRequest) -> NoisedPicture:
        """Picture, noise and their spectra; takes milliseconds and needs no model. Raises RequestRefused."""
        if request.size > self.largest_side:
            raise RequestRefused(f"Here a picture has at most {self.largest_side} pixels on a side.")
        if request.label not in self.classes:
            raise RequestRefused(f"The class must be one of: {', '.join(self.classes)}.")
        source = self.picture(request.picture)
        fitted = images.fit(source, request.size)
        x0 = torch.from_numpy(images.to_data(fitted))
        eps = white(x0.shape, request.seed, "noising")
        clean, noise, total = (spectra.rapsd(v).mean(0).double().numpy() for v in (x0, eps, x0 + eps))
        grid = np.geomspace(*SIGMA_RANGE, CROSSOVER_POINTS)
        k = spectra.mean_wavenumbers(*x0.shape[-2:])  # where each ring's power lies, not its nominal radius
        return NoisedPicture(
            request=request,
            upscaled=images.upscaled(source, request.size),
            picture=fitted,
            eps=eps.numpy(),
            wavenumber=k,
            clean=clean,
            noise=noise,
            cross=(total - clean - noise) / 2,
            band=spectra.error_band(*x0.shape[-2:], draws=len(x0)),  # the channels' noises are independent draws
            crossover_sigma=grid,
            crossover=np.array([spectra.feature_size(spectra.crossover(clean, s, k)[0]) for s in grid]),
        )

    def denoise(self, noised: NoisedPicture) -> Iterator[DenoisedLevels]:
        """The model's estimates, a few spread-out levels first, then all others, in batches.

        The caller may stop at any yield. A finished answer is kept, so that asking again costs nothing.
        """
        request = noised.request
        with self._lock:
            kept = self._answers.get(request)
        if kept is not None:
            yield from kept
            return
        done = []
        x0, eps = torch.from_numpy(noised.x0), torch.from_numpy(noised.eps)
        sigmas = torch.from_numpy(request.sigmas).float()
        for indices in level_batches(request.levels, self._batch(request)):
            sigma = sigmas[indices]
            x = x0 + sigma[:, None, None, None] * eps
            done.append(_measure(np.array(indices), self._worker(self._estimate, request, x, sigma), x0))
            yield done[-1]
        self._keep(request, done)

    def denoiser(self, request: NoisingRequest) -> Denoiser:
        """The Denoiser that a request names, on the engine's device for the network and on the CPU otherwise."""
        if request.model == "network":
            return self._network
        if request.model == "wiener":
            return self._wiener
        if request.size not in self._ideal:
            self._ideal[request.size] = Ideal(torch.from_numpy(examples.views(request.size)))
        return self._ideal[request.size]

    @torch.inference_mode()
    def _estimate(self, request: NoisingRequest, x: Tensor, sigma: Tensor) -> Tensor:
        if request.model != "network":
            return self.denoiser(request)(x, sigma)
        label = torch.full((len(x),), self.classes.index(request.label), device=self.device)
        estimate = self._network(x.to(self.device), sigma.to(self.device), label).float().cpu()
        if not estimate.isfinite().all():
            raise RequestRefused("The model gave a result that is not a number here; another size or level may work.")
        return estimate

    def _batch(self, request: NoisingRequest) -> int:
        return max(1, round(self.chunk * (128 / request.size) ** 2))

    def _keep(self, request: NoisingRequest, answer: list[DenoisedLevels]) -> None:
        with self._lock:
            self._answers[request] = answer
            self._answers.move_to_end(request)
            while len(self._answers) > 1 and sum(_bytes(a) for a in self._answers.values()) > KEPT_BYTES:
                self._answers.popitem(last=False)


def level_batches(levels: int, batch: int) -> Iterator[list[int]]:
    """All level indices in batches: first a few spread over the range, so that every view has something to show."""
    coarse = sorted({round(i * (levels - 1) / (COARSE - 1)) for i in range(COARSE)})
    rest = [i for i in range(levels) if i not in coarse]
    for group in (coarse, rest):
        for start in range(0, len(group), batch):
            yield group[start : start + batch]


def _measure(indices: np.ndarray, estimate: Tensor, x0: Tensor) -> DenoisedLevels:
    error = estimate - x0
    return DenoisedLevels(
        indices=indices,
        error=error.numpy(),
        denoised_spectrum=spectra.rapsd(estimate).mean(1).numpy(),
        error_spectrum=spectra.rapsd(error).mean(1).numpy(),
        mse=error.square().mean((1, 2, 3)).numpy(),
    )


def _bytes(answer: list[DenoisedLevels]) -> int:
    return sum(levels.error.nbytes for levels in answer)
