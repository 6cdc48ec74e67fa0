"""A GPU that is lent for one call: decorated there, and nothing at all elsewhere."""

import sys
from types import SimpleNamespace

import torch

from explorer.inference.zerogpu import GPU_LEASE_S, on_zerogpu


class Halving(torch.nn.Module):
    def forward(self, x, sigma, label=None):
        return x / 2 if label is None else x / 2 + label.view(-1, 1, 1, 1)


def test_elsewhere_the_network_is_handed_back_as_it_is(monkeypatch):
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    monkeypatch.setitem(sys.modules, "spaces", None)  # it cannot even be imported
    network = Halving()
    assert on_zerogpu(network) is network


def test_on_zerogpu_each_call_goes_through_the_decorator_and_gives_the_same(monkeypatch):
    asked, calls = [], []

    def gpu(duration):
        asked.append(duration)
        return lambda function: lambda *args: (calls.append(len(args)), function(*args))[1]

    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=gpu))
    network, x, label = Halving(), torch.randn(2, 3, 4, 4), torch.tensor([1, 2])
    wrapped = on_zerogpu(network, device="cpu")
    assert asked == [GPU_LEASE_S]
    assert torch.equal(wrapped(x, torch.ones(2)), network(x, None))
    assert torch.equal(wrapped(x, torch.ones(2), label), network(x, None, label)) and calls == [2, 3]
    assert not wrapped(x, torch.ones(2)).requires_grad
