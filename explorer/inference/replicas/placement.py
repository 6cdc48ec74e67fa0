"""Where replicas run and what each takes of its machine. Nothing here needs Ray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from explorer.errors import ClusterRefused
from explorer.inference.replicas.worker import ReplicaSpec

LOCAL_RAY = "auto"  # the address that stands for a Ray of our own, here
MAX_REPLICAS = 1000  # replicas


@dataclass(frozen=True)
class Cluster:
    """Where Ray is, and how many replicas run there."""

    address: str = LOCAL_RAY  # else HOST:PORT of a cluster that this machine is part of
    least: int = 1
    most: int = 1


def replica_bounds(text: str) -> tuple[int, int]:
    """The least and the largest number of replicas, from N or MIN-MAX. Raises ClusterRefused."""
    least, dash, most = text.partition("-")
    try:
        bounds = int(least), int(most if dash else least)
    except ValueError:
        bounds = 0, 0
    if not 1 <= bounds[0] <= bounds[1] <= MAX_REPLICAS:
        raise ClusterRefused(f"argument --replicas: takes N or MIN-MAX, from 1 to {MAX_REPLICAS}")
    return bounds


def place_replicas(
    cluster: Cluster, plan: ReplicaSpec, nodes: Sequence[dict[str, float]]
) -> tuple[dict[str, float], ReplicaSpec]:
    """What each replica takes of its machine, and the plan with device and threads decided for all of them.

    A GPU where there are any, else as many of the processor's cores as let the largest number of replicas run. nodes:
    what each machine has, as "CPU" and "GPU". Raises ClusterRefused when the least number has no room.
    """
    gpus = int(sum(node.get("GPU", 0) for node in nodes))
    if plan.device == "cuda" or (plan.device == "auto" and gpus):
        if gpus < cluster.least:
            raise ClusterRefused(_too_few(cluster.least, gpus, "GPU"))
        return {"num_gpus": 1, "num_cpus": 1}, replace(plan, device="cuda")
    cpus = [int(node.get("CPU", 0)) for node in nodes]
    if sum(cpus) < cluster.least:
        raise ClusterRefused(_too_few(cluster.least, sum(cpus), "CPU"))
    fits = lambda count: sum(cpu // count for cpu in cpus) >= cluster.most
    threads = max((count for count in range(1, max(cpus) + 1) if fits(count)), default=1)
    device = "cpu" if plan.device == "auto" else plan.device
    return {"num_cpus": threads}, replace(plan, device=device, threads=threads)


def _too_few(replicas: int, there: int, what: str) -> str:
    return f"The cluster has {there} {what}{'s' * (there != 1)}; --replicas {replicas} needs one for each."
