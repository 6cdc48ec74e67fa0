"""Two replicas on Ray Serve, on this machine. Every pass takes one row here, so that pictures are the same to the bit:
in a larger batch the device may sum in another order, and the last digits depend on who else was asking.
"""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from importlib.util import find_spec

import pytest
import torch

from explorer import weights
from explorer.core.denoisers.guidance import class_guided
from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLERS, keyed_noise
from explorer.core.schedules import SCHEDULES
from explorer.engine.loading import load
from explorer.inference.batcher import Batcher
from explorer.inference.replicas.placement import Cluster
from explorer.inference.replicas.ray_serve import start_replicas
from explorer.inference.replicas.worker import ReplicaSpec
from tests.support.hanging_network import load_hanging
from tests.support.waiting import wait_until

if not find_spec("ray"):
    pytest.skip("ray is not installed: make cluster-test adds it", allow_module_level=True)
psutil = pytest.importorskip("psutil", reason="psutil is not installed: make cluster-test adds it")
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own

RUNS, STEPS, SIDE = 12, 8, 32
CARD = weights.card("scenes")


@pytest.fixture(scope="module")
def order(tmp_path_factory):
    return tmp_path_factory.mktemp("order") / "stand-still"


@pytest.fixture(scope="module")
def replicas(order):
    """Two of them; nothing of Ray is left behind."""
    plan = ReplicaSpec(partial(load_hanging, order), CARD["sha256"], "cpu", "float32", max_pixels=1, stall_s=4.0)
    made = start_replicas(Cluster(min_replicas=2, max_replicas=2), plan)
    processes = psutil.Process().children(recursive=True)
    yield made
    made.close()
    wait_until(lambda: not [process for process in processes if process.is_running()], 30)


def run(denoiser, seed):
    """The states of a whole run, which draws noise on its way."""
    x = 20 * white((1, 3, SIDE, SIDE), seed, "cluster")
    of_class = class_guided(denoiser, seed % 7, 2.0, 7)
    noise = keyed_noise(x.shape[1:], seed, [0])
    sigmas = SCHEDULES["karras"].sigmas(STEPS, 20)
    return [step.x for step in SAMPLERS["ancestral"](of_class, x, sigmas, noise=noise)]


def at_once(replicas):
    """Twelve runs, begun together."""
    threads = ThreadPoolExecutor(RUNS)
    return [threads.submit(run, replicas.denoiser(), seed) for seed in range(RUNS)]


@pytest.fixture(scope="module")
def local():
    """The runs by the local backend, one thread as a replica has."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    network, _ = load("scenes", torch.device("cpu"))
    with closing(Batcher(max_pixels=1)) as batcher:
        yield [run(batcher.denoiser(network), seed) for seed in range(RUNS)]
    torch.set_num_threads(before)


def assert_same(runs, expected):
    for found, states in zip(runs, expected, strict=True):
        assert len(found.result(120)) == len(states)
        assert all(torch.equal(a, b) for a, b in zip(found.result(), states, strict=True))


def process_ids():
    """Of the replicas."""
    children = psutil.Process().children(recursive=True)
    return {process.pid for process in children if "ServeReplica" in " ".join(process.cmdline())}


def test_the_answers_are_those_of_the_local_backend(replicas, local):
    assert_same(at_once(replicas), local)
    wait_until(lambda: replicas.stats().live == 2)


def test_kill_9_of_a_replica_in_the_middle_of_twelve_runs_changes_nothing(replicas, local):
    before, processes = replicas.stats(), process_ids()
    assert len(processes) == 2
    runs = at_once(replicas)
    wait_until(lambda: replicas.stats().rows > before.rows + 2 * RUNS)
    assert not any(found.done() for found in runs)
    os.kill(processes.pop(), signal.SIGKILL)
    assert_same(runs, local)
    assert replicas.stats().repeated > before.repeated and replicas.stats().in_flight == 0
    wait_until(lambda: len(process_ids() - processes) == 1 and replicas.stats().live == 2, 120)


def test_a_replica_whose_loop_stands_still_is_replaced(replicas, order, local):
    before, processes = replicas.stats(), process_ids()
    order.touch()
    assert_same(at_once(replicas), local)  # those that waited for it were asked again
    assert not order.exists() and replicas.stats().repeated > before.repeated
    wait_until(lambda: len(process_ids() & processes) == 1 and len(process_ids()) == 2, 120)
