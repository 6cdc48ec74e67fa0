"""Device and number type by name, on machines that are made up."""

from types import SimpleNamespace

import pytest
import torch

from explorer.errors import DeviceRefused
from explorer.inference import device
from explorer.inference.device import choose_device, choose_dtype, native_bfloat16, present_devices


@pytest.fixture
def machine(monkeypatch):
    """Let a machine have these accelerators; the CPU is always there."""

    def make(cuda=False, mps=False, bfloat16=()):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: "cuda" in bfloat16)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: "avx512" in bfloat16)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: "amx" in bfloat16)

    return make


def test_the_fastest_kind_is_named_first_and_chosen(machine):
    machine()
    assert present_devices() == ["cpu"] and choose_device().type == "cpu"
    machine(mps=True)
    assert present_devices() == ["mps", "cpu"] and choose_device().type == "mps"
    machine(cuda=True, mps=True)
    assert present_devices() == ["cuda", "mps", "cpu"] and choose_device().type == "cuda"
    assert choose_device("cpu").type == "cpu" and choose_device("cuda:1") == torch.device("cuda", 1)


def test_what_is_not_there_is_refused_with_what_is(machine):
    machine(mps=True)
    with pytest.raises(DeviceRefused, match="no cuda device here; this machine has mps, cpu"):
        choose_device("cuda")


@pytest.mark.parametrize(
    ("kind", "support", "native"),
    [
        ("cuda", ("cuda",), True),
        ("cuda", ("avx512", "amx"), False),
        ("cpu", ("avx512",), True),
        ("cpu", ("amx",), True),
        ("cpu", ("cuda",), False),
        ("mps", ("cuda", "avx512", "amx"), False),
    ],
)
def test_bfloat16_is_chosen_where_it_is_native(machine, kind, support, native):
    machine(cuda=True, mps=True, bfloat16=support)
    there = SimpleNamespace(type=kind)
    assert native_bfloat16(there) is native
    assert choose_dtype(there) is (torch.bfloat16 if native else torch.float32)
    for name in ("float32", "bfloat16"):
        assert choose_dtype(there, name) is getattr(torch, name)
    assert device.DTYPES == ("auto", "float32", "bfloat16")
