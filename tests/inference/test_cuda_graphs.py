"""Replayed batches give what the model gives; what cannot be recorded, or is too large, runs as it is.

On the CPU a recording is a function that computes again into the same tensor, which is all that a replay is.
"""

import threading

import pytest
import torch

from explorer import weights
from explorer.inference import cuda_graphs
from explorer.inference.cuda_graphs import MAX_PASS_PIXELS, MAX_RECORDINGS, CudaGraphDenoiser, Recording
from tests.support.graph_recorder import Recorder
from tests.support.waiting import GIVE_UP_S

cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


class Model:
    """x0 = x + sigma (+ 100 label); notes how many rows it was called with."""

    def __init__(self):
        self.rows = []

    def __call__(self, x, sigma, label=None):
        self.rows.append(len(x))
        return x + sigma[:, None, None, None] + (0 if label is None else 100 * label[:, None, None, None])


def asked(count, side=4):
    return torch.randn(count, 3, side, side), torch.rand(count), torch.arange(count)


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("labelled", [False, True])
def test_a_replay_is_the_model_s_own_answer(count, labelled):
    recorder, model = Recorder(), Model()
    graphed = CudaGraphDenoiser(model, recorder)
    for _ in range(3):
        x, sigma, label = asked(count)
        label = label if labelled else None
        torch.testing.assert_close(graphed(x, sigma, label), Model()(x, sigma, label), rtol=0, atol=0)
    assert (recorder.recorded, recorder.replays) == (1, 3)
    assert set(model.rows) == {next(n for n in (1, 2, 4, 8) if n >= count)}


def test_an_answer_outlives_the_next_replay():
    graphed = CudaGraphDenoiser(Model(), Recorder())
    x = torch.zeros(1, 3, 4, 4)
    first = graphed(x, torch.ones(1))
    graphed(x, torch.full((1,), 5.0))
    assert first.max() == 1


def test_one_sigma_for_all_rows():
    x = torch.zeros(3, 3, 4, 4)
    assert CudaGraphDenoiser(Model(), Recorder())(x, 2.0).unique().tolist() == [2.0]


def test_large_batches_and_pictures_run_as_they_are():
    recorder, model = Recorder(), Model()
    graphed = CudaGraphDenoiser(model, recorder)
    for x in (torch.zeros(9, 3, 4, 4), torch.zeros(2, 3, 1, MAX_PASS_PIXELS // 2 + 1), torch.zeros(0, 3, 4, 4)):
        assert graphed(x, torch.ones(len(x))).shape == x.shape
    assert recorder.recorded == 0 and model.rows == [9, 2, 0]


def test_what_cannot_be_recorded_is_not_tried_again():
    tries = []

    def refuse(run):
        tries.append(run)
        raise RuntimeError("operation not permitted when stream is capturing")

    graphed = CudaGraphDenoiser(Model(), refuse)
    for _ in range(3):
        x, sigma, label = asked(2)
        torch.testing.assert_close(graphed(x, sigma, label), Model()(x, sigma, label))
    assert len(tries) == 1


def test_the_recordings_that_were_not_used_for_longest_are_let_go():
    recorder = Recorder()
    graphed = CudaGraphDenoiser(Model(), recorder)
    for side in range(1, MAX_RECORDINGS + 2):
        graphed(*asked(1, side))
        graphed(*asked(1, 1))  # stays in use
    assert recorder.recorded == MAX_RECORDINGS + 1
    graphed(*asked(1, 1))
    assert recorder.recorded == MAX_RECORDINGS + 1
    graphed(*asked(1, 2))  # had to make room
    assert recorder.recorded == MAX_RECORDINGS + 2


def test_a_replay_that_hangs_holds_up_nobody():
    entered, gate = threading.Event(), threading.Event()

    def record(run):
        output = run()
        return Recording(lambda: entered.set() or gate.wait(GIVE_UP_S), output)

    graphed = CudaGraphDenoiser(Model(), record)
    x, sigma, label = asked(1)
    hanging = threading.Thread(target=graphed, args=(x, sigma, label), daemon=True)
    hanging.start()
    assert entered.wait(GIVE_UP_S)
    torch.testing.assert_close(graphed(x, sigma, label), Model()(x, sigma, label))
    gate.set()
    hanging.join(GIVE_UP_S)


@cuda
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("side", [64, 128])
def test_on_a_gpu_a_replay_equals_the_network_as_it_is(dtype, side):
    network = weights.load("scenes", "cuda", dtype)
    graphed = CudaGraphDenoiser(network)
    for count in (1, 2, 3, 4, 7, 8, 9):
        x = torch.randn(count, 3, side, side, device="cuda")
        sigma, label = torch.rand(count, device="cuda") * 5 + 0.1, torch.arange(count, device="cuda") % 8
        for given in (None, label):
            with torch.inference_mode():
                expected = network(x, sigma, given)
            tolerance = 1e-3 if dtype is torch.float32 else 5e-2  # another batch may take another algorithm
            torch.testing.assert_close(graphed(x, sigma, given), expected, atol=tolerance, rtol=tolerance)
    assert len(graphed._slots) > 0 and all(slot is not None for slot in graphed._slots.values())


@cuda
def test_on_a_gpu_what_waits_for_it_cannot_be_recorded_and_still_runs():
    model = lambda x, sigma, label=None: x * float(sigma.sum().item())
    graphed, x = CudaGraphDenoiser(model, cuda_graphs.record), torch.ones(1, 3, 8, 8, device="cuda")
    for level in (2.0, 3.0):
        assert graphed(x, torch.full((1,), level, device="cuda")).max() == level
    assert list(graphed._slots.values()) == [None]
