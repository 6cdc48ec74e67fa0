"""One picture through the whole family of autoencoders: corruption, outputs, codes, and what each can generate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.schemas.validation import name, number, one_of, whole_number

CORRUPTIONS = ("none", "gaussian", "mask")
SIDE = 32  # pixels; the family's one size
NOISE_RANGE = (0.02, 5.0)  # sigma of the Gaussian corruption, data units


@dataclass(frozen=True)
class CorruptionRequest:
    """A picture, what is done to it, and the whole family's answer."""

    picture: str = "mountains"
    corruption: str = "gaussian"
    sigma: float = 0.5  # of the Gaussian noise, data units
    rate: float = 0.5  # share of the pixels that are masked
    seed: int = 0

    def __post_init__(self) -> None:
        one_of(self.corruption, CORRUPTIONS, "corruption")
        name(self.picture, "picture")
        checked = {
            "sigma": number(self.sigma, *NOISE_RANGE, "noise level"),
            "rate": number(self.rate, 0, 1, "masked share"),
            "seed": whole_number(self.seed, 0, 2**53, "seed"),
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)


@dataclass(frozen=True)
class CorruptedPicture:
    """What every member of the family is given."""

    request: CorruptionRequest
    picture: np.ndarray  # (3, 32, 32) float32 the clean picture, data units
    corrupted: np.ndarray  # (3, 32, 32) float32
    told: float  # noise level that members are told: the corruption's root mean square, data units
    wavenumber: np.ndarray  # (R,) cycles per pixel
    clean: np.ndarray  # (R,) power of the picture
    corrupted_spectrum: np.ndarray  # (R,)


@dataclass(frozen=True)
class AutoencoderOutput:
    """What one member makes of it."""

    name: str
    title: str
    group: str
    code: str  # what is between input and output, in words
    numbers: int  # size of the code; 0 where there is none
    output: np.ndarray  # (3, 32, 32) float32, data units
    spectrum: np.ndarray  # (R,) power of the output
    error_spectrum: np.ndarray  # (R,) power of output minus clean picture
    mse: float  # data units squared


@dataclass(frozen=True)
class MissingAutoencoder:
    """A member that cannot be asked: its weight file is missing or damaged."""

    name: str
    title: str
    group: str
    code: str
    numbers: int
    reason: str  # one plain sentence


@dataclass(frozen=True)
class LevelMatrix:
    """Error of denoisers at noise levels they were and were not trained at."""

    names: tuple[str, ...]  # of the members; the last two are the blind and the conditional one
    rows: tuple[str, ...]  # their titles
    trained: np.ndarray  # (rows,) level they were trained at; nan for all levels
    sigmas: np.ndarray  # (T,) levels of the test
    mse: np.ndarray  # (rows, T) mean over pictures and noises
    missing: tuple[MissingAutoencoder, ...] = ()

    @property
    def relative(self) -> np.ndarray:
        """Error over that of the best measured so far at the same level, (rows, T); nan where not yet measured."""
        return self.mse / np.nanmin(self.mse, axis=0)


@dataclass(frozen=True)
class SeedRequest:
    """A measurement on the example pictures of which only the noise can be chosen.

    Raises RequestRefused for a seed that is not a whole number from 0 to 2^53.
    """

    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", whole_number(self.seed, 0, 2**53, "seed"))


@dataclass(frozen=True)
class GenerateRequest:
    """Every member as the denoiser of the same sampling loop, from the same noise."""

    seed: int = 0
    steps: int = 18

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", whole_number(self.seed, 0, 2**53, "seed"))
        object.__setattr__(self, "steps", whole_number(self.steps, 2, 60, "number of steps"))


@dataclass(frozen=True)
class GeneratedFrames:
    """What comes out when one member is used as the denoiser."""

    name: str
    title: str
    sigmas: np.ndarray  # (frames,) noise levels of the frames, falling to 0
    frames: np.ndarray  # (frames, 3, 32, 32) its estimates, data units; the last one the picture
    rms: float  # root mean square of the picture, data units; real pictures have about 0.5
