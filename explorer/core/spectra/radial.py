"""Radially averaged power spectra (RAPSD).

    F = fft2(x, norm="ortho"),   R[r] = mean of |F|^2 over the annulus round(L sqrt(fx^2 + fy^2)) = r

with L = max(H, W), r = 0..L // 2 (see `annuli`). The transform is orthonormal and R a mean over the annulus: white
noise of standard deviation s has R = s^2 everywhere, and Parseval's theorem is sum_r n_r R[r] + corner_power = ||x||^2.
For square pictures R equals pysteps' `rapsd`, which divides |FFT|^2 by the number of pixels. Displayed pixels have
another spectrum, because they are clipped and rounded to 8 bits.
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

CHUNK_PIXELS = 2**18  # transformed at once on a CPU, so that the working set stays in a core's cache
MAX_FLOAT32_SUM_PIXELS = 2**16  # above, annuli have so many bins that float32 sums lose accuracy

Field = TypeVar("Field", Tensor, NDArray[np.floating])


def rapsd(x: Field) -> Field:
    """Return the radially averaged power spectrum of x (..., H, W): (..., R), R = max(H, W) // 2 + 1.

    Data units squared. A tensor gives a tensor on the same device, an array an array; without gradient. float64 is
    computed in float64, everything else in float32: within 2e-6 of float64 for noise, for textures down to 1 / f^3 and
    for photographs of 64 pixels, within 2e-5 for photographs of 512, whose faintest annuli are near float32's rounding.
    Raise ValueError for fewer than two axes, an empty picture or complex values.
    """
    return _as_given(x, _annulus_means(_tensor(x))[..., :-1])


def windowed_rapsd(x: Field) -> Field:
    """Return `rapsd` of x (..., H, W) minus its mean under a Hann window: (..., R).

    Opposite edges of a photograph differ, which the Fourier transform treats as a step: a cross that decreases like
    1 / f^2 and looks like detail. The window is divided by its rms, 3/8 in two dimensions, so white noise stays flat at
    its variance except at r = 0 and 1, where the subtracted mean is missing. It spreads a wave over one neighbouring
    bin on each side. Linear before the square: pictures may be added or subtracted first. Units, types and errors:
    `rapsd`.
    """
    field = _tensor(x)
    centred = field - field.mean((-2, -1), keepdim=True)
    return _as_given(x, rapsd(centred * _hann(*field.shape[-2:], field.device, field.dtype)))


@lru_cache(maxsize=32)
def _hann(h: int, w: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Periodic Hann window (h, w) of mean square 1; along a side of one pixel it is 1."""
    sides = [torch.hann_window(n, periodic=True, dtype=torch.float64) for n in (h, w)]
    rows, columns = (side / side.square().mean().sqrt() for side in sides)
    return (rows[:, None] * columns).to(device, dtype)


def corner_power(x: Field) -> Field:
    """Return the sum of |F|^2 of x (..., H, W) over the corners, beyond 0.5 cycles/pixel: (...), data units squared."""
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
    sums = torch.float64 if h * w > MAX_FLOAT32_SUM_PIXELS and x.device.type != "mps" else x.dtype  # MPS has no float64
    index, weight = _quarter(h, w, x.device, sums)
    pictures = x.reshape(-1, h * w)
    out = torch.zeros(len(pictures), max(h, w) // 2 + 2, dtype=sums, device=x.device)
    chunk = max(1, CHUNK_PIXELS // (h * w)) if x.device.type == "cpu" else max(1, len(pictures))
    for some, rows in zip(pictures.split(chunk), out.split(chunk), strict=True):
        if len(some) == 0:
            break
        mean = some.mean(1, keepdim=True)  # subtracted: rounding of a large mean in float32 would reach every bin
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
