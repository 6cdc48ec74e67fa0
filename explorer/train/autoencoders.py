"""python -m explorer.train autoencoders: every autoencoder that has no weight file yet, one after another.

Weights and card of each are written to the folder of the run; a checkpoint lies beside them while it trains.
"""

from __future__ import annotations

import copy
from dataclasses import fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from explorer import weights
from explorer.autoencoders import AUTOENCODERS, CODE_SIZES
from explorer.core.networks.autoencoder import PICTURE_VALUES, SIDE, Autoencoder, CodeConfig, Identity
from explorer.core.networks.autoencoder_conv import Convolutional
from explorer.errors import WeightsRefused
from explorer.inference.device import choose_dtype
from explorer.train.autoencoder_recipes import CODE_RECIPES, UNET_RECIPES, SmallUNetRecipe, small_picture_source
from explorer.train.checkpoints import load_checkpoint, run_to_end
from explorer.train.code_recipe import CodeRecipe
from explorer.train.crops import CropSource
from explorer.train.export import PROVENANCE
from explorer.train.fit_autoencoder import AutoencoderTrainer
from explorer.train.linear import alternate, least_error, moments, principal_components
from explorer.train.probes import probe_gain, probe_pictures
from explorer.train.trainer import Trainer, save

LINEAR = ("ae-identity", "pca", *(f"ae-linear-{k}" for k in CODE_SIZES))
TRAINED_FIRST = (*LINEAR, *(f"ae-conv-{k}" for k in CODE_SIZES), "vae", "conditional")
# names of the weight files, in the order of training
WEIGHT_FILES = tuple(dict.fromkeys([*TRAINED_FIRST, *(info.file for info in AUTOENCODERS.values())]))
MAX_SCALE_PICTURES = 6000  # pictures that the variance of a code is measured on
ENCODE_BATCH = 250  # pictures
R = TypeVar("R", bound=SmallUNetRecipe | CodeRecipe)


