"""Replicas of the network on Ray Serve: on this machine, or on the machines of a Ray cluster.

One process serves the page and calls the replicas through a Serve handle; nothing of Ray is open to visitors. Ray is
imported when it is asked for; the explorer runs without it.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock, Timeout

from explorer.errors import ClusterRefused
from explorer.inference.replicas.client import Replicas
from explorer.inference.replicas.placement import LOCAL_RAY, Cluster, place_replicas
from explorer.inference.replicas.worker import MAX_ONGOING_CALLS, Replica, ReplicaSpec

ROOT = str(Path(__file__).resolve().parents[3])
APP, DEPLOYMENT = "explorer", "network"
RAY_FOLDER_PREFIX = "explorer-ray-"
OBJECT_STORE_BYTES = 256 * 2**20  # shared memory for the arrays of a Ray of our own; a call's are a few MB at most
CONNECT_TIMEOUT_S = 5.0
TARGET_CALLS_PER_REPLICA = 8  # calls per replica above which another one is started, where there may be more
UPSCALE_DELAY_S, DOWNSCALE_DELAY_S = 3.0, 300.0  # for how long there must be more, or less, to do
RAY_MISSING = "Running on a cluster needs the package ray: pip install -r requirements-cluster.txt adds it."


def start_replicas(cluster: Cluster, plan: ReplicaSpec) -> Replicas:
    """Start or join Ray and the replicas; takes half a minute. Raises ClusterRefused.

    Replicas.close() ends them, and Ray where it was started here.
    """
    if not find_spec("ray"):
        raise ClusterRefused(RAY_MISSING)
    _set_environment(own=cluster.address == LOCAL_RAY)
    import ray

    leave = _init(cluster)
    try:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        wanted, plan = place_replicas(cluster, plan, nodes)
        return _deployed(cluster, plan, wanted, leave)
    except BaseException:
        leave()
        raise


def _set_environment(own: bool) -> None:
    """What Ray reads: report nothing; one of our own listens on loopback, and everything in it asks for a token."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if own:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # Ray's only way to have it on loopback
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # else Ray leaves one in the home folder


def _init(cluster: Cluster) -> Callable[[], None]:
    """Start or join Ray; returns what ends that. Raises ClusterRefused."""
    import ray

    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if cluster.address != LOCAL_RAY:
        try:
            _knock(cluster.address)  # Ray itself tries for many minutes
            ray.init(cluster.address, **quiet)
        except (OSError, ValueError, RuntimeError, ray.exceptions.RayError):
            raise ClusterRefused(f"No Ray cluster that this machine is part of answers at {cluster.address}.") from None
        return ray.shutdown
    folder, lock = _own_folder()

    def leave() -> None:
        ray.shutdown()
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)

    cpus = max(os.cpu_count() or 1, cluster.least)
    own = {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES, "_temp_dir": str(folder / "r")}
    try:
        ray.init("local", num_cpus=cpus, **own, **quiet)
    except (OSError, RuntimeError, ValueError):
        leave()
        raise ClusterRefused("Ray could not be started on this machine.") from None
    return leave


def _own_folder() -> tuple[Path, FileLock]:
    """A folder for Ray that nobody else can enter, and the lock that is held in it; abandoned ones are deleted."""
    place = Path(tempfile.gettempdir())
    for abandoned in place.glob(f"{RAY_FOLDER_PREFIX}*"):
        with suppress(Timeout, OSError), FileLock(abandoned / "lock", timeout=0):
            shutil.rmtree(abandoned, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="new-"))
    lock = FileLock(folder / "lock")
    lock.acquire(timeout=0)
    # renamed once its lock is held, so that nobody finds it by this name without the lock
    return folder.rename(place / f"{RAY_FOLDER_PREFIX}{folder.name}"), lock


def _knock(address: str) -> None:
    """Raises OSError or ValueError unless something listens at HOST:PORT."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S).close()


def _deployed(cluster: Cluster, plan: ReplicaSpec, wanted: dict[str, float], leave: Callable[[], None]) -> Replicas:
    """The replicas, running. Raises ClusterRefused."""
    from ray import serve

    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    serve.start(proxy_location="Disabled", logging_config={"log_level": "ERROR"})
    network = serve.deployment(Replica, name=DEPLOYMENT).options(**_options(cluster, wanted))

    def end() -> None:
        if cluster.address != LOCAL_RAY:
            serve.delete(APP)
        leave()

    try:
        handle = serve.run(network.bind(plan), name=APP, route_prefix=None, logging_config={"log_level": "ERROR"})
    except RuntimeError:
        reason = _why()
        end()
        raise ClusterRefused(reason) from None
    about = handle.about.remote().result(timeout_s=60)
    return Replicas(handle.remote, _losses(), _running, about, end, cluster.most)


def _options(cluster: Cluster, wanted: dict[str, float]) -> dict:
    """Of the deployment. One that is not well for three checks is replaced."""
    options = {
        "max_ongoing_requests": MAX_ONGOING_CALLS,
        "health_check_period_s": 2.0,
        "health_check_timeout_s": 10.0,
        "graceful_shutdown_timeout_s": 5.0,
        "graceful_shutdown_wait_loop_s": 0.2,
        "max_constructor_retry_count": 2,
        "ray_actor_options": {**wanted, "runtime_env": {"env_vars": {"PYTHONPATH": ROOT}}},
    }
    if cluster.least == cluster.most:
        return {**options, "num_replicas": cluster.least}
    scaling = {
        "min_replicas": cluster.least,
        "max_replicas": cluster.most,
        "initial_replicas": cluster.least,
        "target_ongoing_requests": TARGET_CALLS_PER_REPLICA,
        "upscale_delay_s": UPSCALE_DELAY_S,
        "downscale_delay_s": DOWNSCALE_DELAY_S,
        "look_back_period_s": UPSCALE_DELAY_S,
        "metrics_interval_s": 1.0,
    }
    return {**options, "autoscaling_config": scaling}


def _losses() -> tuple[type[Exception], ...]:
    """What a call ends with when a replica, its machine or the way to it is lost, and not by its own fault."""
    from ray import exceptions as lost
    from ray.serve.exceptions import DeploymentUnavailableError

    return (
        lost.RayActorError, lost.WorkerCrashedError, lost.NodeDiedError, lost.ObjectLostError,
        lost.ActorUnavailableError, DeploymentUnavailableError,
    )  # fmt: skip


def _running() -> int:
    """Replicas that take calls."""
    from ray import serve

    application = serve.status().applications.get(APP)
    deployment = application and application.deployments.get(DEPLOYMENT)
    return deployment.replica_states.get("RUNNING", 0) if deployment else 0


def _why() -> str:
    """Why no replica came up: the last line of what Serve noted, where that is a sentence of ours."""
    from ray import serve

    application = serve.status().applications.get(APP)
    notes = [application.message] if application else []
    notes += [deployment.message for deployment in (application.deployments.values() if application else ())]
    for note in notes:
        for name in ("WeightsDiffer", "WeightsRefused", "HubRefused", "DeviceRefused"):
            if f"{name}: " in note:
                return note.rsplit(f"{name}: ", 1)[1].splitlines()[0].strip()
    return "The replicas could not be started; the logs of Ray on the machines of the cluster say why."
