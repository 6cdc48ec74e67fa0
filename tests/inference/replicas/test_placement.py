"""What each replica takes of a cluster: numbers alone, no Ray."""

import pytest

from explorer.errors import ClusterRefused
from explorer.inference.replicas.placement import Cluster, place_replicas, replica_bounds
from explorer.inference.replicas.worker import ReplicaSpec


def spec(device="auto"):
    return ReplicaSpec(lambda device, dtype: None, "0", device)


def place(least, most, nodes, device="auto"):
    return place_replicas(Cluster("auto", least, most), spec(device), nodes)


@pytest.mark.parametrize(
    ("text", "bounds"), [("1", (1, 1)), ("4", (4, 4)), ("1-3", (1, 3)), ("3-3", (3, 3)), ("1000", (1000, 1000))]
)
def test_numbers_of_replicas(text, bounds):
    assert replica_bounds(text) == bounds


@pytest.mark.parametrize("text", ["0", "0-2", "3-2", "1001", "1-1001", "", "-", "1-", "-2", "a", "1-2-3", "1.5"])
def test_other_numbers_are_refused(text):
    with pytest.raises(ClusterRefused, match="takes N or MIN-MAX, from 1 to 1000"):
        replica_bounds(text)


@pytest.mark.parametrize(
    ("most", "cores", "threads"),
    [
        (1, [8], 8),
        (2, [8], 4),
        (3, [8], 2),  # 8 // 3 = 2 would fit twice only
        (3, [4, 4], 2),
        (2, [4, 4], 4),
        (3, [5, 3], 2),
        (4, [5, 3], 1),
        (5, [8], 1),
        (9, [8], 1),  # not all of them fit; one core is the least
    ],
)
def test_a_replica_takes_as_many_cores_as_leave_room_for_all(most, cores, threads):
    resources, filled = place(1, most, [{"CPU": float(count)} for count in cores])
    assert resources == {"num_cpus": threads} and (filled.device, filled.threads) == ("cpu", threads)


def test_a_replica_takes_a_gpu_where_there_is_one():
    nodes = [{"CPU": 8.0, "GPU": 1.0}, {"CPU": 8.0, "GPU": 1.0}]
    resources, filled = place(2, 2, nodes)
    assert resources == {"num_gpus": 1, "num_cpus": 1} and filled.device == "cuda"
    resources, filled = place(2, 2, nodes, "cpu")
    assert resources == {"num_cpus": 8} and filled.device == "cpu"
    with pytest.raises(ClusterRefused, match="2 GPUs; --replicas 3 needs one for each"):
        place(3, 3, nodes)
    with pytest.raises(ClusterRefused, match="0 GPUs"):
        place(1, 1, [{"CPU": 8.0}], "cuda")


def test_cores_must_suffice_for_the_least_number():
    nodes = [{"CPU": 1.0}, {"memory": 1.0}]
    assert place(1, 4, nodes)[0] == {"num_cpus": 1}
    with pytest.raises(ClusterRefused, match="1 CPU; --replicas 2"):
        place(2, 4, nodes)