class AutoencoderTraining:
    """Train autoencoders on pictures that are read once."""

    def __init__(self, data: Path, folder: Path, minutes: float, changes: dict[str, float] | None = None) -> None:
        """Read the training pictures. Raises DataRefused.

        minutes: between checkpoints. changes: settings given on the command line, applied where a recipe has them.
        """
        self.data, self.folder, self.minutes, self.changes = data, folder, minutes, changes or {}
        self.source: CropSource = small_picture_source(data)

    def missing(self) -> list[str]:
        """Return the names of the weight files that are not in the folder, or not finished."""
        return [name for name in WEIGHT_FILES if not self._finished(name)]

    def train(self, name: str) -> None:
        """Train the autoencoder of a weight file to its end and write its weights and card."""
        if name in UNET_RECIPES:
            self._train_unet(name, self._changed(UNET_RECIPES[name]))
        elif name in CODE_RECIPES:
            self._train_code(name, self._changed(CODE_RECIPES[name]))
        elif name == "ae-identity":
            self._fit_identity()
        elif name == "pca":
            self._fit_principal_components()
        else:
            self._fit_linear(name, AUTOENCODERS[name].numbers)

    def _finished(self, name: str) -> bool:
        try:
            seen = weights.card(name, self.folder)["training"]["images_seen"]
        except WeightsRefused:
            return False
        recipe = UNET_RECIPES.get(name) or CODE_RECIPES.get(name)
        return recipe is None or seen >= self._changed(recipe).images

    def _changed(self, recipe: R) -> R:
        known = {field.name for field in fields(recipe)}
        changes: dict[str, Any] = {k: v for k, v in self.changes.items() if k in known}
        return replace(recipe, **changes)

    def _write(
        self, name: str, tensors: dict[str, Tensor], training: dict, card: dict, dtype: torch.dtype = torch.float16
    ) -> None:
        title = AUTOENCODERS[name].title if name in AUTOENCODERS else name
        common = {
            "purpose": f"one of the small autoencoders and denoisers: {title}",
            "data_range": [-1, 1],
            "size": SIDE,
            "classes": ["any"],
            "training": training,
            "provenance": PROVENANCE[:2],
        }
        weights.save(self.folder, name, tensors, {**card, **common}, dtype)

    def _train_unet(self, name: str, recipe: SmallUNetRecipe) -> None:
        device, checkpoint = torch.device("cpu"), self._checkpoint(name)
        trainer = Trainer(recipe, self.source, device, choose_dtype(device, "float32"))
        loss_before = load_checkpoint(trainer, checkpoint, device)

        def write(loss: float) -> None:
            save({**trainer.state(), "loss": loss}, checkpoint)
            training: dict[str, Any] = {"images_seen": trainer.seen, "steps": trainer.step, "seed": recipe.seed}
            training |= {"loss": loss, "averaged_weights": True, "recipe": recipe.to_json()}
            card: dict[str, Any] = {"kind": weights.AUTOENCODER_UNET, "architecture": recipe.architecture.to_json()}
            card |= {"sigma_data": recipe.sigma_data, "wiring": recipe.wiring, "level": recipe.level}
            self._write(name, trainer.average.net.state_dict(), training, card)

        run_to_end(trainer, recipe.images, self.minutes, write, loss_before)

    def _train_code(self, name: str, recipe: CodeRecipe) -> None:
        trainer, checkpoint = AutoencoderTrainer(recipe, self.source), self._checkpoint(name)
        loss_before = load_checkpoint(trainer, checkpoint, torch.device("cpu"))
        card = {"kind": weights.AUTOENCODER, "idea": recipe.idea, "architecture": recipe.config.to_json()}

        def write(loss: float) -> None:
            save({**trainer.state(), "loss": loss}, checkpoint)
            steps = trainer.seen // recipe.batch
            training: dict[str, Any] = {"images_seen": trainer.seen, "steps": steps, "seed": recipe.seed, "loss": loss}
            if recipe.seeds > 1 and trainer.seen >= recipe.images:
                training["probe"] = probe_gain(trainer, probe_pictures(self.data, self.source))
            model: Autoencoder = trainer.model
            if recipe.idea == "convolutional":
                model = with_unit_code(cast(Convolutional, model), self.source)
            self._write(name, model.state_dict(), {**training, "recipe": recipe.to_json()}, card)

        run_to_end(trainer, recipe.images, self.minutes, write, loss_before)

    @cached_property
    def _moments(self) -> tuple[Tensor, Tensor]:
        return moments(self.source, lambda x: x.flatten(1))

    def _fit_principal_components(self) -> None:
        mean, covariance = self._moments
        values, components = principal_components(covariance, max(CODE_SIZES))
        training = {"images_seen": len(self.source.labels), "mse": {str(k): least_error(values, k) for k in CODE_SIZES}}
        card: dict[str, Any] = {"kind": weights.AUTOENCODER, "idea": "principal components"}
        card |= {"architecture": CodeConfig(max(CODE_SIZES)).to_json()}
        self._write("pca", {"components": components, "mean": mean}, training, card)

    def _fit_linear(self, name: str, k: int) -> None:
        mean, covariance = self._moments
        encoder, decoder, training = self._alternating_least_squares(covariance, k)
        card = {"kind": weights.AUTOENCODER, "idea": "linear", "architecture": CodeConfig(k).to_json()}
        self._write(name, {"encoder": encoder, "decoder": decoder, "mean": mean}, training, card)

    def _fit_identity(self) -> None:
        mean, covariance = moments(self.source, lambda x: Identity.blocks(x).flatten(0, -2))
        encoder, decoder, training = self._alternating_least_squares(covariance, len(mean))
        tensors = {"encoder.weight": encoder, "encoder.bias": -encoder @ mean}
        tensors |= {"decoder.weight": decoder, "decoder.bias": mean}
        card = {"kind": weights.AUTOENCODER, "idea": "identity", "architecture": CodeConfig(PICTURE_VALUES).to_json()}
        self._write("ae-identity", tensors, training, card, torch.float32)  # float16 would determine its error

    def _alternating_least_squares(self, covariance: Tensor, k: int) -> tuple[Tensor, Tensor, dict]:
        rounds = list(alternate(covariance, k, seed=0))
        encoder, decoder, error = rounds[-1]
        training: dict[str, Any] = {"images_seen": len(self.source.labels), "rounds": len(rounds), "seed": 0}
        training |= {"loss": error, "recipe": "alternating least squares on the covariance of all pictures and their "
                     "mirror images"}  # fmt: skip
        return encoder, decoder, training

    def _checkpoint(self, name: str) -> Path:
        return self.folder / "checkpoints" / f"{name}.pt"


@torch.no_grad()
def with_unit_code(model: Convolutional, source: CropSource) -> Convolutional:
    """Return a copy whose code has variance 1 on average over its numbers: Jacobians of encoders become comparable."""
    model = copy.deepcopy(model)
    x0, _ = source.draw(min(MAX_SCALE_PICTURES, 4 * len(source.labels)), torch.Generator().manual_seed(0))
    code = torch.cat([model.encode(rows) for rows in x0.split(ENCODE_BATCH)])
    model.rescale(float(code.var(0).mean()) ** -0.5)
    return model
