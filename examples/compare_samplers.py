"""python -m examples.compare_samplers [OUT.png]: what each sampler makes of the same noise.

Prints the calls of the network and the seconds of each sampler, and how far its picture is from that of the
deterministic limit, Heun with many steps. Writes one picture per sampler, side by side, in the order of the table.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from explorer import weights
from explorer.core.samplers import SAMPLER_INFO, SAMPLERS
from explorer.core.samplers.loop import keyed_noise
from explorer.core.schedules import SCHEDULES
from explorer.images.decoder import from_data

SHAPE, SEED = (3, 64, 64), 3
STEPS, REFERENCE_STEPS = 12, 40


class Counted:
    """A denoiser that counts its calls."""

    def __init__(self, name: str) -> None:
        self.denoiser, self.calls = weights.load(name), 0

    def __call__(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        self.calls += 1
        return self.denoiser(x, sigma, label)


def sample(denoiser: Counted, sampler: str, steps: int) -> Tensor:
    """Return the picture (3, H, W), data units, that a sampler ends with."""
    noise, sigmas = keyed_noise(SHAPE, SEED, [0]), SCHEDULES["karras"].sigmas(steps)
    x = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(SEED)) * float(sigmas[0])
    *_, last = SAMPLERS[sampler](denoiser, x, sigmas, noise=noise)
    return last.x0[0]


def main(argv: list[str], steps: int = STEPS, reference_steps: int = REFERENCE_STEPS) -> int:
    """Print the table and write the pictures."""
    denoiser, pictures = Counted("scenes"), []
    limit = sample(denoiser, "heun", reference_steps)
    print(f"{'sampler':>22} {'calls':>6} {'seconds':>8} {'rms distance to the limit':>26}")
    for name, info in SAMPLER_INFO.items():
        denoiser.calls, began = 0, time.perf_counter()
        pictures.append(sample(denoiser, name, steps))
        seconds, distance = time.perf_counter() - began, float((pictures[-1] - limit).square().mean().sqrt())
        adds_noise = "  (adds noise of its own)" if info.stochastic else ""
        print(f"{info.title:>22} {denoiser.calls:6d} {seconds:8.2f} {distance:26.3f}{adds_noise}")
    path = Path(argv[0]) if argv else Path("samplers.png")
    Image.fromarray(np.concatenate([from_data(picture.numpy()) for picture in pictures], axis=1)).save(path)
    print(f"written to {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
