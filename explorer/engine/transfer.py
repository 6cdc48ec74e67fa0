"""Gain per octave of a sampler with N steps, in closed form and measured on the model's own samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.noise import white_batch
from explorer.core.samplers.registry import SAMPLERS, keyed_noise
from explorer.core.schedules import SCHEDULES
from explorer.core.spectra import radial
from explorer.core.spectra.sampler_gain import power_gain
from explorer.schemas import TransferCurve, TransferRequest


def curves(request: TransferRequest, power: NDArray[np.float64], denoiser: Denoiser) -> Iterator[TransferCurve]:
    """Yield all closed forms, then each curve again once it is measured.

    power: (R,), of the training pictures at the annuli of the request's size.
    """
    closed = [_closed_form(request, power, name, n) for name in request.samplers for n in request.step_counts]
    yield from closed
    for curve in closed:
        yield _measured(request, power, curve, denoiser)


def _closed_form(request: TransferRequest, power: NDArray[np.float64], sampler: str, steps: int) -> TransferCurve:
    size, sigmas = request.size, SCHEDULES[request.schedule].sigmas(steps)
    edges = radial.octave_edges(size, size)
    gain = power_gain(SAMPLERS[sampler], sigmas, power[1:])
    out = np.append(0.0, gain * power[1:])
    octave = radial.octave_means(out, size, size) / radial.octave_means(power, size, size)
    return TransferCurve(sampler, steps, np.sqrt(edges[1:] * edges[:-1]), octave, None, None)


def _measured(
    request: TransferRequest, power: NDArray[np.float64], curve: TransferCurve, denoiser: Denoiser
) -> TransferCurve:
    size, rows = request.size, range(request.count)
    sigmas, shape = SCHEDULES[request.schedule].sigmas(curve.steps), (3, size, size)
    x = float(sigmas[0]) * white_batch(shape, request.seed, "transfer", rows)
    *_, last = SAMPLERS[curve.sampler](denoiser, x, sigmas, noise=keyed_noise(shape, request.seed, rows))
    each = _octave_power(last.x) / radial.octave_means(power, size, size)  # (B, n)
    error = each.std(0, ddof=1) / np.sqrt(len(each))
    return replace(curve, measured=each.mean(0), error=error)


def _octave_power(x: Tensor) -> NDArray[np.float64]:
    """Return the mean power per octave of each picture, mean of the colours: (B, C, H, W) -> (B, n)."""
    power = radial.rapsd(x).mean(1).double().numpy()
    return radial.octave_means(power, *x.shape[-2:])
