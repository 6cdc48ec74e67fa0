"""BM3D (Dabov et al. 2007) as a Denoiser; the package `bm3d` is optional, the extra bench brings it."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import repeat

import numpy as np
import torch
from torch import Tensor

from explorer.core.denoiser import Denoiser


def _bm3d(picture: np.ndarray, sigma: float) -> np.ndarray:
    """One picture (H, W, 3) from 0 to 1, in a process of its own: the package crashes when threads share it."""
    from bm3d import bm3d_rgb

    return bm3d_rgb(picture, sigma)


@contextmanager
def bm3d_denoiser(processes: int | None = None) -> Iterator[Denoiser | None]:
    """Yield BM3D for colour pictures with its standard profile, or None where the package is not installed."""
    if importlib.util.find_spec("bm3d") is None:
        yield None
        return
    with ProcessPoolExecutor(processes or os.cpu_count(), multiprocessing.get_context("spawn")) as pool:

        def denoise(x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
            """x (B, 3, H, W) in data units, one sigma for all; the label is ignored."""
            pictures = (x.double().permute(0, 2, 3, 1).numpy() + 1) / 2  # BM3D expects 0 to 1
            found = list(pool.map(_bm3d, pictures, repeat(float(sigma) / 2)))
            return torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2).to(x) * 2 - 1

        yield denoise
