"""Validation of a repository's JSON files, before its weights are downloaded.

Anything that is not known to be supported is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from explorer.errors import HubRefused
from explorer.hub.adapter import noise_levels

PREDICTIONS = {"epsilon": "eps", "sample": "x0", "v_prediction": "v"}  # the Hub's names and those of `convert`
# Schedulers with the same meaning of t; they differ only in the steps between the levels.
SCHEDULERS = tuple(
    f"{name}Scheduler"
    for name in ("DDPM", "DDIM", "PNDM", "DPMSolverMultistep", "DPMSolverSinglestep", "DEISMultistep", "UniPCMultistep",
                 "EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete", "LMSDiscrete")
)  # fmt: skip
# Limits on a network.
MAX_CLASSES = 1000
MAX_LEVELS, MAX_LAYERS_PER_LEVEL = 8, 16
MAX_CHANNELS = 4096
MAX_SIDE_PIXELS = 4096
MAX_TIMESTEPS = 10_000


@dataclass(frozen=True)
class NetworkConfig:
    """The checked configuration of a network."""

    colours: int  # 1 or 3
    classes: int  # 0: unconditional
    multiple: int  # of pixels, that the sides of pictures must be
    side: int | None  # of the training pictures, pixels; None where it is not stated
    fields: dict[str, Any]  # of config.json


@dataclass(frozen=True)
class NoiseConfig:
    """The checked configuration of a network's training noise."""

    sigmas: NDArray[np.float64]  # (T,) of each time, data units
    prediction: str  # "eps", "x0" or "v"


def check_index(fields: dict[str, Any]) -> None:
    """Raise HubRefused for a pipeline with more parts than network and scheduler, such as latent diffusion."""
    if {name for name in fields if not name.startswith("_")} - {"unet", "scheduler"}:
        raise HubRefused("This model is one part of several; only networks that work on pixels alone are understood.")


def check_network(fields: dict[str, Any]) -> NetworkConfig:
    """Return the network that config.json describes. Raise HubRefused where it is not supported."""
    if fields.get("_class_name") != "UNet2DModel":
        raise HubRefused("This model is not a UNet2DModel; only those are understood here.")
    colours, out = fields.get("in_channels", 3), fields.get("out_channels", 3)
    if colours not in (1, 3) or out not in (colours, 2 * colours):
        raise HubRefused("This model does not work on pictures of 1 or 3 colour channels.")
    if fields.get("time_embedding_type", "positional") != "positional":
        raise HubRefused("This model is told the noise level in a way that is not understood here.")
    classes = fields.get("num_class_embeds")
    if fields.get("class_embed_type") is not None or not (classes is None or _whole(classes, 1, MAX_CLASSES)):
        raise HubRefused("This model is told its class in a way that is not understood here.")
    widths, layers = fields.get("block_out_channels"), fields.get("layers_per_block", 2)
    levels = len(widths) if isinstance(widths, list) else 0
    sound = 1 <= levels <= MAX_LEVELS and _whole(layers, 1, MAX_LAYERS_PER_LEVEL)
    if not sound or not all(_whole(width, 1, MAX_CHANNELS) for width in widths or ()):
        raise HubRefused("This model's architecture is not one that can be built here.")
    side = fields.get("sample_size")
    side = side if _whole(side, 1, MAX_SIDE_PIXELS) else None
    return NetworkConfig(int(colours), classes or 0, 2 ** (levels - 1), side, fields)


def check_noise(fields: dict[str, Any]) -> NoiseConfig:
    """Return the noise that scheduler_config.json describes. Raise HubRefused where it is not supported."""
    if fields.get("_class_name") not in SCHEDULERS or fields.get("timestep_type", "discrete") != "discrete":
        raise HubRefused("This model was trained with a scheduler that is not understood here.")
    if fields.get("trained_betas") is not None or fields.get("rescale_betas_zero_snr"):
        raise HubRefused("This model was trained with noise levels of its own, which are not understood here.")
    kind = fields.get("prediction_type", "epsilon" if fields.get("predict_epsilon", True) else "sample")
    if kind not in tuple(PREDICTIONS):
        raise HubRefused("This model predicts something that is not understood here.")
    steps, first, last = (fields.get(*entry) for entry in _DEFAULTS)
    try:
        if not _whole(steps, 2, MAX_TIMESTEPS) or not (_fraction(first) and _fraction(last)):
            raise ValueError("outside the range of betas")
        sigmas = noise_levels(fields.get("beta_schedule", "linear"), steps, first, last)
    except ValueError:
        raise HubRefused("This model was trained with noise levels that are not understood here.") from None
    return NoiseConfig(sigmas, PREDICTIONS[kind])


# Defaults of all these schedulers: Ho et al. 2020, section 4.
_DEFAULTS = (("num_train_timesteps", 1000), ("beta_start", 0.0001), ("beta_end", 0.02))


def _whole(value: object, low: int, high: int) -> TypeGuard[int]:
    return type(value) is int and low <= value <= high


def _fraction(value: object) -> TypeGuard[float]:
    return type(value) is float and 0 < value < 1
