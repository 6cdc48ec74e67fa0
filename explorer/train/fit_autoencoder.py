"""The training loop of an autoencoder of fixed size: Adam on whole pictures, resumable like `trainer.Trainer`."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from explorer.autoencoders import IDEAS
from explorer.core.networks.autoencoder import Autoencoder
from explorer.train.code_recipe import CodeRecipe
from explorer.train.crops import CropSource, step_generator
from explorer.train.trainer import MAX_GRADIENT_NORM, Progress, learning_rate


class AutoencoderTrainer:
    """Weights and optimiser, with steps to take and a state to save."""

    def __init__(self, recipe: CodeRecipe, source: CropSource) -> None:
        """Build the network, its initial weights drawn from the recipe's seed, and its optimiser."""
        torch.manual_seed(recipe.seed)
        self.recipe, self.source, self.seen = recipe, source, 0
        self.model: Autoencoder = IDEAS[recipe.idea](recipe.config)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99))

    def state(self) -> dict:
        """Return all that `load` needs to go on."""
        return {"seen": self.seen, "weights": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load(self, state: dict) -> None:
        """Go on from a state. Raises RuntimeError or KeyError when it belongs to another architecture."""
        self.model.load_state_dict(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.seen = int(state["seen"])

    def run(self) -> Iterator[Progress]:
        """Take steps until `recipe.images` pictures have been seen, yielding after each."""
        while self.seen < self.recipe.images:
            loss = self._take_step()
            self.seen += self.recipe.batch
            yield Progress(self.seen, loss)

    def _take_step(self) -> float:
        recipe = self.recipe
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(recipe, self.seen)
        draws = step_generator(recipe.seed, self.seen // recipe.batch, torch.device("cpu"))
        x0, _ = self.source.draw(recipe.batch, draws)
        loss = recipe.objective(self.model, x0, draws, recipe, self.seen / recipe.images)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), MAX_GRADIENT_NORM, error_if_nonfinite=True)
        self.optimizer.step()
        return float(loss.detach())
