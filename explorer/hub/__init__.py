"""Models of the Hugging Face Hub as Denoisers: hub:OWNER/NAME@REVISION.

Supported are networks of the class UNet2DModel of the library diffusers on pixels, unconditional or conditioned on a
class index, trained with a scheduler of discrete times. diffusers and huggingface_hub are imported only to load such a
model; the explorer runs without them.
"""

from __future__ import annotations

from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer import weights
from explorer.core.denoiser import Denoiser
from explorer.errors import HubRefused
from explorer.hub import download
from explorer.hub.adapter import DiscreteVPDenoiser, GreyDenoiser
from explorer.hub.config_checks import NetworkConfig, NoiseConfig, check_index, check_network, check_noise
from explorer.hub.model_id import PREFIX, HubModel, parse

__all__ = ["PREFIX", "HubModel", "load", "parse"]

DIFFUSERS_MISSING = "Models of the Hub need the package diffusers: pip install -e '.[hub]' adds it."
# Layers of an attention block: names in diffusers before 2023 -> names now.
CURRENT_LAYER_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def load(
    spec: str,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    cache: str | Path | None = None,
    endpoint: str | None = None,
) -> tuple[Denoiser, weights.Card]:
    """Return the model as a Denoiser, and its card; labels index the card's `classes`. Raise WeightsRefused.

    spec: hub:OWNER/NAME@REVISION. dtype: number type that the network computes in; input and output are float32. cache,
    endpoint: see `download.find`. A network of grey pictures is adapted to colour pictures with equal channels
    (`GreyDenoiser`). A network with classes has no 'any' among them; without a label it uses class 0.
    """
    model = parse(spec)
    if not (find_spec("diffusers") and find_spec("huggingface_hub")):
        raise HubRefused(DIFFUSERS_MISSING)
    repository = download.find(model, cache, endpoint)
    if repository.layout.index is not None:
        check_index(repository.json(repository.layout.index))
    network = check_network(repository.json(repository.layout.config))
    noise = check_noise(repository.json(repository.layout.schedule))
    data, sha256 = repository.weights()
    tensors = weights.parse_tensors(data, model.repository)
    denoiser = _built(network, noise, tensors, model)
    weights.channels_last(denoiser.net.to(device, dtype))
    card = _card(model, network, noise) | {
        "parameters": sum(tensor.numel() for tensor in tensors.values()),
        "bytes": len(data),
        "sha256": sha256,
    }
    return GreyDenoiser(denoiser) if network.colours == 1 else denoiser, card


def _built(
    network: NetworkConfig, noise: NoiseConfig, tensors: dict[str, Tensor], model: HubModel
) -> DiscreteVPDenoiser:
    """The network with these tensors, float32 on the CPU, after a trial pass on a small picture."""
    UNet2DModel = _library()
    current = {
        ".".join(CURRENT_LAYER_NAMES.get(part, part) for part in key.split(".")): t.float()
        for key, t in tensors.items()
    }
    known = {key: network.fields[key] for key in signature(UNet2DModel.__init__).parameters if key in network.fields}
    side = 2 * network.multiple
    try:
        net = weights.instantiate(lambda: UNet2DModel(**known), current).eval().requires_grad_(False)
        denoiser = DiscreteVPDenoiser(net, noise.sigmas, noise.prediction, network.classes, network.multiple)
        with torch.inference_mode():
            answer = denoiser(torch.zeros(1, network.colours, side, side), 1.0)
    except Exception:  # the library raises many types of error for foreign settings
        raise HubRefused(f"The weights of {model.repository} do not fit the network it describes.") from None
    if answer.shape[-2:] != (side, side) or not bool(answer.isfinite().all()):
        raise HubRefused(f"The network of {model.repository} gives no picture of finite numbers.")
    return denoiser


def _library() -> Any:  # noqa: ANN401 - a class of a package that need not be installed
    try:
        from diffusers import UNet2DModel
        from diffusers.utils import logging
    except (ImportError, RuntimeError):  # the latter where a package below it has the wrong version
        raise HubRefused(DIFFUSERS_MISSING) from None
    logging.set_verbosity_error()
    return UNet2DModel


def _card(model: HubModel, network: NetworkConfig, noise: NoiseConfig) -> weights.Card:
    """The card of the model; the number of its training pictures is unknown."""
    return {
        "name": model.repository,
        "kind": "hub",
        "revision": model.revision,
        "classes": tuple(f"class {i}" for i in range(network.classes)) or ("any",),
        "colours": network.colours,
        "data_range": (-1, 1),
        "prediction": noise.prediction,
        "sigma_range": (float(noise.sigmas[0]), float(noise.sigmas[-1])),  # of its training, data units
        "training": {"size": network.side},
        "provenance": [{"data": "stated on its page", "source": model.page, "licence": "stated on its page"}],
    }
