"""Where an exported run comes from: the request that makes it again, the model by its hash, and the versions."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import explorer
from explorer.schemas import SamplingPlan

CARD_FIELDS = ("name", "kind", "dtype", "parameters", "bytes", "sha256")
LIBRARIES = ("torch", "numpy", "pillow")


def provenance(plan: SamplingPlan, card: dict[str, Any]) -> dict[str, Any]:
    """Return request, model, version of the explorer and platform as plain values.

    card: of the model that was run; sha256 is that of its weight file. What a card does not have is None, as for the
    ideal denoiser, which has no weights.
    """
    return {
        "application": "Noise & Scale Explorer",
        "version": explorer.__version__,
        "request": asdict(plan.request),
        "model": {field: card.get(field) for field in CARD_FIELDS},
        "platform": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            **{name: version(name) for name in LIBRARIES},
        },
    }
