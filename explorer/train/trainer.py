"""The training loop of a noise-conditional denoiser, as a generator of progress records.

One step: draw crops, classes and noise for the whole batch from (seed, step); every process computes its own rows;
gradients are averaged. So one process and several give the same result, and a killed run continues as if it had not
stopped.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from explorer.core.networks.unet import UNet
from explorer.train.code_recipe import CodeRecipe
from explorer.train.crops import CropSource, quarter_turned, saturated, step_generator
from explorer.train.recipes import Recipe

MAX_GRADIENT_NORM = 1.0


@dataclass(frozen=True)
class Progress:
    """State after one step."""

    seen: int  # crops trained on since the very beginning
    loss: float  # weighted squared error, 1 = predicting nothing


class Trainer:
    """Weights, their running average and the optimiser, with steps to take and a state to save."""

    def __init__(
        self,
        recipe: Recipe,
        source: CropSource,
        device: torch.device,
        dtype: torch.dtype,
        native: CropSource | None = None,
    ) -> None:
        """Build the network and its optimiser. Raises ValueError.

        native: photographs at their own resolution, which `recipe.native` of the rows with little noise are drawn from.
        dtype: what the forward pass computes in; weights and optimiser stay float32.
        """
        torch.manual_seed(recipe.seed)  # initial weights, the same in every process
        self.recipe, self.source, self.device, self.dtype = recipe, source.to(device), device, dtype
        self.native = native.to(device) if native else None
        net = UNet(recipe.architecture).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.denoiser = recipe.denoiser(net)
        self.average = copy.deepcopy(self.denoiser).eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.denoiser.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99), weight_decay=0.0
        )
        self.rank = dist.get_rank() if dist.is_initialized() else 0
        self.processes = dist.get_world_size() if dist.is_initialized() else 1
        if recipe.batch % self.processes:
            raise ValueError(f"a batch of {recipe.batch} cannot be shared evenly by {self.processes} processes")
        self.model: nn.Module = DistributedDataParallel(self.denoiser) if self.processes > 1 else self.denoiser
        self.seen = 0

    @property
    def step(self) -> int:
        """The number of optimiser steps taken so far."""
        return self.seen // self.recipe.batch

    def state(self) -> dict:
        """Return all that `load` needs to go on."""
        return {
            "seen": self.seen,
            "weights": self.denoiser.net.state_dict(),
            "average": self.average.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load(self, state: dict) -> None:
        """Go on from a state. Raises RuntimeError or KeyError when it belongs to another architecture."""
        self.denoiser.net.load_state_dict(state["weights"])
        self.average.net.load_state_dict(state["average"])
        if "optimizer" in state:
            self.optimizer.load_state_dict(state["optimizer"])
        self.seen = int(state["seen"])

    def batch(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return this process's rows of the step: x0 and its corruption x (b, 3, H, W), sigma (b,), label (b,).

        H and W are those that the network sees, the crop's over `recipe.reduction`; sigma is that of its pixels.
        """
        r, generator = self.recipe, step_generator(self.recipe.seed, self.step, self.device)
        x0, label = self.source.draw(r.batch, generator)
        x0 = F.avg_pool2d(x0, r.reduction)
        draws: dict[str, Any] = {"generator": generator, "device": self.device}
        sigma = (r.log_sigma_mean + r.log_sigma_std * torch.randn(r.batch, **draws)).exp()
        if self.native:
            x0, label = self._with_native(x0, label, sigma, generator)
        x = r.corrupt(x0, sigma, generator)
        dropped = torch.rand(r.batch, **draws) < r.label_dropout
        label = torch.where(dropped, r.architecture.classes, label)
        mine = slice(self.rank * r.batch // self.processes, (self.rank + 1) * r.batch // self.processes)
        return x0[mine], x[mine], sigma[mine], label[mine]

    def _with_native(
        self, x0: Tensor, label: Tensor, sigma: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Put photographs at their own resolution into some of the rows with little noise."""
        assert self.native is not None
        r = self.recipe
        photographs, any_label = self.native.draw(r.batch, generator)
        if r.turns:
            photographs = quarter_turned(photographs, generator)
        if r.saturation:
            photographs = saturated(photographs, r.saturation, generator)
        chosen = torch.rand(r.batch, generator=generator, device=self.device) < r.native
        chosen &= sigma < r.native_sigma
        return torch.where(chosen[:, None, None, None], photographs, x0), torch.where(chosen, any_label, label)

    def run(self) -> Iterator[Progress]:
        """Take steps until `recipe.images` crops have been seen, yielding after each."""
        while self.seen < self.recipe.images:
            loss = self._take_step()
            self.seen += self.recipe.batch
            self._update_average()
            yield Progress(self.seen, loss)

    def _take_step(self) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.recipe, self.seen)
        x0, x, sigma, label = self.batch()
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype is torch.bfloat16):
            estimate = self.model(x, sigma, label)
        loss = (self.recipe.weight(sigma) * (estimate - x0).square().mean((1, 2, 3))).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.denoiser.parameters(), MAX_GRADIENT_NORM, error_if_nonfinite=True)
        self.optimizer.step()
        return float(loss.detach())

    @torch.no_grad()
    def _update_average(self) -> None:
        half_life = self.recipe.ema_share * self.seen
        decay = 0.5 ** (self.recipe.batch / half_life)
        torch._foreach_lerp_(list(self.average.parameters()), list(self.denoiser.parameters()), 1 - decay)


def learning_rate(recipe: Recipe | CodeRecipe, seen: int) -> float:
    """Return the learning rate after `seen` crops: warm up, stay, then fall linearly to 0 over the `cooldown` share.

    Hägele et al. 2024. recipe: anything with the fields of Recipe that are used here.
    """
    warm = (seen / recipe.batch + 1) / max(1, recipe.warmup)
    left = (recipe.images - seen) / max(1.0, recipe.cooldown * recipe.images)
    return recipe.learning_rate * min(1.0, warm, left)


def save(state: dict, path: Path) -> None:
    """Write a checkpoint so that a kill at any moment leaves either the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)
