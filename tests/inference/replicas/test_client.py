"""Replicas of the network elsewhere: nothing a visitor can see is lost with one of them. No Ray is needed here."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import torch

from explorer import weights
from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLERS
from explorer.engine import Engine
from explorer.errors import ClusterRefused, ModelUnavailable, RequestRefused, WeightsDiffer
from explorer.inference.batcher import CLOSED_MESSAGE, DIED_MESSAGE, OVERDUE_MESSAGE, Batcher
from explorer.inference.replicas import client as module
from explorer.inference.replicas import ray_serve as ray_module
from explorer.inference.replicas.client import UNREACHABLE_MESSAGE, Replicas
from explorer.inference.replicas.placement import Cluster, place_replicas, replica_bounds
from explorer.inference.replicas.worker import Replica, ReplicaSpec, ReplicaUnhealthy
from explorer.inference.scheduler import Cancelled
from explorer.schemas import SamplingRequest
from explorer.serve import prepare
from explorer.server.config import Hosting
from explorer.server.health import Health
from harness import ROOT
from tests.support.replica_stub import Carrier, Lost
from tests.support.waiting import wait_until

CARD = weights.card("scenes")
SIGMAS = (10.0, 3.0, 1.0, 0.3, 0.0)


@pytest.fixture(autouse=True)
def as_many_threads_as_before():
    """A replica sets the number of threads of its process, which here is that of all tests; rounding depends on it."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def shrink(x, sigma, label=None):
    """A denoiser whose rows do not depend on each other."""
    return x / (1 + sigma[:, None, None, None] ** 2) + (0 if label is None else label[:, None, None, None] / 100)


def plan(network=shrink, **settings):
    return ReplicaSpec(lambda device, dtype: (network, CARD), CARD["sha256"], "cpu", "float32", **settings)


@pytest.fixture
def carrier():
    with closing(Carrier(plan(), 2)) as made:
        yield made


@pytest.fixture
def connect(monkeypatch):
    """Replicas over a carrier."""
    monkeypatch.setattr(module, "RETRY_PAUSE_S", 0.001)
    monkeypatch.setattr(module, "COUNT_INTERVAL_S", 0.01)
    monkeypatch.setattr(module, "POLL_S", 0.01)
    made = []

    def connected(carrier, **settings):
        about = Replica(carrier.plan).about()
        made.append(Replicas(carrier.ask, (Lost,), lambda: len(carrier.replicas), about, **settings))
        return made[-1]

    yield connected
    for replicas in made:
        replicas.close()


def run(denoiser, seed):
    """The states of a whole run."""
    return [step.x for step in SAMPLERS["heun"](denoiser, SIGMAS[0] * white((1, 3, 8, 8), seed, "test"), SIGMAS)]


def test_the_answers_are_those_of_the_local_batcher(carrier, connect):
    denoiser = connect(carrier).denoiser()
    with closing(Batcher()) as batcher:
        local = batcher.denoiser(shrink)
        for x, sigma, label in (
            (white((3, 3, 8, 8), 0, "a"), 2.0, torch.tensor(1)),
            (white((1, 3, 4, 8), 0, "a").double(), torch.tensor(0.5), None),
            (white((2, 3, 8, 8), 0, "a").expand(2, 3, 8, 8), torch.tensor([0.1, 9.0]), torch.tensor([0, 1])),
        ):
            found = denoiser(x, sigma, label)
            assert found.dtype == torch.float32 and torch.equal(found, local(x, sigma, label))
        with pytest.raises(ValueError):
            denoiser(white((2, 3, 8, 8), 0, "a"), torch.ones(3))


def alone(seed):
    """The run without batcher and replicas."""
    return run(lambda x, sigma, label=None: shrink(x, torch.full((len(x),), sigma)), seed)


def test_a_run_goes_on_from_its_last_step_when_replicas_die(carrier, connect):
    replicas, steps = connect(carrier), []
    x = SIGMAS[0] * white((1, 3, 8, 8), 5, "test")
    for step in SAMPLERS["heun"](replicas.denoiser(), x, SIGMAS):
        steps.append(step.x)
        carrier.losing = len(steps) if len(steps) < 3 else 0
    assert all(torch.equal(a, b) for a, b in zip(steps, alone(5), strict=True))
    assert replicas.stats().repeated == 3 and carrier.sent == 3 + 2 * len(SIGMAS) - 3


