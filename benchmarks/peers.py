"""Samplers of others, each as a loop over the same levels that calls the same network; missing ones are named.

k-diffusion and smalldiffusion import torchvision in modules that their samplers do not need. The package is entered
at the module with the samplers, and an empty module stands in for torchvision while it is imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from explorer.core.denoiser import Denoiser

if TYPE_CHECKING:
    from diffusers import SchedulerMixin

BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}  # those of Stable Diffusion
SCHEDULERS = {"euler": "EulerDiscreteScheduler", "heun": "HeunDiscreteScheduler"}
Loop = Callable[[], Tensor]  # one whole trajectory, its last state
Predict = Callable[[Tensor, float], Tensor]  # (x / sqrt(1 + sigma^2), sigma) -> eps


def installed(name: str) -> bool:
    """Return whether a package can be imported here."""
    return importlib.util.find_spec(name) is not None


def scheduler(sampler: str) -> SchedulerMixin:
    """Return the scheduler of diffusers for "euler" or "heun", with Karras levels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from diffusers import schedulers
    return getattr(schedulers, SCHEDULERS[sampler])(**BETAS, use_karras_sigmas=True)


def levels(sampler: str, steps: int) -> list[float]:
    """Return the levels of that scheduler, falling to 0, each once."""
    made = scheduler(sampler)
    made.set_timesteps(steps)
    return list(dict.fromkeys(made.sigmas.tolist()))


def diffusers_loop(sampler: str, predict: Predict, x: Tensor, steps: int) -> Loop:
    """Return the loop of a diffusers pipeline: scale the input, predict, step. x (B, C, H, W) has unit variance."""
    made = scheduler(sampler)

    @torch.no_grad()
    def run() -> Tensor:
        made.set_timesteps(steps)
        state = x * made.sigmas[0]
        for t in made.timesteps:
            scaled = made.scale_model_input(state, t)
            eps = predict(scaled, made.sigmas[made.step_index])
            state = made.step(eps, t, state).prev_sample
        return state

    return run


def k_diffusion_loop(sampler: str, denoiser: Denoiser, x: Tensor, sigmas: Tensor) -> Loop:
    """Return sample_euler or sample_heun of k-diffusion, without its progress bar. x: at sigmas[0]."""
    with _without_torchvision():
        sampling = _module("k_diffusion", "sampling")
    sample = getattr(sampling, f"sample_{sampler}")
    return lambda: sample(denoiser, x, sigmas, disable=True)


def smalldiffusion_loop(predict: Callable[[Tensor], Tensor], x: Tensor, sigmas: Tensor) -> Loop:
    """Return smalldiffusion's sampler as DDIM, which is Euler. predict: x at its level -> eps."""
    with _without_torchvision():
        samples = _module("smalldiffusion", "diffusion").samples
    from accelerate import Accelerator

    class Model(torch.nn.Module):
        """The interface of a model that its sampler needs."""

        def predict_eps_cfg(self, x: Tensor, sigma: Tensor, cond: None, cfg_scale: float) -> Tensor:
            return predict(x)

        def rand_input(self, batch: int) -> Tensor:
            return torch.randn(batch, *x.shape[1:])

    model, accelerator = Model(), Accelerator(cpu=True)

    def run() -> Tensor:
        *_, last = samples(model, sigmas, xt=x, accelerator=accelerator)
        return last

    return run


def _module(package: str, name: str) -> types.ModuleType:
    """One module of a package whose own __init__ is not run."""
    if package not in sys.modules:
        sys.modules[package] = importlib.util.module_from_spec(importlib.util.find_spec(package))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(f"{package}.{name}")


@contextmanager
def _without_torchvision() -> Iterator[None]:
    names = ("torchvision", "torchvision.transforms", "torchvision.transforms.functional")
    if "torchvision" in sys.modules:
        yield
        return
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    sys.modules["torchvision"].transforms = sys.modules["torchvision.transforms"]
    sys.modules["torchvision.transforms"].functional = sys.modules["torchvision.transforms.functional"]
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
