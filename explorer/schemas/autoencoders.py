"""One picture through all autoencoders: corruption, outputs, errors by noise level, and what each can generate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.schemas.validation import name, number, one_of, seed_number, whole_number

CORRUPTIONS = ("none", "gaussian", "mask")
ORDERS = ("group", "best", "code")  # of the autoencoders on the page: by group, by error, by size of the code
SIDE = 32  # side of the autoencoders' pictures, pixels
NOISE_RANGE = (0.02, 5.0)  # sigma of the Gaussian corruption, data units
TEST_SIGMAS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)  # noise levels at which denoisers are tested, data units
GENERATION_STEPS = (2, 60)  # lowest and highest number of sampler steps


@dataclass(frozen=True)
class CorruptionRequest:
    """A picture and what is done to it. Raises RequestRefused for a value out of range."""

    picture: str = "mountains"  # name of an example, or one that PictureStore.add returned
    corruption: str = "gaussian"  # one of CORRUPTIONS
    sigma: float = 0.5  # of the Gaussian noise, data units
    rate: float = 0.5  # share of the pixels that are masked
    seed: int = 0

    def __post_init__(self) -> None:
        one_of(self.corruption, CORRUPTIONS, "corruption")
        name(self.picture, "picture")
        checked = {
            "sigma": number(self.sigma, *NOISE_RANGE, "noise level"),
            "rate": number(self.rate, 0, 1, "masked share"),
            "seed": seed_number(self.seed),
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)


@dataclass(frozen=True)
class CorruptedPicture:
    """The input of every autoencoder, and the clean picture it is compared with."""

    request: CorruptionRequest
    picture: NDArray[np.float32]  # (3, 32, 32) clean, data units
    corrupted: NDArray[np.float32]  # (3, 32, 32) data units
    assumed_sigma: float  # noise level that is passed along: the corruption's root mean square, data units
    wavenumber: NDArray[np.float64]  # (R,) cycles per pixel
    clean: NDArray[np.float32]  # (R,) power of the picture
    corrupted_spectrum: NDArray[np.float32]  # (R,) power of the input


@dataclass(frozen=True)
class AutoencoderOutput:
    """The output of one autoencoder."""

    name: str
    title: str
    group: str
    code: str  # what is between input and output, in words
    numbers: int  # size of the code; 0 where there is none
    output: NDArray[np.float32]  # (3, 32, 32), data units
    spectrum: NDArray[np.float32]  # (R,) power of the output
    error_spectrum: NDArray[np.float32]  # (R,) power of output minus clean picture
    mse: float  # data units squared


@dataclass(frozen=True)
class MissingAutoencoder:
    """An autoencoder whose weight file is missing or damaged."""

    name: str
    title: str
    group: str
    code: str  # what is between input and output, in words
    numbers: int  # size of the code; 0 where there is none
    reason: str  # one plain sentence


@dataclass(frozen=True)
class SeedRequest:
    """A measurement on the example pictures of which only the noise can be chosen.

    Raises RequestRefused for a seed that is not a whole number from 0 to 2^53.
    """

    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", seed_number(self.seed))


@dataclass(frozen=True)
class LevelMatrix:
    """Errors of denoisers at noise levels they were and were not trained at; rows not yet measured are nan."""

    names: tuple[str, ...]  # of the autoencoders; the last two are the blind and the conditional one
    rows: tuple[str, ...]  # their titles
    trained: NDArray[np.float64]  # (rows,) level they were trained at, data units; nan for all levels
    sigmas: NDArray[np.float64]  # (T,) levels of the test, data units
    mse: NDArray[np.float64]  # (rows, T) mean over pictures and noises, data units squared
    missing: tuple[MissingAutoencoder, ...] = ()

    @property
    def relative(self) -> NDArray[np.float64]:
        """Error over that of the best measured so far at the same level, (rows, T); nan where not yet measured."""
        lowest: NDArray[np.float64] = np.nanmin(self.mse, axis=0)
        return self.mse / lowest


@dataclass(frozen=True)
class GenerateRequest:
    """Each autoencoder as the denoiser of the same sampling loop, from the same noise.

    Raises RequestRefused for a value out of range.
    """

    seed: int = 0
    steps: int = 18

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", seed_number(self.seed))
        object.__setattr__(self, "steps", whole_number(self.steps, *GENERATION_STEPS, "number of steps"))


@dataclass(frozen=True)
class GeneratedFrames:
    """Some estimates of one autoencoder on the way from noise to a picture."""

    name: str
    title: str
    sigmas: NDArray[np.float64]  # (frames,) noise levels of the frames, falling to 0, data units
    frames: NDArray[np.float32]  # (frames, 3, 32, 32) estimates, data units; the last one is the picture
    rms: float  # root mean square of the picture, data units; real pictures have about 0.5
