"""The benchmark of a GPU: what it says without one, and the floor that it holds a pass against."""

import json
import subprocess
import sys

import pytest
import torch

from benchmarks import floor, gpu
from benchmarks.floor import Limits, Work
from explorer import weights
from explorer.inference.cuda_graphs import CudaGraphDenoiser
from harness import ROOT
from harness.measuring import Row
from tests.support.graph_recorder import Recorder


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_says_so_in_one_line():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0 and done.stdout.strip().splitlines() == [gpu.NO_GPU], done.stderr


def test_the_floor_is_the_slower_of_products_and_memory():
    limits = Limits(flops=1e12, bandwidth=1e9)
    assert Work(flops=2 * 10**12, bytes=10**9).floor(limits) == 2
    assert Work(flops=10**12, bytes=3 * 10**9).floor(limits) == 3


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_work_is_counted_per_operator(mode):
    a, b = torch.zeros(10, 20), torch.zeros(20, 30)
    model = lambda x, sigma, label=None: (x @ b).t() + 1
    with mode():
        counted = floor.work(model, a, torch.ones(1))
    product, added = 4 * (10 * 20 + 20 * 30 + 10 * 30), 4 * 2 * 10 * 30  # the transposition moves nothing
    assert counted == Work(2 * 10 * 20 * 30, product + added)


def test_work_grows_with_the_batch_but_the_weights_are_read_once():
    network = weights.load("scenes")
    one, two = (floor.work(network, *gpu.inputs(batch, torch.device("cpu"))) for batch in (1, 2))
    assert two.flops == pytest.approx(2 * one.flops, rel=1e-3)
    weight_bytes = 4 * sum(p.numel() for p in network.parameters())
    assert 2 * one.bytes - two.bytes == pytest.approx(weight_bytes, rel=0.05)


def test_parity_and_throughput_have_a_row_for_each_path(monkeypatch):
    monkeypatch.setattr(gpu, "ROUNDS", 1)
    monkeypatch.setattr(gpu, "PARITY_BATCHES", (1, 3))
    device, network = torch.device("cpu"), weights.load("scenes")
    found = {"eager": network, "graphs": CudaGraphDenoiser(network, Recorder())}
    exact = gpu.parity("float32", found, device)
    assert [row.verdict for row in exact] == ["holds"] * 2 and max(row.value for row in exact) < 1e-4
    wrong = gpu.parity("float32", {"eager": lambda x, sigma, label=None: 1.1 * network(x, sigma)}, device)
    assert wrong[0].verdict == "missed" and wrong[0].value == pytest.approx(0.1, rel=0.01)
    limits = Limits(flops=1e12, bandwidth=1e11)
    assert len(gpu.throughput("float32", found, device, 2, limits)) == 2
    assert len(gpu.throughput("float32", found, device, 9, limits)) == 1  # no graph is that large


def test_the_file_is_named_after_the_gpu(tmp_path, monkeypatch):
    made_up = type("Properties", (), {"name": "NVIDIA Example 9000 (R)", "total_memory": 1})
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: made_up)
    path = gpu.write([Row("a", 1.0)], tmp_path, torch.device("cuda"))
    assert path.name == "nvidia-example-9000.json"
    written = json.loads(path.read_text())
    assert written["machine"]["gpu"] == made_up.name and written["rows"][0]["verdict"] == "reported"