def test_twelve_runs_at_once_survive_the_death_of_a_replica(connect):
    gate, passes = threading.Event(), []

    def held(x, sigma, label=None):
        passes.append(len(x))
        gate.wait(60)
        return shrink(x, sigma, label)

    with closing(Carrier(plan(held), 2)) as carrier, ThreadPoolExecutor(12) as threads:
        replicas = connect(carrier)
        runs = [threads.submit(run, replicas.denoiser(), seed) for seed in range(12)]
        wait_until(lambda: carrier.sent == 12 and len(passes) == 2)
        carrier.kill(carrier.replicas[0])
        gate.set()
        for seed, found in enumerate(runs):
            assert all(torch.equal(a, b) for a, b in zip(found.result(60), alone(seed), strict=True))
        assert replicas.stats().repeated == 6 and replicas.stats().in_flight == 0
        assert replicas.stats().rows == 12 * (2 * len(SIGMAS) - 3)


def test_a_call_under_which_every_replica_dies_is_given_up(carrier, connect):
    replicas, carrier.losing = connect(carrier), 100
    with pytest.raises(ModelUnavailable, match=DIED_MESSAGE):
        replicas.denoiser()(white((1, 3, 8, 8), 0, "a"), 1.0)
    assert carrier.sent == module.MAX_ATTEMPTS and replicas.stats().in_flight == 0


def test_without_a_replica_callers_wait_a_while_are_told_and_find_those_that_return(carrier, connect):
    replicas, lost = connect(carrier, grace_s=0.2), list(carrier.replicas)
    for replica in lost:
        carrier.kill(replica)
    with pytest.raises(ModelUnavailable, match=UNREACHABLE_MESSAGE):
        replicas.denoiser()(white((1, 3, 8, 8), 0, "a"), 1.0)
    assert carrier.answers[-1].cancelled
    wait_until(lambda: replicas.stats().live == 0)
    carrier.replicas.append(Replica(carrier.plan))
    wait_until(lambda: replicas.stats().live == 1)
    assert replicas.denoiser()(white((1, 3, 8, 8), 0, "a"), 1.0).shape == (1, 3, 8, 8)


def test_a_count_that_fails_is_believed_for_a_while_only(carrier, connect, monkeypatch):
    replicas = connect(carrier)
    wait_until(lambda: replicas.stats().live == 2)
    monkeypatch.setattr(module, "COUNT_STALE_S", 0.05)
    replicas._count_live = lambda: 1 / 0
    wait_until(lambda: replicas.stats().live == 0)
    assert replicas.denoiser()(white((1, 3, 8, 8), 0, "a"), 1.0).shape == (1, 3, 8, 8)  # its calls go on all the same


class Held:
    """A network that stands still until it is let go."""

    def __init__(self):
        self.gate, self.rows = threading.Event(), []

    def __call__(self, x, sigma, label=None):
        self.rows.append(sigma.tolist())
        assert self.gate.wait(60)
        return shrink(x, sigma, label)


@pytest.fixture
def held():
    network = Held()
    yield network
    network.gate.set()


def test_whoever_leaves_frees_his_rows(held, connect):
    with closing(Carrier(plan(held))) as carrier, ThreadPoolExecutor(2) as threads:
        replicas, left = connect(carrier), threading.Event()
        first = threads.submit(replicas.denoiser(), white((1, 3, 8, 8), 0, "a"), 1.0)
        wait_until(lambda: held.rows)
        second = threads.submit(replicas.denoiser(left.is_set), white((1, 3, 8, 8), 0, "a"), 7.0)
        batcher = carrier.replicas[0]._batcher
        wait_until(lambda: batcher.stats().waiting == 1)
        left.set()
        with pytest.raises(Cancelled):
            second.result(60)
        held.gate.set()
        assert first.result(60).shape == (1, 3, 8, 8)
        wait_until(lambda: batcher.stats().waiting == 0)
        assert held.rows == [[1.0]]


def test_there_is_a_deadline_and_an_end(held, connect):
    with closing(Carrier(plan(held))) as carrier:
        with pytest.raises(ModelUnavailable, match=OVERDUE_MESSAGE):
            connect(carrier, deadline_s=0.05).denoiser()(white((1, 3, 8, 8), 0, "a"), 1.0)
        ended = []
        replicas = connect(carrier, on_close=lambda: ended.append(1))
        with ThreadPoolExecutor(1) as threads:
            call = threads.submit(replicas.denoiser(), white((1, 3, 8, 8), 0, "a"), 1.0)
            wait_until(lambda: replicas.stats().in_flight == 1)
            replicas.close()
            replicas.close()
            with pytest.raises(ModelUnavailable, match=CLOSED_MESSAGE):
                call.result(60)
        assert ended == [1]


def test_what_is_not_finite_and_what_a_model_raises_reach_the_caller(connect):
    def odd(x, sigma, label=None):
        if sigma[0] == 2:
            raise KeyError("odd")
        return x * float("nan")

    with closing(Carrier(plan(odd))) as carrier:
        denoiser = connect(carrier).denoiser()
        with pytest.raises(FloatingPointError, match="not a number"):
            denoiser(white((1, 3, 8, 8), 0, "a"), 1.0)
        with pytest.raises(KeyError):
            denoiser(white((1, 3, 8, 8), 0, "a"), 2.0)


