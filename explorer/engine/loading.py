"""The network that a server computes with, by the name on the command line: loaded here, or in replicas elsewhere."""

from __future__ import annotations

from functools import partial

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

NETWORKS = ("unet", "hub")  # kinds of model


def load(
    model: str, device: torch.device, dtype: torch.dtype = torch.float32, compiled: bool = False
) -> tuple[Denoiser, dict]:
    """The network in the form that is fastest there, and its card. Raises WeightsRefused.

    model: a name in weights/, or hub:OWNER/NAME@REVISION.
    """
    if model.startswith(hub.PREFIX):
        network, card = hub.load(model, device, dtype)
    else:
        network, card = weights.load(model, device, dtype), weights.card(model)
    return optimize(on_zerogpu(network), device, compiled), card


def replicas_of(
    model: str, cluster: Cluster, device: str = "auto", dtype: str = "auto", compiled: bool = False
) -> Replicas:
    """Replicas of the network on a Ray cluster, each with the weights of the same hash.

    Raises ClusterRefused and WeightsRefused.
    """
    card = hub.load(model)[1] if model.startswith(hub.PREFIX) else weights.card(model)
    if card["kind"] not in NETWORKS:
        raise WeightsRefused(f"'{model}' is not a network.")
    return start_replicas(cluster, ReplicaSpec(partial(load, model, compiled=compiled), card["sha256"], device, dtype))
