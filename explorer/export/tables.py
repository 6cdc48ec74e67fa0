"""The measurements of a run as a table and as JSON.

Spectra are powers per annulus as `spectra.rapsd` gives them, mean of the colours, data units squared; frequencies are
in cycles per pixel and the size of a feature is half a wavelength, in pixels. The two expectations are those of the
Wiener filter for the training pictures' mean power P, in a run whose state really is clean picture plus noise:

    of x:  P + sigma^2            of the x0 estimate:  P^2 / (P + sigma^2)

(Wiener 1949). Brightness, at frequency 0, is measured about 0 and P about the pictures' mean.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.denoisers.wiener import wiener_gain
from explorer.core.spectra.scales import feature_size
from explorer.export.provenance import provenance
from explorer.schemas import OctaveMap, SampledStep, SamplingPlan

COLUMNS = (
    "step",
    "sigma",
    "cycles_per_pixel",
    "feature_size_px",
    "x",
    "x0_estimate",
    "wiener_expectation_x",
    "wiener_expectation_x0",
    "octave_share",
)


def curves_csv(plan: SamplingPlan, steps: Sequence[SampledStep], octaves: OctaveMap) -> str:
    """Return a table of one row per step and annulus, noisiest step first; see the module for the columns.

    octave_share is how much of the last picture's octave around this frequency the estimate already has. A value that
    does not exist is left empty: size and octave of frequency 0.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in _rows(plan, steps, octaves):
        writer.writerow([value if np.isfinite(value) else "" for value in row])
    return file.getvalue()


def everything_json(plan: SamplingPlan, steps: Sequence[SampledStep], octaves: OctaveMap, card: dict[str, Any]) -> str:
    """Return provenance, levels, spectra and octave map as JSON, without pictures; nan and infinity become null."""
    content = {
        **provenance(plan, card),
        "units": {"sigma": "data units, pictures from -1 to 1", "power": "data units squared", "size": "pixels"},
        "sigmas": plan.sigmas,
        "cycles_per_pixel": plan.wavenumber,
        "training_power": plan.expected,
        "steps": [{"step": s.i, "sigma": s.sigma, "x_power": s.x_spectrum, "x0_power": s.x0_spectrum} for s in steps],
        "octaves": {
            "edges_cycles_per_pixel": octaves.edges,
            "shares": octaves.shares,
            "passing_step": octaves.passing,
            "rank_correlation": octaves.rank_correlation,
            "decided_size_px": octaves.decided,
        },
    }
    return json.dumps(_plain(content), allow_nan=False, indent=1) + "\n"


def _rows(plan: SamplingPlan, steps: Sequence[SampledStep], octaves: OctaveMap) -> Iterator[tuple[Any, ...]]:
    """Yield the values of COLUMNS as numpy scalars, so that float32 is written with its own digits."""
    sizes = [feature_size(k) for k in plan.wavenumber]
    octave = _octave_of(len(plan.wavenumber), plan.request.size, octaves.edges)
    for step, shares in zip(steps, octaves.shares, strict=True):
        share = np.append(shares, np.nan)[octave]
        x0 = plan.expected * wiener_gain(plan.expected, step.sigma)
        curves = (step.x_spectrum, step.x0_spectrum, plan.expected + step.sigma**2, x0, share)
        for k, size, *values in zip(plan.wavenumber, sizes, *curves, strict=True):
            yield step.i, step.sigma, k, size, *values


def _octave_of(annuli: int, size: int, edges: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the number of the octave [edge, next edge) that annulus r / size is in, (R,); -1 for frequency 0."""
    octave = np.searchsorted(edges * size, np.arange(annuli), side="right") - 1
    return np.minimum(octave, len(edges) - 2)


def _plain(value: object) -> object:
    """Return dictionaries, lists, text, integers, bools, None and finite floats only; float32 has its own digits."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(str(value)) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
