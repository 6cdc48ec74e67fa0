"""Replicas of the network on Ray Serve, on this machine or on the machines of a Ray cluster.

The process that serves the page calls the replicas through a Serve handle; no port of Ray is reachable through the
page. Ray is imported only in these functions; without it everything else works.
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

from explorer.errors import ClusterRefused, DeviceRefused, HubRefused, WeightsDiffer, WeightsRefused
from explorer.inference.replicas.client import Replicas
from explorer.inference.replicas.placement import LOCAL_RAY, Cluster, place_replicas
from explorer.inference.replicas.worker import MAX_ONGOING_CALLS, Replica, ReplicaSpec

ROOT = str(Path(__file__).resolve().parents[3])
APP, DEPLOYMENT = "explorer", "network"
RAY_FOLDER_PREFIX = "explorer-ray-"
OBJECT_STORE_BYTES = 256 * 2**20  # of a local Ray's shared memory; the arrays of a call take a few MB at most
CONNECT_TIMEOUT_S = 5.0
START_TIMEOUT_S = 60  # for the first answer of a replica
TARGET_CALLS_PER_REPLICA = 8  # ongoing calls; with more of them another replica is started, up to max_replicas
UPSCALE_DELAY_S, DOWNSCALE_DELAY_S = 3.0, 300.0  # that the load must be above, or below, the target
RAY_MISSING = "Running on a cluster needs the package ray: pip install -e '.[cluster]' adds it."


def start_replicas(cluster: Cluster, spec: ReplicaSpec) -> Replicas:
    """Start or join Ray, start the replicas and return their client; takes half a minute.

    `Replicas.close` ends the replicas, and Ray if it was started here. Raise ClusterRefused where that is impossible.
    """
    if not find_spec("ray"):
        raise ClusterRefused(RAY_MISSING)
    _set_environment(own=cluster.address == LOCAL_RAY)
    import ray

    leave = _init(cluster)
    try:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        wanted, spec = place_replicas(cluster, spec, nodes)
        return _deployed(cluster, spec, wanted, leave)
    except BaseException:
        leave()
        raise


def _set_environment(own: bool) -> None:
    """Ray's environment: no usage reports; a local Ray listens on loopback and requires a token."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if own:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # Ray's only switch for loopback
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # else Ray writes one to the home folder


def _init(cluster: Cluster) -> Callable[[], None]:
    """Start or join Ray and return the function that undoes it. Raises ClusterRefused."""
    import ray

    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if cluster.address != LOCAL_RAY:
        try:
            _check_reachable(cluster.address)  # Ray itself would try for many minutes
            ray.init(cluster.address, **quiet)
        except (OSError, ValueError, RuntimeError, ray.exceptions.RayError):
            raise ClusterRefused(f"No Ray cluster that this machine is part of answers at {cluster.address}.") from None
        return ray.shutdown
    folder, lock = _own_folder()

    def leave() -> None:
        ray.shutdown()
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)

    cpus = max(os.cpu_count() or 1, cluster.min_replicas)
    own = {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES, "_temp_dir": str(folder / "r")}
    try:
        ray.init("local", num_cpus=cpus, **own, **quiet)
    except (OSError, RuntimeError, ValueError):
        leave()
        raise ClusterRefused("Ray could not be started on this machine.") from None
    return leave


def _own_folder() -> tuple[Path, FileLock]:
    """A private folder for Ray with a lock held in it; folders without a held lock are abandoned and deleted."""
    place = Path(tempfile.gettempdir())
    for abandoned in place.glob(f"{RAY_FOLDER_PREFIX}*"):
        with suppress(Timeout, OSError), FileLock(abandoned / "lock", timeout=0):
            shutil.rmtree(abandoned, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="new-"))
    lock = FileLock(folder / "lock")
    lock.acquire(timeout=0)
    # renamed once its lock is held, so that nobody finds it by this name without the lock
    return folder.rename(place / f"{RAY_FOLDER_PREFIX}{folder.name}"), lock


def _check_reachable(address: str) -> None:
    """Raises OSError or ValueError unless something listens at HOST:PORT."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S).close()


def _deployed(cluster: Cluster, spec: ReplicaSpec, wanted: dict[str, float], leave: Callable[[], None]) -> Replicas:
    """The replicas, running. Raises ClusterRefused."""
    from ray import serve

    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    serve.start(proxy_location="Disabled", logging_config={"log_level": "ERROR"})
    network = serve.deployment(Replica, name=DEPLOYMENT).options(**_deployment_options(cluster, wanted))

    def end() -> None:
        if cluster.address != LOCAL_RAY:
            serve.delete(APP)
        leave()

    try:
        handle = serve.run(network.bind(spec), name=APP, route_prefix=None, logging_config={"log_level": "ERROR"})
    except RuntimeError:
        reason = _failure_reason()
        end()
        raise ClusterRefused(reason) from None
    info = handle.about.remote().result(timeout_s=START_TIMEOUT_S)
    return Replicas(handle.remote, _lost_errors(), _count_live, info, end, cluster.max_replicas)


def _deployment_options(cluster: Cluster, wanted: dict[str, float]) -> dict:
    """Options of the Serve deployment. Serve replaces a replica that fails three health checks in a row."""
    options = {
        "max_ongoing_requests": MAX_ONGOING_CALLS,
        "health_check_period_s": 2.0,
        "health_check_timeout_s": 10.0,
        "graceful_shutdown_timeout_s": 5.0,
        "graceful_shutdown_wait_loop_s": 0.2,
        "max_constructor_retry_count": 2,
        "ray_actor_options": {**wanted, "runtime_env": {"env_vars": {"PYTHONPATH": ROOT}}},
    }
    if cluster.min_replicas == cluster.max_replicas:
        return {**options, "num_replicas": cluster.min_replicas}
    scaling = {
        "min_replicas": cluster.min_replicas,
        "max_replicas": cluster.max_replicas,
        "initial_replicas": cluster.min_replicas,
        "target_ongoing_requests": TARGET_CALLS_PER_REPLICA,
        "upscale_delay_s": UPSCALE_DELAY_S,
        "downscale_delay_s": DOWNSCALE_DELAY_S,
        "look_back_period_s": UPSCALE_DELAY_S,
        "metrics_interval_s": 1.0,
    }
    return {**options, "autoscaling_config": scaling}


def _lost_errors() -> tuple[type[Exception], ...]:
    """Exceptions of a call whose replica, machine or connection was lost."""
    from ray import exceptions as lost
    from ray.serve.exceptions import DeploymentUnavailableError

    return (
        lost.RayActorError, lost.WorkerCrashedError, lost.NodeDiedError, lost.ObjectLostError,
        lost.ActorUnavailableError, DeploymentUnavailableError,
    )  # fmt: skip


def _count_live() -> int:
    """Number of replicas that take calls."""
    from ray import serve

    application = serve.status().applications.get(APP)
    deployment = application and application.deployments.get(DEPLOYMENT)
    return deployment.replica_states.get("RUNNING", 0) if deployment else 0


def _failure_reason() -> str:
    """Why no replica started: the text of our own exception in Serve's status messages, if there is one."""
    from ray import serve

    application = serve.status().applications.get(APP)
    notes = [application.message] if application else []
    notes += [deployment.message for deployment in (application.deployments.values() if application else ())]
    for note in notes:
        for name in (error.__name__ for error in (WeightsDiffer, WeightsRefused, HubRefused, DeviceRefused)):
            if f"{name}: " in note:
                return note.rsplit(f"{name}: ", 1)[1].splitlines()[0].strip()
    return "The replicas could not be started; the logs of Ray on the machines of the cluster say why."
