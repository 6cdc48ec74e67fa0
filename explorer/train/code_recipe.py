"""How an autoencoder of fixed size is trained: its architecture, what is made small, and the settings of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.core.networks.autoencoder import CodeConfig

# (model, x0 (B, 3, 32, 32), random stream, recipe, share of the training that is over) -> loss ();
# each objective is for autoencoders of one class
Objective = Callable[[Any, Tensor, torch.Generator, "CodeRecipe", float], Tensor]


@dataclass(frozen=True)
class CodeRecipe:
    """An autoencoder of fixed size, what it is trained to make small, and how."""

    idea: str  # key of explorer.autoencoders.IDEAS
    config: CodeConfig
    objective: Objective
    images: int = 64_000  # pictures to train on in all
    batch: int = 32  # pictures per step
    learning_rate: float = 2e-3
    warmup: int = 100  # steps
    cooldown: float = 0.5  # last share of the run in which the learning rate falls to 0
    seed: int = 0
    seeds: int = 1  # runs whose codes a linear probe is fitted to; the weights of the first are written
    contraction: float = 0.0  # weight of the contractive penalty
    noise: float = 0.0  # standard deviation of the noise in training, data units; at the beginning
    noise_end: float = 0.0  # at the end, or of the last part

    def to_json(self) -> dict:
        """Return plain values for the weight card."""
        named = {"config": self.config.to_json(), "objective": self.objective.__name__}
        return {**{k: v for k, v in asdict(self).items() if v != 0.0}, **named}
