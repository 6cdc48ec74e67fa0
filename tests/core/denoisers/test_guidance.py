"""Guidance: algebra, the number of calls, and what it does to Gaussian data."""

import numpy as np
import pytest
import torch

from explorer.core.denoisers.guidance import class_guided, guided
from explorer.core.denoisers.preconditioning import Preconditioned
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLERS, euler, heun, keyed_noise
from explorer.core.schedules import SCHEDULES
from tests.support.gaussian import Gaussian

KARRAS = SCHEDULES["karras"]
ANY = 2


class Classes:
    """Exact denoiser of N(mean, 1) with a mean for each class and 'any' last; records its calls."""

    means = torch.tensor([-1.0, 1.0, 0.25])

    def __init__(self):
        self.calls = []

    def __call__(self, x, sigma, label=None):
        self.calls.append((x.shape, label))
        label = torch.full((len(x),), ANY) if label is None else label
        mean = self.means[label].to(x).view(-1, 1, 1, 1)
        noise = torch.as_tensor(sigma, dtype=x.dtype).expand(len(x)).view(-1, 1, 1, 1) ** 2
        return (x + noise * mean) / (1 + noise)


def picture(batch=3, dtype=torch.float32):
    return torch.stack([white((2, 4, 4), 0, "guidance", i) for i in range(batch)]).to(dtype)


@pytest.mark.parametrize("weight", [-0.5, 0.0, 0.5, 1.0, 1.5, 7.0])
def test_guided_is_the_formula(weight):
    x, main, reference = picture(dtype=torch.float64), Gaussian(0.3), Gaussian(2.0)
    d, d_ref = Gaussian(0.3)(x, 0.7), Gaussian(2.0)(x, 0.7)
    got = guided(main, reference, weight)(x, 0.7)
    assert torch.allclose(got, d_ref + weight * (d - d_ref), rtol=1e-12, atol=1e-12)
    assert (main.calls, reference.calls) == (int(weight != 0), int(weight != 1))


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("label", [1, torch.tensor([0, 1, ANY])])
def test_class_guidance_is_one_batched_call(weight, label):
    x, denoiser = picture(dtype=torch.float64), Classes()
    got = class_guided(denoiser, label, weight, ANY)(x, 0.7)
    labels = torch.as_tensor(label).expand(3)
    d, d_any = Classes()(x, 0.7, labels), Classes()(x, 0.7)
    assert torch.allclose(got, d_any + weight * (d - d_any), rtol=1e-12, atol=1e-12)
    ((shape, used),) = denoiser.calls
    assert shape[0] == (3 if weight == 1 else 6)
    assert used.tolist() == (labels.tolist() if weight == 1 else [*labels.tolist(), ANY, ANY, ANY])


def test_sigma_may_be_one_for_each_picture():
    x, sigma = picture(), torch.tensor([0.1, 1.0, 10.0])
    together = class_guided(Classes(), 0, 3.0, ANY)(x, sigma)
    for row in range(3):
        alone = class_guided(Classes(), 0, 3.0, ANY)(x[row : row + 1], float(sigma[row]))
        assert torch.equal(alone[0], together[row])


def test_weight_one_and_the_class_any_change_nothing():
    x, denoiser = picture(), Classes()
    assert guided(denoiser, Gaussian(), 1.0) is denoiser
    assert torch.equal(class_guided(denoiser, 1, 1.0, ANY)(x, 0.7), denoiser(x, 0.7, torch.tensor([1, 1, 1])))
    assert torch.allclose(class_guided(denoiser, ANY, 5.0, ANY)(x, 0.7), denoiser(x, 0.7))


def test_guided_gaussian_mean_is_extrapolated():
    # with one variance for all, guidance only moves the mean: to any + w (class - any)
    sigmas, start = KARRAS.sigmas(60), picture(1, torch.float64) * 80
    for weight in (1.0, 2.0, 4.0):
        *_, last = heun(class_guided(Classes(), 1, weight, ANY), start, sigmas)
        *_, bare = heun(Gaussian(1.0), start, sigmas)
        moved = (last.x - bare.x).mean().item()
        assert moved == pytest.approx(0.25 + weight * 0.75, rel=0.03)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_takes_a_guided_denoiser(name):
    noise = keyed_noise((2, 4, 4), 1, range(3))
    *_, last = SAMPLERS[name](class_guided(Classes(), 1, 2.0, ANY), picture() * 80, KARRAS.sigmas(8), noise=noise)
    assert last.x.shape == (3, 2, 4, 4) and last.x.dtype == torch.float32


def test_a_network_agrees_with_two_calls():
    torch.manual_seed(0)
    config = UNetConfig(channels=8, multipliers=(1, 2), blocks=1, classes=2)
    denoiser = Preconditioned(UNet(config), 0.5, ANY).eval()
    for parameter in denoiser.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    x = torch.stack([white((config.colours, 16, 16), 0, "network", i) for i in range(2)])
    with torch.no_grad():
        d, d_any = denoiser(x, 0.7, torch.tensor([0, 1])), denoiser(x, 0.7)
        got = class_guided(denoiser, torch.tensor([0, 1]), 3.0, denoiser.any_label)(x, 0.7)
    assert (d - d_any).abs().max() > 1e-3
    assert torch.allclose(got, d_any + 3 * (d - d_any), atol=1e-4)


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_a_weight_that_is_not_finite_is_refused(weight):
    with pytest.raises(ValueError, match="weight must be finite"):
        guided(Gaussian(), Gaussian(), weight)
    with pytest.raises(ValueError, match="weight must be finite"):
        class_guided(Gaussian(), 0, weight, ANY)


def test_a_second_label_is_refused():
    with pytest.raises(ValueError, match="already part"):
        class_guided(Classes(), 0, 2.0, ANY)(picture(), 0.7, torch.tensor([1, 1, 1]))


def test_autoguidance_of_a_sharper_model_by_a_blurrier_one():
    sigmas, start = KARRAS.sigmas(40), picture(1, torch.float64) * 80
    spread = []
    for weight in (1.0, 2.0):
        *_, last = euler(guided(Gaussian(0.5), Gaussian(2.0), weight), start, sigmas)
        spread.append(last.x.std().item())
    assert spread[1] < spread[0] and np.isfinite(spread).all()
