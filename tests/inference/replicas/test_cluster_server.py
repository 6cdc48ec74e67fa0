"""A server on a cluster of its own: from start to end, and what it refuses."""

import re
import signal
import subprocess
import sys
from functools import partial
from importlib.util import find_spec

import httpx
import pytest

from explorer.engine.loading import load
from explorer.errors import ClusterRefused
from explorer.inference.replicas.placement import Cluster
from explorer.inference.replicas.ray_serve import start_replicas
from explorer.inference.replicas.worker import ReplicaSpec
from harness import ROOT
from harness.server_process import free_port
from tests.support.waiting import wait_until

if not find_spec("ray"):
    pytest.skip("ray is not installed: make cluster-test adds it", allow_module_level=True)
psutil = pytest.importorskip("psutil", reason="psutil is not installed: make cluster-test adds it")
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own


def test_other_weights_are_refused():
    with pytest.raises(ClusterRefused, match="not those that the server was started with"):
        start_replicas(Cluster(), ReplicaSpec(partial(load, "scenes"), "0" * 64, "cpu", "float32"))
    assert not psutil.Process().children(recursive=True)


@pytest.mark.server
def test_a_server_on_a_cluster_from_start_to_end():
    port = free_port()
    command = [sys.executable, "app.py", "--cluster", "auto", "--replicas", "2", "--device", "cpu", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: server.poll() is None and answers(f"{url}/readyz"), 180, every=0.5)
        processes = psutil.Process(server.pid).children(recursive=True)
        wait_until(lambda: "explorer_replicas_live 2.0\n" in httpx.get(f"{url}/metrics").text)
        assert int(re.search(r"replicas_rows_total (\d+)", httpx.get(f"{url}/metrics").text)[1]) >= 32
        assert {where for process in processes for where in listening(process)} <= LOOPBACK
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
        wait_until(lambda: not [process for process in processes if process.is_running()], 30)
        assert len(server.stdout.read().splitlines()) <= 4
    finally:
        server.kill()


LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def listening(process):
    """Where the process listens. Serve gives each replica a port at all addresses, which asks for the token."""
    try:
        if "ServeReplica" in " ".join(process.cmdline()) and process.environ()["RAY_AUTH_MODE"] == "token":
            return []
        return [c.laddr.ip for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
    except psutil.NoSuchProcess:  # Ray starts workers that it does not need after all
        return []


def answers(url):
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
