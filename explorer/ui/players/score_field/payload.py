"""What the page is sent of the score field: the density, the walkers' records as they are made, the network's reports.

Places travel as int16 shares of the largest coordinate of their record, which is right to a hundredth of a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.schemas.score_field import EXTENT, Density, LearnedScore, LearnRequest, WalkFrame, WalkPlan
from explorer.server.blob_store import json_numbers, pack_blob


def density_part(density: Density) -> bytes:
    """The mixture itself: the page computes its density and its arrows at any noise level."""
    header = {
        "kind": "pattern",
        "density": density.request.density,
        "means": [json_numbers(mean) for mean in density.means],
        "weights": json_numbers(density.weights),
        "std": density.std,
        "part": density.part.tolist(),
        "shares": json_numbers(density.shares),
        "sigmas": json_numbers(density.sigmas),
        "move": json_numbers(density.move),
    }
    return pack_blob(header)


def walk_part(plan: WalkPlan) -> bytes:
    """What is known of the walkers before their first move."""
    request = plan.request
    header = {
        "kind": "walk",
        "source": request.source,
        "sigma": request.sigma,
        "seed": request.seed,
        "count": request.count,
        "sigmas": {kind: json_numbers(sigmas) for kind, sigmas in plan.sigmas.items()},
        "chance": json_numbers([plan.chance])[0],
    }
    return pack_blob(header)


def frames_part(frames: Sequence[WalkFrame]) -> bytes:
    """Some records of the walkers, in the order in which they were made."""
    scales, positions = zip(*(_int16(frame.x) for frame in frames), strict=True)  # the same however records are grouped
    about = [
        {
            "walkers": frame.kind,
            "i": frame.i,
            "scale": scale,
            "shares": json_numbers(frame.shares),
            "distance": json_numbers([frame.distance])[0],
            "width": None if frame.width is None else json_numbers([frame.width])[0],
        }
        for frame, scale in zip(frames, scales, strict=True)
    ]
    return pack_blob({"kind": "frames", "frames": about}, b"".join(positions))


def learned_part(request: LearnRequest, learned: LearnedScore) -> bytes:
    """What the network knows after some steps: its losses, its error by noise level, and its denoiser on a grid."""
    scale, field = _int16(learned.field)
    header = {
        "kind": "learned",
        "density": request.plane.density,
        "step": learned.step,
        "steps": request.steps,
        "dsm": json_numbers([learned.dsm])[0],
        "explicit": json_numbers([learned.explicit])[0],
        "sigmas": json_numbers(learned.sigmas),
        "error": json_numbers(learned.error),
        "extent": EXTENT,
        "grid": learned.field.shape[1],
        "scale": scale,
    }
    return pack_blob(header, field)


def _int16(values: np.ndarray) -> tuple[float, bytes]:
    """The scale s and the bytes of round(values / s), little endian."""
    scale = float(f"{max(float(np.abs(values).max()), 1e-6) / 32000:.6g}")
    return scale, np.rint(values / scale).astype("<i2").tobytes()
