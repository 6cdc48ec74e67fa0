"""The family of autoencoders at work: one picture through all of them, the levels they know, what they generate."""

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
from explorer.images import decoder
from explorer.schemas.autoencoders import (
    SIDE,
    AutoencoderOutput,
    CorruptedPicture,
    CorruptionRequest,
    GeneratedFrames,
    GenerateRequest,
    LevelMatrix,
    MissingAutoencoder,
)

LEAST = 0.01  # noise level passed for a picture without noise, data units
TEST_LEVELS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
FRAMES = 7
ROWS = (
    *(n for n, i in AUTOENCODERS.items() if i.group == AUTOENCODERS["dae-100"].group and i.sigma),
    "blind",
    "conditional",
)


def outputs(
    pool: AutoencoderPool, given: CorruptedPicture, names: Iterable[str] = AUTOENCODERS
) -> Iterator[AutoencoderOutput | MissingAutoencoder]:
    """What each member makes of the corrupted picture, one after another, or why it cannot be asked."""
    x, x0 = (torch.from_numpy(v)[None] for v in (given.corrupted, given.picture))
    for name in names:
        if refused := pool.missing(name):
            yield refused
            continue
        info, output = AUTOENCODERS[name], pool.denoiser(name)(x, given.told)
        power = radial.rapsd(torch.cat([output, output - x0])).mean(1).numpy()
        yield AutoencoderOutput(
            name, info.title, info.group, info.code, info.numbers, output[0].numpy(), power[0], power[1],
            float((output - x0).double().square().mean()),
        )  # fmt: skip


def matrix(pool: AutoencoderPool, seed: int) -> Iterator[LevelMatrix]:
    """Specialists as rows, blind and conditional last; yields after every row, the rest being nan.

    Raises RequestRefused when none of them can be asked.
    """
    names, missing = pool.available(ROWS)
    x0 = torch.from_numpy(examples.views(SIDE))
    mse = np.full((len(names), len(TEST_LEVELS)), np.nan)
    titles, levels = (
        tuple(AUTOENCODERS[n].title for n in names),
        np.array([AUTOENCODERS[n].sigma or np.nan for n in names]),
    )
    for row, name in enumerate(names or ROWS[-1:]):
        denoiser = pool.denoiser(name)
        for column, sigma in enumerate(TEST_LEVELS):
            x = x0 + sigma * white_batch(x0.shape[1:], seed, f"matrix {column}", range(len(x0)))
            estimate = torch.cat([denoiser(some, sigma) for some in x.split(64)])
            mse[row, column] = float((estimate - x0).double().square().mean())
        yield LevelMatrix(tuple(names), titles, levels, np.array(TEST_LEVELS), mse.copy(), missing)


def films(pool: AutoencoderPool, request: GenerateRequest) -> Iterator[GeneratedFrames | MissingAutoencoder]:
    """Each member as the denoiser of Heun's sampler from the same noise, one after another."""
    sigmas = SCHEDULES["karras"].sigmas(request.steps)
    x = float(sigmas[0]) * white((3, SIDE, SIDE), request.seed, "sample")[None]
    shown = np.unique(np.linspace(0, request.steps, FRAMES).round().astype(int))
    for name, info in AUTOENCODERS.items():
        if refused := pool.missing(name):
            yield refused
            continue
        run = list(SAMPLERS["heun"](pool.denoiser(name), x, sigmas))
        frames = np.stack([run[i].x0[0].numpy() for i in shown])
        rms = float(run[-1].x0.double().square().mean().sqrt())
        yield GeneratedFrames(name, info.title, sigmas[shown], frames, rms)


def corrupted(request: CorruptionRequest, source: np.ndarray) -> CorruptedPicture:
    """The picture (H, W, 3) uint8 at the family's size, and what is done to it; the same for every member."""
    x0 = torch.from_numpy(decoder.to_data(decoder.fit(source, SIDE)))
    x = x0 + _disturbance(request, x0)
    power = radial.rapsd(torch.stack([x0, x])).mean(1).numpy()
    told = max(LEAST, float((x - x0).double().square().mean().sqrt()))
    k = radial.mean_wavenumbers(SIDE, SIDE)
    return CorruptedPicture(request, x0.numpy(), x.numpy(), told, k, power[0], power[1])


def _disturbance(request: CorruptionRequest, x0: Tensor) -> Tensor:
    """What is added to x0 (3, H, W); a masked pixel becomes 0, mid-grey, in all colours."""
    if request.corruption == "none":
        return torch.zeros_like(x0)
    if request.corruption == "gaussian":
        return request.sigma * white(x0.shape, request.seed, "noising")
    lost = generator(request.seed, "mask").random(x0.shape[1:]) < request.rate
    return torch.where(torch.from_numpy(lost), -x0, torch.zeros_like(x0))
