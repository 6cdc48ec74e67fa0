"""Descriptions of the API parameters, for its documentation."""

from __future__ import annotations

from explorer.core.samplers.registry import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.schemas.autoencoders import CORRUPTIONS
from explorer.schemas.branching import MAX_SIBLINGS, ORIGINS
from explorer.schemas.sampling import STARTS
from explorer.schemas.score_field import DENSITIES, SOURCES
from explorer.schemas.transfer import NONLINEAR
from explorer.schemas.validation import MODELS, SIZES


def _one_of(names: tuple | list) -> str:
    return f"one of {', '.join(map(str, names))}"


PARAMETER_DOCS = {
    "picture": "name of an example picture, or what add_picture gave",
    "model": f"what removes the noise, {_one_of(MODELS)}",
    "label": "class that the model is told; any for none",
    "seed": "whole number; the same seed gives the same noise",
    "size": f"side of the square picture in pixels, {_one_of(SIZES)}, as far as this server allows",
    "levels": "how many noise levels, evenly spaced in ln sigma",
    "sampler": _one_of(list(SAMPLERS)),
    "samplers": f"one to three of {', '.join(name for name in SAMPLERS if name not in NONLINEAR)}",
    "steps": "how many steps are taken",
    "step_counts": "one to six numbers of steps",
    "schedule": f"how the noise levels are spaced, {_one_of(list(SCHEDULES))}",
    "guidance": "weight of the class against any, 0 to 20; 1 for none",
    "eta": "amount of fresh noise of the ancestral and the predictor-corrector sampler, 0 to 1",
    "start": f"what the run starts from, {_one_of(STARTS)}",
    "sigma": "a noise level in data units; pictures have values from -1 to 1",
    "run": "the run to start from, as an object with parameters of sampling",
    "step": "at which step of the run, 0 for the noisiest",
    "origin": f"continue the stored state or noise the clean picture afresh, {_one_of(ORIGINS)}",
    "count": f"how many are drawn; of pictures at most {MAX_SIBLINGS} or 32",
    "low": "lowest noise level, data units",
    "high": "highest noise level, data units",
    "corruption": f"what is done to the picture, {_one_of(CORRUPTIONS)}",
    "rate": "share of the pixels that are masked, 0 to 1",
    "plane": f"an object with density ({_one_of(DENSITIES)}) and, for drawn, points as a list of [x, y]",
    "source": f"whose score moves the walkers, {_one_of(SOURCES)}",
}