def unwell(replica):
    try:
        replica.check_health()
    except ReplicaUnhealthy:
        return True
    return False


def test_a_loop_that_stands_still_fails_the_health_check(held):
    replica = Replica(plan(held, stall_s=0.1))
    replica.check_health()
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(replica._batcher.denoiser(held), white((1, 3, 8, 8), 0, "a"), 1.0)
        wait_until(lambda: held.rows)
        wait_until(lambda: unwell(replica))
        with pytest.raises(ReplicaUnhealthy):
            replica.check_health()
        held.gate.set()
        call.result(60)
    replica.check_health()


def test_other_weights_are_refused():
    with pytest.raises(WeightsDiffer, match="not those"):
        Replica(ReplicaSpec(lambda device, dtype: (shrink, CARD), "of others", "cpu", "float32"))


def test_the_page_lets_more_compute_at_once_where_there_are_more_replicas(carrier, connect):
    engine = Engine(replicas=connect(carrier, max_replicas=3))
    app, options, _ = prepare(engine, Hosting())
    limits = {fn.concurrency_id: fn.concurrency_limit for fn in app.fns.values()}
    assert limits["compute"] == 12 and limits["figure"] == 2
    assert app._queue.max_size == 96 and options["max_threads"] == 120


def test_the_engine_asks_replicas_for_the_network_and_refuses_in_a_sentence(carrier, connect):
    replicas = connect(carrier, grace_s=0.1)
    engine = Engine(replicas=replicas)
    assert engine.models.card == CARD and engine.models.dtype == torch.float32 and engine.chunk == 8
    assert len(list(engine.sample(engine.plan(SamplingRequest(steps=3, size=64))))) == 4
    sent = carrier.sent
    assert sent >= 3 and len(list(engine.sample(engine.plan(SamplingRequest(steps=3, size=64, model="wiener"))))) == 4
    assert carrier.sent == sent  # all else is computed here
    wait_until(lambda: "explorer_replicas_live 2.0\n" in Health(engine).metrics())
    assert f"explorer_replicas_rows_total {float(replicas.stats().rows)}\n" in Health(engine).metrics()
    for replica in list(carrier.replicas):
        carrier.kill(replica)
    with pytest.raises(RequestRefused, match="cannot be reached"):
        list(engine.sample(engine.plan(SamplingRequest(steps=3, size=64, seed=1))))
    engine.models.close()


@pytest.mark.parametrize(
    ("nodes", "most", "device", "wanted"),
    [([{"CPU": 4.0}], 2, "auto", {"num_cpus": 2}), ([{"CPU": 4.0}, {"CPU": 3.0}], 2, "auto", {"num_cpus": 3}),
     ([{"CPU": 2.0}], 5, "auto", {"num_cpus": 1}), ([{"CPU": 8.0, "GPU": 2.0}], 2, "cpu", {"num_cpus": 4}),
     ([{"CPU": 8.0, "GPU": 1.0}, {"GPU": 1.0}], 2, "auto", {"num_gpus": 1, "num_cpus": 1})],
)  # fmt: skip
def test_what_a_replica_takes_of_its_machine(nodes, most, device, wanted):
    found, made = place_replicas(Cluster(min_replicas=1, max_replicas=most), ReplicaSpec(None, "", device), nodes)
    assert found == wanted and made.device == ("cuda" if "num_gpus" in wanted else "cpu")
    assert made.device == "cuda" or made.threads == wanted["num_cpus"]


def test_more_replicas_than_there_is_room_for_are_refused():
    with pytest.raises(ClusterRefused, match="1 GPU;"):
        place_replicas(
            Cluster(min_replicas=2, max_replicas=2), ReplicaSpec(None, "", "cuda"), [{"CPU": 8.0, "GPU": 1.0}]
        )
    with pytest.raises(ClusterRefused, match="2 CPUs;"):
        place_replicas(Cluster(min_replicas=3, max_replicas=3), ReplicaSpec(None, ""), [{"CPU": 2.0}])


def test_without_ray_there_is_one_plain_line(monkeypatch):
    monkeypatch.setattr(ray_module, "find_spec", lambda name: None)
    with pytest.raises(ClusterRefused, match=r"'\.\[cluster\]' adds it\."):
        ray_module.start_replicas(Cluster(), plan())
    code = "import sys, app; print('ray' in sys.modules)"  # nobody pays for it who does not ask for it
    asked = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "False"


def test_numbers_of_replicas():
    assert replica_bounds("2") == (2, 2) and replica_bounds("1-4") == (1, 4)
    for text in ("", "0", "-1", "3-2", "two", "1-", "1-2-3", "9999"):
        with pytest.raises(ClusterRefused):
            replica_bounds(text)
