"""The U-Net and its preconditioning: any size, the limits of sigma, and what EDM's table promises."""

import pytest
import torch

from explorer.core.denoisers.preconditioning import Preconditioned, coefficients, loss_weight
from explorer.core.networks.unet import UNet, UNetConfig

CONFIG = UNetConfig(channels=8)


@pytest.fixture(scope="module")
def denoiser():
    """A network whose last layer is not zero, so that its output depends on everything."""
    torch.manual_seed(0)
    net = UNet(CONFIG)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return Preconditioned(net, sigma_data=0.5, any_label=7).eval().requires_grad_(False)


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (64, 64), (40, 100), (512, 512)])
def test_any_size_from_32_to_512(denoiser, size):
    x = torch.randn(1, 3, *size)
    out = denoiser(x, 0.7)
    assert out.shape == x.shape and out.dtype == torch.float32 and out.isfinite().all()


def test_sigma_zero_returns_the_input(denoiser):
    x = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(denoiser(x, 0.0), x)


def test_extreme_levels_stay_finite(denoiser):
    x = torch.randn(3, 3, 32, 32)
    for sigma in (1e-6, 0.002, 80.0, 1e4):
        assert denoiser(x * max(sigma, 1), sigma).isfinite().all()


def test_batched_equals_one_by_one(denoiser):
    x, sigma, label = torch.randn(4, 3, 40, 32), torch.tensor([0.01, 0.3, 2.0, 20.0]), torch.tensor([0, 3, 6, 7])
    together = denoiser(x, sigma, label)
    for i in range(4):
        torch.testing.assert_close(
            together[i : i + 1], denoiser(x[i : i + 1], sigma[i], label[i : i + 1]), atol=1e-4, rtol=1e-4
        )


def test_no_label_means_any(denoiser):
    x = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(denoiser(x, 1.0), denoiser(x, 1.0, torch.tensor([7, 7])))
    assert not torch.allclose(denoiser(x, 1.0), denoiser(x, 1.0, torch.tensor([0, 0])))


def test_noise_level_is_heard(denoiser):
    x = torch.randn(1, 3, 32, 32)
    raw = [denoiser.net(x, torch.tensor([c]), torch.tensor([7])) for c in (-0.5, 0.5)]
    assert not torch.allclose(*raw)


def test_padding_is_that_of_a_repeated_edge(denoiser):
    x = torch.randn(1, 3, 37, 32)
    padded = torch.cat([x, x[:, :, -1:].expand(-1, -1, 3, -1)], dim=2)
    torch.testing.assert_close(denoiser(x, 0.5), denoiser(padded, 0.5)[:, :, :37], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("sigma", [0.002, 0.1, 0.5, 3.0, 80.0])
def test_preconditioning_keeps_variances_at_one(sigma):
    """EDM, equations 114-138: input and target of the network have unit variance, and c_out is the least possible."""
    sd = 0.5
    level = torch.tensor(sigma, dtype=torch.float64)
    c_skip, c_out, c_in = (c.item() for c in coefficients(level, sd))
    assert c_in**2 * (sd**2 + sigma**2) == pytest.approx(1)
    target_variance = ((1 - c_skip) ** 2 * sd**2 + c_skip**2 * sigma**2) / c_out**2
    assert target_variance == pytest.approx(1)
    other_skip = c_skip * 1.01
    assert (1 - other_skip) ** 2 * sd**2 + other_skip**2 * sigma**2 > c_out**2
    assert loss_weight(level, sd).item() == pytest.approx(1 / c_out**2)


def test_configuration_survives_its_json_and_refuses_nonsense():
    assert UNetConfig.from_json(CONFIG.to_json()) == CONFIG
    for bad in ({"channels": 0}, {"channels": 2.5}, {"unknown": 1}, {"multipliers": [1, -2]}):
        with pytest.raises((TypeError, ValueError)):
            UNetConfig.from_json({**CONFIG.to_json(), **bad})


def test_attention_only_at_the_coarsest_level():
    names = [name for name, module in UNet(CONFIG).named_modules() if type(module).__name__ == "Attention"]
    assert names == ["attention"] and CONFIG.stride == 8
