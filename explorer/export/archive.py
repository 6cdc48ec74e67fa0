"""All states and estimates of a run as a ZIP archive of PNG pictures; the same run gives the same bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.export.frames import x0_frame, x_frame
from explorer.export.provenance import provenance
from explorer.schemas import SampledStep, SamplingPlan

README = """\
One run of a sampler: step-NNN-sigma-S-x.png is the state divided by sqrt(1 + S^2), -x0.png the model's estimate of the
clean picture, both clipped from [-1, 1] to 8 bits; request.json has what the run was made with.
"""


def zip_of_frames(plan: SamplingPlan, steps: Sequence[SampledStep], card: dict[str, Any]) -> bytes:
    """Return an archive of two PNGs a step, README.txt and request.json, and picture.png if the run began with one.

    The pictures have the run's own resolution; 200 steps of 128 pixels are about 14 MB. card: of the model that was
    run, for its hash in request.json.
    """
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        _add(archive, "README.txt", README.encode())
        _add(archive, "request.json", (json.dumps(provenance(plan, card), allow_nan=False, indent=1) + "\n").encode())
        if plan.picture is not None:
            _add(archive, "picture.png", _png(plan.picture))
        for step in steps:
            _add(archive, f"{_name(step)}-x.png", _png(x_frame(step)))
            _add(archive, f"{_name(step)}-x0.png", _png(x0_frame(step)))
    return file.getvalue()


def _name(step: SampledStep) -> str:
    """Return a name such as step-000-sigma-80.0: three significant digits, never an exponent."""
    sigma = np.format_float_positional(step.sigma, precision=3, unique=False, fractional=False, trim="0")
    return f"step-{step.i:03d}-sigma-{sigma}"


def _add(archive: ZipFile, name: str, data: bytes) -> None:
    info = ZipInfo(name)  # of 1980: the time of the export would make every archive differ
    info.external_attr = 0o644 << 16
    archive.writestr(info, data, ZIP_STORED if name.endswith(".png") else ZIP_DEFLATED)  # a PNG is packed already


def _png(picture: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()
