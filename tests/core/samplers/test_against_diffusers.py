"""Agreement with the schedulers of diffusers on the same network, levels and noise, where both have the sampler."""

import warnings

import numpy as np
import pytest
import torch

from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLERS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from diffusers import schedulers
    from diffusers.schedulers import scheduling_ddpm, scheduling_euler_ancestral_discrete

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs, none of which concerns the numbers compared here

SHAPE = (2, 3, 8, 8)
BETAS = {"num_train_timesteps": 1000, "beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear"}
KERNEL = torch.from_numpy(np.random.default_rng(0).standard_normal((3, 3, 3, 3))) * 0.3


def network(scaled, sigma):
    """eps of x / sqrt(1 + sigma^2): that of unit Gaussian pictures, and a convolution that is nonlinear."""
    bend = torch.conv2d(scaled.double(), KERNEL, padding=1).mul(1 / (1 + sigma)).tanh()
    return (scaled * sigma / np.sqrt(1 + sigma**2) + 0.3 * bend).to(scaled.dtype)


def denoiser(x, sigma, label=None):
    return x - sigma * network(x / np.sqrt(1 + sigma**2), sigma)


def start(sigma, dtype=torch.float64):
    return torch.stack([white(SHAPE[1:], 0, "start", i) for i in range(SHAPE[0])]).to(dtype) * np.sqrt(1 + sigma**2)


def noise(i, role="ancestral"):
    return torch.stack([white(SHAPE[1:], 1, role, SHAPE[0] * i + row) for row in range(SHAPE[0])])


@pytest.fixture
def same_noise(monkeypatch):
    """Let diffusers draw ours: the k-th draw is that of step k."""
    drawn = []

    def ours(shape, dtype=None, **_):
        drawn.append(len(drawn))
        return noise(drawn[-1]).to(dtype)

    for module in (scheduling_ddpm, scheduling_euler_ancestral_discrete):
        monkeypatch.setattr(module, "randn_tensor", ours)


def ours(name, sigmas, dtype, **settings):
    return [step.x for step in SAMPLERS[name](denoiser, start(sigmas[0], dtype), sigmas, **settings)]


def assert_agree(mine, theirs, sigmas):
    """To 1e-4 of the spread of the state at each level."""
    for x, other, sigma in zip(mine, theirs, sigmas, strict=True):
        assert (x.double() - other.double()).abs().max() < 1e-4 * np.sqrt(1 + sigma**2)


def in_sigma(scheduler, dtype):
    """(levels, states) of a scheduler whose state is x itself; Heun calls the network twice in a step."""
    sigmas = list(dict.fromkeys(scheduler.sigmas.tolist()))
    x = start(sigmas[0], dtype)
    states = [x]
    for t in scheduler.timesteps:
        scaled = scheduler.scale_model_input(x, t)
        x = scheduler.step(network(scaled, float(scheduler.sigmas[scheduler.step_index])), t, x).prev_sample
        if getattr(scheduler, "state_in_first_order", True):
            states.append(x)
    return sigmas, states if states[-1] is x else [*states, x]  # its last step, to 0, is left half done


def in_vp(scheduler, sigmas, dtype):
    """States of a scheduler whose state is x / sqrt(1 + sigma^2), as x."""
    x = start(sigmas[0], dtype) / np.sqrt(1 + sigmas[0] ** 2)
    states = [x * np.sqrt(1 + sigmas[0] ** 2)]
    for t, sigma, after in zip(scheduler.timesteps, sigmas[:-1], sigmas[1:], strict=True):
        x = scheduler.step(network(x, sigma), t, x).prev_sample
        states.append(x * np.sqrt(1 + after**2))
    return states


def discrete_levels(scheduler):
    """Levels of a scheduler that knows timesteps only, the last at 0; its products made exact first."""
    scheduler.alphas_cumprod = torch.cumprod(1 - scheduler.betas.double(), 0)
    alpha_bar = scheduler.alphas_cumprod[scheduler.timesteps].numpy()
    return [*np.sqrt((1 - alpha_bar) / alpha_bar).tolist(), 0.0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("karras", [False, True])
@pytest.mark.parametrize(
    ("name", "scheduler"), [("euler", "EulerDiscreteScheduler"), ("heun", "HeunDiscreteScheduler")]
)
def test_euler_and_heun(name, scheduler, karras, dtype):
    theirs = getattr(schedulers, scheduler)(**BETAS, use_karras_sigmas=karras)
    theirs.set_timesteps(20)
    sigmas, states = in_sigma(theirs, dtype)
    assert len(sigmas) == 21
    assert_agree(ours(name, sigmas, dtype), states, sigmas)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("karras", [False, True])
@pytest.mark.parametrize("steps", [8, 20])
def test_dpmpp_2m(steps, karras, dtype):
    theirs = schedulers.DPMSolverMultistepScheduler(
        **BETAS, use_karras_sigmas=karras, algorithm_type="dpmsolver++", solver_order=2, final_sigmas_type="zero"
    )
    theirs.set_timesteps(steps)
    sigmas = theirs.sigmas.tolist()
    assert_agree(ours("dpmpp-2m", sigmas, dtype), in_vp(theirs, sigmas, dtype), sigmas)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_ancestral(same_noise, dtype):
    theirs = schedulers.EulerAncestralDiscreteScheduler(**BETAS)
    theirs.set_timesteps(20)
    sigmas, states = in_sigma(theirs, dtype)
    assert_agree(ours("ancestral", sigmas, dtype, noise=noise), states, sigmas)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_ddim_without_noise_is_euler(dtype):
    theirs = schedulers.DDIMScheduler(**BETAS, clip_sample=False, set_alpha_to_one=True)
    theirs.set_timesteps(20)
    sigmas = discrete_levels(theirs)
    assert_agree(ours("euler", sigmas, dtype), in_vp(theirs, sigmas, dtype), sigmas)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("steps", [20, 60])
def test_ddpm(same_noise, steps, dtype):
    theirs = schedulers.DDPMScheduler(**BETAS, clip_sample=False, variance_type="fixed_small")
    theirs.set_timesteps(steps)
    sigmas = discrete_levels(theirs)
    assert_agree(ours("ddpm", sigmas, dtype, noise=noise), in_vp(theirs, sigmas, dtype), sigmas)
