"""How many replicas there are and which share of its machine each one takes. Needs no Ray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from explorer.errors import ClusterRefused
from explorer.inference.replicas.worker import ReplicaSpec

LOCAL_RAY = "auto"  # address that stands for a Ray instance started on this machine
MAX_REPLICAS = 1000


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster and the number of replicas on it, which varies with the load between the bounds."""

    address: str = LOCAL_RAY  # or HOST:PORT of a cluster that this machine is part of
    min_replicas: int = 1
    max_replicas: int = 1


def replica_bounds(text: str) -> tuple[int, int]:
    """Return (min_replicas, max_replicas) for the text N or MIN-MAX. Raise ClusterRefused for anything else."""
    least, dash, most = text.partition("-")
    try:
        bounds = int(least), int(most if dash else least)
    except ValueError:
        bounds = 0, 0
    if not 1 <= bounds[0] <= bounds[1] <= MAX_REPLICAS:
        raise ClusterRefused(f"argument --replicas: takes N or MIN-MAX, from 1 to {MAX_REPLICAS}")
    return bounds


def place_replicas(
    cluster: Cluster, spec: ReplicaSpec, nodes: Sequence[dict[str, float]]
) -> tuple[dict[str, float], ReplicaSpec]:
    """Return the Ray resources of each replica, and the spec with device and threads filled in.

    Each replica gets a GPU where the cluster has any, else as many processor cores as leave room for max_replicas.
    nodes: the resources of each machine, by "CPU" and "GPU". Raise ClusterRefused without room for min_replicas.
    """
    gpus = int(sum(node.get("GPU", 0) for node in nodes))
    if spec.device == "cuda" or (spec.device == "auto" and gpus):
        if gpus < cluster.min_replicas:
            raise ClusterRefused(_too_few(cluster.min_replicas, gpus, "GPU"))
        return {"num_gpus": 1, "num_cpus": 1}, replace(spec, device="cuda")
    cpus = [int(node.get("CPU", 0)) for node in nodes]
    if sum(cpus) < cluster.min_replicas:
        raise ClusterRefused(_too_few(cluster.min_replicas, sum(cpus), "CPU"))
    fits = lambda count: sum(cpu // count for cpu in cpus) >= cluster.max_replicas
    threads = max((count for count in range(1, max(cpus) + 1) if fits(count)), default=1)
    device = "cpu" if spec.device == "auto" else spec.device
    return {"num_cpus": threads}, replace(spec, device=device, threads=threads)


def _too_few(replicas: int, there: int, what: str) -> str:
    return f"The cluster has {there} {what}{'s' * (there != 1)}; --replicas {replicas} needs one for each."
