"""Loading of the server's network by its name on the command line: here, or in replicas on other machines."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from explorer import hub, weights
from explorer.core.denoiser import Denoiser
from explorer.errors import WeightsRefused
from explorer.inference.optimize import optimize
from explorer.inference.replicas.client import Replicas
from explorer.inference.replicas.placement import Cluster
from explorer.inference.replicas.ray_serve import start_replicas
from explorer.inference.replicas.worker import ReplicaSpec
from explorer.inference.zerogpu import on_zerogpu

NETWORK_KINDS = ("unet", "hub")  # kinds of weight card that hold a network


def load(
    model: str, device: torch.device, dtype: torch.dtype = torch.float32, compiled: bool = False
) -> tuple[Denoiser, dict[str, Any]]:
    """Return the network in the form that is fastest on the device, and its card. Raises WeightsRefused.

    model: a name in weights/, or hub:OWNER/NAME@REVISION. compiled: by PyTorch, which takes a minute or more.
    """
    if model.startswith(hub.PREFIX):
        network, card = hub.load(model, device, dtype)
    else:
        network, card = weights.load(model, device, dtype), weights.card(model)
        card["identity"] = weights.identity(card)
    return optimize(on_zerogpu(network), device, compiled), card


def replicas_of(
    model: str, cluster: Cluster, device: str = "auto", dtype: str = "auto", compiled: bool = False
) -> Replicas:
    """Start replicas of the network on a Ray cluster, each with the weights of the same hash.

    device and dtype: of each replica; "auto" is the fastest there. Raises ClusterRefused and WeightsRefused.
    """
    card = hub.load(model)[1] if model.startswith(hub.PREFIX) else weights.card(model)
    if card["kind"] not in NETWORK_KINDS:
        raise WeightsRefused(f"'{model}' is not a network.")
    identity = weights.identity(card)
    return start_replicas(cluster, ReplicaSpec(partial(load, model, compiled=compiled), identity, device, dtype))
