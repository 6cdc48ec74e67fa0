"""Radially averaged power spectra (RAPSD).

    F = fft2(x, norm="ortho"),   R[r] = mean of |F|^2 over the annulus round(L sqrt(fx^2 + fy^2)) = r

with L = max(H, W), r = 0..L // 2 (see `annuli`). Orthonormal, and a mean over the annulus: white noise of
standard deviation s is flat at s^2, and Parseval reads sum_r n_r R[r] + corner_power = ||x||^2. For square
pictures equal to pysteps' `rapsd`, which divides |FFT|^2 by the number of pixels. Never take the spectrum of
displayed pixels: clipping and rounding to 8 bits change it.
"""

from functools import lru_cache
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.core.spectra.annuli import counts, error_band, mean_wavenumbers, radial_to_2d, radii, wavenumbers
from explorer.core.spectra.scales import (
    Crossover,
    PowerLaw,
    crossover,
    detectable,
    feature_size,
    fit_power_law,
    octave_edges,
    octave_means,
    snr_per_octave,
)

__all__ = [
    "Crossover",
    "PowerLaw",
    "corner_power",
    "counts",
    "crossover",
    "detectable",
    "error_band",
    "feature_size",
    "fit_power_law",
    "mean_wavenumbers",
    "octave_edges",
    "octave_means",
    "radial_to_2d",
    "rapsd",
    "snr_per_octave",
    "wavenumbers",
    "windowed_rapsd",
]

CHUNK_PIXELS = 2**18  # pixels transformed at once on a CPU: the working set stays in a core's cache
MIN_FLOAT64_SUM_PIXELS = 2**16  # pixels above which an annulus holds enough bins for float32 sums to lose accuracy

Field = TypeVar("Field", Tensor, NDArray[np.floating])


def rapsd(x: Field) -> Field:
    """Radially averaged power spectrum of x (..., H, W) -> (..., R), R = max(H, W) // 2 + 1.

    torch in, torch out (same device); numpy in, numpy out. Units: data units squared. No gradient. float64 is computed
    in float64, all else in float32: within 2e-6 of float64 for noise, for textures down to 1 / f^3 and for photographs
    of 64 pixels, within 2e-5 for photographs of 512, whose faintest annuli come near the rounding of float32.
    Raises ValueError for fewer than two axes, an empty picture or complex values.
    """
    return _as_given(x, _annulus_means(_tensor(x))[..., :-1])


def windowed_rapsd(x: Field) -> Field:
    """`rapsd` of x (..., H, W) under a Hann window, its mean taken off before: (..., H, W) -> (..., R).

    The opposite edges of a photograph do not match, and the Fourier transform takes that for a step: a cross that
    falls like 1 / f^2 and passes for detail. Over the window's mean square, (3/8)^2 in two dimensions, so white noise
    stays flat at its variance but for r = 0 and 1, which the mean is missing from. The window spreads a wave over its
    neighbouring bins, one on each side. Linear before the square: pictures may be added or subtracted first. Units,
    types and errors: `rapsd`.
    """
    field = _tensor(x)
    centred = field - field.mean((-2, -1), keepdim=True)
    return _as_given(x, rapsd(centred * _hann(*field.shape[-2:], field.device, field.dtype)))


@lru_cache(maxsize=32)
def _hann(h: int, w: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Periodic Hann window (h, w) of mean square 1; a side of one pixel is left as it is."""
    sides = [torch.hann_window(n, periodic=True, dtype=torch.float64) for n in (h, w)]
    rows, columns = (side / side.square().mean().sqrt() for side in sides)
    return (rows[:, None] * columns).to(device, dtype)


def corner_power(x: Field) -> Field:
    """Sum of |F|^2 over the corners, beyond 0.5 cycles/pixel, of x (..., H, W) -> (...)."""
    return _as_given(x, _annulus_means(_tensor(x))[..., -1])


@lru_cache(maxsize=32)
def _quarter(h: int, w: int, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Annulus index (M,) and weight (M,) of the bins fy, fx >= 0, rows of +-fy being already added together.

    The weight makes the sum over an annulus its mean; the corners share the last index, and their weight
    makes a sum. A column stands for its mirror image too, except fx = 0 and fx = 0.5.
    """
    last = max(h, w) // 2 + 1
    index = np.minimum(radii(h, w), last)[: h // 2 + 1, : w // 2 + 1]
    columns = np.full(w // 2 + 1, 2.0)
    columns[0] = 1.0
    if w % 2 == 0:
        columns[-1] = 1.0
    weight = columns / (np.append(counts(h, w), 1)[index] * h * w)  # h w: the transform below is not scaled
    return torch.from_numpy(index.ravel()).to(device), torch.from_numpy(weight).to(device, dtype)


@torch.no_grad()
def _annulus_means(x: Tensor) -> Tensor:
    """(..., H, W) -> (..., R + 1): mean of |F|^2 over each annulus, then its sum over the corners."""
    h, w = x.shape[-2:]
    sums = torch.float64 if h * w > MIN_FLOAT64_SUM_PIXELS and x.device.type != "mps" else x.dtype  # MPS has no float64
    index, weight = _quarter(h, w, x.device, sums)
    pictures = x.reshape(-1, h * w)
    out = torch.zeros(len(pictures), max(h, w) // 2 + 2, dtype=sums, device=x.device)
    chunk = max(1, CHUNK_PIXELS // (h * w)) if x.device.type == "cpu" else max(1, len(pictures))
    for some, rows in zip(pictures.split(chunk), out.split(chunk), strict=True):
        if len(some) == 0:
            break
        mean = some.mean(1, keepdim=True)  # taken off, or float32's rounding of a large mean would reach every bin
        parts = torch.view_as_real(torch.fft.rfft2((some - mean).view(-1, h, w))).square_()
        pairs = (h - 1) // 2  # rows fy > 0 that have a partner -fy
        parts[:, 1 : pairs + 1] += parts[:, h - pairs :].flip(1)
        parts = parts[:, : h // 2 + 1]  # (b, H // 2 + 1, W // 2 + 1, 2)
        power = (parts[..., 0] + parts[..., 1]) * weight
        rows.index_add_(1, index, power.flatten(1))
        rows[:, :1] = h * w * mean.square()
    return out.to(x.dtype).reshape(*x.shape[:-2], out.shape[1])


def _tensor(x: Tensor | NDArray[np.floating]) -> Tensor:
    """x as a float32 or float64 tensor (..., H, W)."""
    if not isinstance(x, Tensor):
        array = np.asarray(x)
        if np.iscomplexobj(array):
            raise ValueError("a real picture is needed, got complex values")
        kind = np.float64 if array.dtype == np.float64 else np.float32
        x = torch.from_numpy(np.require(array, kind, ["C", "W"]))
    if x.ndim < 2 or 0 in x.shape[-2:] or x.is_complex():
        raise ValueError(f"a real picture (..., H, W) is needed, got shape {tuple(x.shape)}")
    return x.detach() if x.dtype == torch.float64 else x.detach().float()


def _as_given(x: Field, result: Tensor) -> Field:
    return result if isinstance(x, Tensor) else result.numpy()
