"""Sample sheets: uncurated samples per class from a fixed list of seeds, to look at while training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from explorer.core.noise import white_batch
from explorer.core.samplers.registry import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.datasets import CLASSES
from explorer.images.decoder import from_data


@torch.no_grad()
def sample_sheet(denoiser: nn.Module, size: int = 64, per_class: int = 4, steps: int = 16) -> np.ndarray:
    """Return uint8 (per_class * size, (classes + 1) * size, 3): one column per class, the last one 'any'.

    size: pixels of the denoiser's pictures. Heun's method on the Karras grid (Karras et al. 2022), seeds fixed.
    """
    device = next(denoiser.parameters()).device
    labels = torch.arange(len(CLASSES) + 1, device=device).repeat(per_class)
    sigmas = SCHEDULES["karras"].sigmas(steps)
    x = white_batch((3, size, size), seed=0, role="sheet", indices=range(len(labels))).to(device) * sigmas[0]
    *_, last = SAMPLERS["heun"](lambda x, sigma, label=None: denoiser(x, sigma, labels), x, sigmas)
    rows = [
        np.concatenate([from_data(x) for x in row], axis=1)
        for row in last.x.cpu().numpy().reshape(per_class, -1, 3, size, size)
    ]
    return np.concatenate(rows)


def write_sample_sheet(denoiser: nn.Module, path: Path, size: int = 64) -> None:
    """Write the sheet as PNG at twice its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet = Image.fromarray(sample_sheet(denoiser, size))
    sheet.resize((sheet.width * 2, sheet.height * 2), Image.Resampling.NEAREST).save(path)
