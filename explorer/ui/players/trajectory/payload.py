"""What the page is sent of a run: the plan, then the steps as they are computed, then the octave map.

Of every step two pictures travel, each in 8 bits of its own range: the estimate x0 and the
predicted noise eps. The state is their sum x0 + sigma * eps; relative to its own size it is right to one part in 127
of the largest noise value at every level.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.core.schedules import SCHEDULES
from explorer.core.spectra.radial import crossover, feature_size, octave_edges
from explorer.schemas import OctaveMap, RunDifference, SampledStep, SamplingPlan
from explorer.server.blob_store import json_numbers, pack_blob
from explorer.ui.players.shared.image_codec import encode_sheet, quantize

MOST_ROWS = 8192  # of pixels in one sheet, so that the first steps show before the last have travelled


def plan_part(run: str, plan: SamplingPlan, pairs: np.ndarray | None = None) -> bytes:
    """What is known before the first step of run "A" or "B"; pairs: for each step of A the step of B to show."""
    request = plan.request
    visible = [feature_size(crossover(plan.expected, s, plan.wavenumber)[0]) for s in plan.sigmas]
    header = {
        "kind": "plan",
        "run": run,
        "request": {field: getattr(request, field) for field in request.__dataclass_fields__},
        "size": request.size,
        "sigmas": json_numbers(plan.sigmas),
        "pairs": None if pairs is None else pairs.tolist(),
        "t": json_numbers(SCHEDULES[request.schedule].t(plan.sigmas)),
        "wavenumber": json_numbers(plan.wavenumber),
        "expected": json_numbers(plan.expected),
        "edges": json_numbers(octave_edges(request.size, request.size)),
        "visible": [None if not np.isfinite(size) else float(f"{size:.4g}") for size in visible],
    }
    return pack_blob(header)


def steps_parts(run: str, steps: Sequence[SampledStep]) -> list[bytes]:
    """Some steps in a row, in as many parts as their sheets need."""
    most = max(1, MOST_ROWS // (2 * steps[0].x.shape[-2])) if steps else 1
    return [_steps_part(run, steps[i : i + most]) for i in range(0, len(steps), most)]


def octaves_part(run: str, octaves: OctaveMap) -> bytes:
    """The octave map of a run that has ended or was stopped."""
    header = {
        "kind": "octaves",
        "run": run,
        "edges": json_numbers(octaves.edges),
        "shares": [json_numbers(row) for row in octaves.shares],
        "passing": json_numbers(octaves.passing),
        "rank": json_numbers([octaves.rank_correlation])[0],
        "decided": json_numbers(octaves.decided),
    }
    return pack_blob(header)


def difference_part(difference: RunDifference) -> bytes:
    """How far the estimates of two runs lie apart, by step of A."""
    spectra = [json_numbers(row) for row in difference.spectrum]
    return pack_blob({"kind": "difference", "spectrum": spectra, "rms": json_numbers(difference.rms)})


def _steps_part(run: str, steps: Sequence[SampledStep]) -> bytes:
    rows, about = [], []
    for step in steps:
        x0, x0_scale = quantize(step.x0)
        eps, eps_scale = quantize(step.eps)
        rows += [x0, eps]
        about.append(
            {
                "i": step.i,
                "x0Scale": x0_scale,
                "epsScale": eps_scale,
                "x": json_numbers(step.x_spectrum),
                "x0": json_numbers(step.x0_spectrum),
            }
        )
    return pack_blob({"kind": "steps", "run": run, "steps": about}, encode_sheet(rows))
