"""The forms of a network for inference give the network's own results."""

import copy

import pytest
import torch
from torch import nn

from explorer import weights
from explorer.core.denoisers.preconditioning import Preconditioned
from explorer.core.networks import unet
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.inference import onednn as packing
from explorer.inference.onednn import PackedConv, PointwiseConv, pack_convolutions
from explorer.inference.optimize import CompiledDenoiser, optimize


@pytest.fixture(scope="module")
def network():
    return weights.load("scenes")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(1, 64, 64), (3, 64, 64), (8, 32, 32), (2, 100, 37)])
def test_packed_convolutions_change_nothing(network, dtype, shape):
    model = copy.deepcopy(network)
    model.net.compute_in(dtype)
    count, *sides = shape
    x, sigma = 3 * white((count, 3, *sides), 0, "packed"), torch.linspace(0.1, 5, count)
    with torch.inference_mode():
        expected = model(x, sigma)
        found = pack_convolutions(model)(x, sigma)
    assert any(isinstance(layer, PackedConv) for layer in model.modules()) or not torch.backends.mkldnn.is_available()
    rounding = 1e-5 if dtype is torch.float32 else 1e-2
    torch.testing.assert_close(found, expected, atol=rounding, rtol=rounding)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch without oneDNN")
def test_every_convolution_of_the_network_is_packed(network):
    layers = list(pack_convolutions(copy.deepcopy(network)).modules())
    assert not any(type(layer) is nn.Conv2d for layer in layers)
    assert sum(isinstance(layer, PackedConv | PointwiseConv) for layer in layers) == 27
    assert sum(isinstance(layer, PointwiseConv) for layer in layers) == 5  # two of attention, three shortcuts


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_convolution_of_1x1_is_a_matrix_product(dtype, layout):
    conv = nn.Conv2d(24, 40, 1).to(dtype)
    layer = pack_convolutions(nn.Sequential(conv))[0]
    assert type(layer) is PointwiseConv
    for shape in ((1, 24, 8, 8), (3, 24, 5, 7), (16, 24, 2, 2)):
        x = white(shape, 0, "pointwise").to(dtype).to(memory_format=layout)
        rounding = 4 * torch.finfo(dtype).eps
        with torch.inference_mode():
            torch.testing.assert_close(layer(x), conv(x), atol=rounding, rtol=rounding)


@pytest.mark.parametrize("given", [{"stride": 2}, {"groups": 2}, {"padding": 1}])
def test_other_convolutions_of_1x1_stay_convolutions(given):
    assert not isinstance(pack_convolutions(nn.Sequential(nn.Conv2d(8, 8, 1, **given)))[0], PointwiseConv)


def test_a_layer_that_cannot_be_packed_or_comes_out_otherwise_stays_plain(monkeypatch):
    def refuse(conv):
        raise RuntimeError("no such operator")

    for broken in (refuse, lambda conv: lambda x: conv(x) + 1e-2, lambda conv: lambda x: conv(x)[..., 1:]):
        monkeypatch.setattr(packing, "PackedConv", broken)
        model = pack_convolutions(nn.Sequential(nn.Conv2d(3, 4, 3, padding=1)))
        assert type(model[0]) is nn.Conv2d


def test_padding_of_another_kind_stays_plain():
    assert (
        type(pack_convolutions(nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular")))[0]) is nn.Conv2d
    )


def test_what_is_no_network_is_left_alone():
    wiener = weights.load("wiener")
    assert optimize(wiener, torch.device("cpu")) is wiener


@pytest.mark.parametrize("side", [4, 16, 32])
@pytest.mark.parametrize("channels", [64, 512])
def test_normalising_by_way_of_float32_rounds_alike(side, channels):
    torch.manual_seed(0)
    norm = unet._norm(channels).to(torch.bfloat16)
    nn.init.normal_(norm.weight)
    x = (3 * torch.randn(2, channels, side, side) + 1).to(torch.bfloat16).to(memory_format=torch.channels_last)
    found, expected = unet._normalised(norm, x), norm(x)
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found.to(expected.dtype), expected, rtol=2**-7, atol=1e-3)  # one unit in the last place


def test_a_picture_sampled_in_bfloat16_is_near_to_that_in_float32(network):
    """5e-3 is the bar of `benchmarks.trajectories`; with all of the network in bfloat16 it is 1e-2."""
    model = copy.deepcopy(network)
    kept = {name for name, p in model.net.compute_in(torch.bfloat16).named_parameters() if p.dtype is torch.float32}
    convolutions = {f"{name}.weight" for name, layer in network.net.named_modules() if isinstance(layer, nn.Conv2d)}
    assert kept & convolutions == {"head.weight"} and {"label_embedding.weight", "head_norm.weight"} <= kept
    sigmas = SCHEDULES["karras"].sigmas(20)
    x = sigmas[0] * white((1, 3, 64, 64), 0, "bfloat16")
    with torch.inference_mode():
        (*_, quick), (*_, exact) = (SAMPLERS["euler"](m, x, sigmas) for m in (model, network))
    assert 0 < (quick.x - exact.x).norm() / exact.x.norm() < 5e-3


def test_training_goes_through_the_normalisation_all_the_same():
    torch.manual_seed(0)
    net = UNet(UNetConfig(channels=8))
    nn.init.normal_(net.head.weight)
    model = Preconditioned(net, 0.5, 7)
    with torch.autocast("cpu", torch.bfloat16):
        model(torch.randn(2, 3, 32, 32), torch.tensor([0.5, 2.0])).square().mean().backward()
    gradients = [p.grad for name, p in net.named_parameters() if "norm" in name]
    assert gradients and all(g is not None and g.isfinite().all() for g in gradients)


def small():
    torch.manual_seed(0)
    return Preconditioned(UNet(UNetConfig(channels=8)), 0.5, 7).eval().requires_grad_(False)


def test_compiling_happens_at_once_and_is_used():
    calls = []

    def compiler(model, dynamic):
        assert dynamic
        return lambda *args: calls.append(len(args[0])) or model(*args)

    model = small()
    compiled = CompiledDenoiser(model, torch.device("cpu"), compiler)
    assert calls == [1, 2, 2]
    x = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(compiled(x, torch.ones(1)), model(x, torch.ones(1)))
    assert len(calls) == 4


def test_a_network_that_cannot_be_compiled_runs_as_it_is(capsys):
    def compiler(model, dynamic):
        def fail(*args):
            raise RuntimeError("InvalidCxxCompiler: no compiler here\nmore lines")

        return fail

    model, x = small(), torch.randn(1, 3, 32, 32)
    compiled = CompiledDenoiser(model, torch.device("cpu"), compiler)
    torch.testing.assert_close(compiled(x, torch.ones(1)), model(x, torch.ones(1)))
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and said[0].endswith("InvalidCxxCompiler: no compiler here")


def test_running_out_of_memory_is_no_reason_to_give_up_compiled_code():
    full = [False]

    def compiler(model, dynamic):
        def fast(*args):
            if full[0]:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return model(*args)

        return fast

    compiled = CompiledDenoiser(small(), torch.device("cpu"), compiler)
    full[0] = True
    with pytest.raises(torch.OutOfMemoryError):
        compiled(torch.randn(1, 3, 32, 32), torch.ones(1))
    full[0] = False
    assert compiled(torch.randn(1, 3, 32, 32), torch.ones(1)).isfinite().all()
