"""All autoencoders on one picture; their errors by noise level, and what each generates as a sampler's denoiser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from explorer import examples
from explorer.autoencoders import AUTOENCODERS
from explorer.core.noise import generator, white, white_batch
from explorer.core.samplers.registry import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.core.spectra import radial
from explorer.engine.autoencoder_pool import AutoencoderPool
from explorer.engine.picture_store import PictureStore
from explorer.images import decoder
from explorer.schemas.autoencoders import (
    SIDE,
    TEST_SIGMAS,
    AutoencoderOutput,
    CorruptedPicture,
    CorruptionRequest,
    GeneratedFrames,
    GenerateRequest,
    LevelMatrix,
    MissingAutoencoder,
    SeedRequest,
)

MIN_ASSUMED_SIGMA = 0.01  # noise level that is passed along with a picture without noise, data units
GENERATED_FRAMES = 7  # of a trajectory, evenly spaced in its steps
BATCH_PICTURES = 64  # in one call of a denoiser
SPECIALISTS = tuple(
    name
    for name, info in AUTOENCODERS.items()
    if info.group == AUTOENCODERS["dae-100"].group and info.sigma is not None  # trained at one noise level each
)
MATRIX_ROWS = (*SPECIALISTS, "blind", "conditional")


class Autoencoders:
    """Answers on the autoencoders as they are called from outside: a picture in, a picture out. Thread-safe."""

    def __init__(self, pool: AutoencoderPool, picture_store: PictureStore) -> None:
        self._pool, self._picture_store = pool, picture_store

    def corrupt(self, request: CorruptionRequest) -> CorruptedPicture:
        """Return the picture at the autoencoders' size with its corruption, the same for all of them.

        Raises RequestRefused when there is no such picture.
        """
        source = self._picture_store.get(request.picture)
        x0 = torch.as_tensor(decoder.to_data(decoder.fit(source, SIDE)))
        x = x0 + _corruption(request, x0)
        power = radial.rapsd(torch.stack([x0, x])).mean(1).numpy()
        assumed_sigma = max(MIN_ASSUMED_SIGMA, float((x - x0).double().square().mean().sqrt()))
        k = radial.mean_wavenumbers(SIDE, SIDE)
        return CorruptedPicture(request, x0.numpy(), x.numpy(), assumed_sigma, k, power[0], power[1])

    def outputs(
        self, corrupted: CorruptedPicture, names: Iterable[str] = AUTOENCODERS
    ) -> Iterator[AutoencoderOutput | MissingAutoencoder]:
        """Yield the output of each of these autoencoders as it is computed, or why there is none.

        Raises RequestRefused when the batcher has no answer.
        """
        x, x0 = (torch.as_tensor(v)[None] for v in (corrupted.corrupted, corrupted.picture))
        for name in names:
            if missing := self._pool.missing(name):
                yield missing
                continue
            info, output = AUTOENCODERS[name], self._pool.denoiser(name)(x, corrupted.assumed_sigma)
            power = radial.rapsd(torch.cat([output, output - x0])).mean(1).numpy()
            mse = float((output - x0).double().square().mean())
            yield AutoencoderOutput(
                name, info.title, info.group, info.code, info.numbers, output[0].numpy(), power[0], power[1], mse
            )

    def level_matrix(self, request: SeedRequest) -> Iterator[LevelMatrix]:
        """Test denoisers at TEST_SIGMAS on the example pictures; yield the matrix after every row.

        Rows are the specialists, trained at one level each, then the blind and the conditional denoiser. Raises
        RequestRefused when none of them can be loaded.
        """
        names, missing = self._pool.available(MATRIX_ROWS)
        x0 = torch.as_tensor(examples.views(SIDE))
        mse = np.full((len(names), len(TEST_SIGMAS)), np.nan)
        titles = tuple(AUTOENCODERS[name].title for name in names)
        trained = np.array([AUTOENCODERS[name].sigma or np.nan for name in names])
        for row, name in enumerate(names or MATRIX_ROWS[-1:]):  # without any, the last one gives the reason
            denoiser = self._pool.denoiser(name)
            for column, sigma in enumerate(TEST_SIGMAS):
                x = x0 + sigma * white_batch(x0.shape[1:], request.seed, f"matrix {column}", range(len(x0)))
                estimate = torch.cat([denoiser(some, sigma) for some in torch.split(x, BATCH_PICTURES)])
                mse[row, column] = float((estimate - x0).double().square().mean())
            yield LevelMatrix(tuple(names), titles, trained, np.array(TEST_SIGMAS), mse.copy(), missing)

    def generate(self, request: GenerateRequest) -> Iterator[GeneratedFrames | MissingAutoencoder]:
        """Use each autoencoder as the denoiser of Heun's sampler, from the same noise.

        Yield the frames of each as they are computed, or why there are none.
        """
        sigmas = SCHEDULES["karras"].sigmas(request.steps)
        x = float(sigmas[0]) * white((3, SIDE, SIDE), request.seed, "sample")[None]
        shown: list[int] = np.unique(np.linspace(0, request.steps, GENERATED_FRAMES).round().astype(int)).tolist()
        for name, info in AUTOENCODERS.items():
            if missing := self._pool.missing(name):
                yield missing
                continue
            steps = list(SAMPLERS["heun"](self._pool.denoiser(name), x, sigmas))
            frames = np.stack([steps[i].x0[0].numpy() for i in shown])
            rms = float(steps[-1].x0.double().square().mean().sqrt())
            yield GeneratedFrames(name, info.title, sigmas[shown], frames, rms)


def _corruption(request: CorruptionRequest, x0: Tensor) -> Tensor:
    """Return what is added to x0 (3, H, W); a masked pixel becomes 0, mid-grey, in all colours."""
    if request.corruption == "none":
        return torch.zeros_like(x0)
    if request.corruption == "gaussian":
        return request.sigma * white(x0.shape, request.seed, "noising")
    masked = generator(request.seed, "mask").random(x0.shape[1:]) < request.rate
    return torch.where(torch.as_tensor(masked), -x0, torch.zeros_like(x0))
