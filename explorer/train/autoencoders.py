"""python -m explorer.train autoencoders: every member of the family that has no weight file yet, one after another.

Each member's weights and card are written to the folder of the run; a checkpoint lies beside them while it trains.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from explorer import datasets, weights
from explorer.autoencoders import AUTOENCODERS, CODES
from explorer.core.networks.autoencoder import VALUES, CodeConfig, Identity
from explorer.core.networks.autoencoder_conv import Convolutional
from explorer.core.networks.linear_probe import ProbePictures, confidence_interval, probe_accuracy
from explorer.datasets import CLASSES
from explorer.errors import WeightsRefused
from explorer.inference.device import choose_dtype
from explorer.train.autoencoder_recipes import SIZE, UNETS, MemberRecipe, family_source
from explorer.train.checkpoints import follow, resume
from explorer.train.code_recipe import CodeRecipe
from explorer.train.crops import CropSource
from explorer.train.export import PROVENANCE
from explorer.train.fit_autoencoder import Fitting
from explorer.train.linear import alternate, least_error, moments, principal_components
from explorer.train.objectives import composite, contractive, denoising, layer_by_layer, plain, quantised, variational
from explorer.train.trainer import Trainer, save

FITTED: dict[str, CodeRecipe] = {
    **{f"ae-conv-{k}": CodeRecipe("convolutional", CodeConfig(k), plain) for k in CODES},
    "ae-conv-256": CodeRecipe("convolutional", CodeConfig(256), plain, images=320_000),  # takes that long to pass PCA
    "vae": CodeRecipe("variational", CodeConfig(64), variational),
    "vq-vae": CodeRecipe("vector-quantised", CodeConfig(16, channels=48, entries=256), quantised),
    "ae-contractive": CodeRecipe("convolutional", CodeConfig(64), contractive, contraction=0.1),
    "dae-dense": CodeRecipe("dense", CodeConfig(128), denoising, noise=0.5, noise_end=0.5, seeds=5),
    "dae-scheduled": CodeRecipe("dense", CodeConfig(128), denoising, noise=2.0, noise_end=0.5, seeds=5),
    "dae-composite": CodeRecipe("dense", CodeConfig(128, entries=4), composite, noise=2.0, noise_end=0.25, seeds=5),
    "dae-stacked": CodeRecipe("stacked", CodeConfig(128, channels=128), layer_by_layer, noise=0.5, seeds=5),
}
LINEAR = ("ae-identity", "pca", *(f"ae-linear-{k}" for k in CODES))
FIRST = (*LINEAR, *(f"ae-conv-{k}" for k in CODES), "vae", "conditional")
FILES = tuple(dict.fromkeys([*FIRST, *(info.file for info in AUTOENCODERS.values())]))  # in the order of training
PROBED = 6000  # training pictures that a linear probe is fitted on


class FamilyTraining:
    """Trains members on pictures that are read once. Raises DataRefused where they are missing."""

    def __init__(self, data: Path, folder: Path, minutes: float, changes: dict[str, float] | None = None) -> None:
        """changes: settings of the recipes given on the command line, applied where a recipe has them."""
        self.data, self.folder, self.minutes, self.changes = data, folder, minutes, changes or {}
        self.source: CropSource = family_source(data)

    def missing(self) -> list[str]:
        """Weight files that are not in the folder, or not finished."""
        return [name for name in FILES if not self._finished(name)]

    def train(self, name: str) -> None:
        """Train one member to its end and write its weights."""
        if name in UNETS:
            self._unet(name, self._changed(UNETS[name]))
        elif name in FITTED:
            self._fitted(name, self._changed(FITTED[name]))
        elif name == "ae-identity":
            self._identity()
        elif name == "pca":
            self._principal()
        else:
            self._linear(name, AUTOENCODERS[name].numbers)

    def _finished(self, name: str) -> bool:
        try:
            seen = weights.card(name, self.folder)["training"]["images_seen"]
        except WeightsRefused:
            return False
        recipe = UNETS.get(name) or FITTED.get(name)
        return recipe is None or seen >= self._changed(recipe).images

    def _changed(self, recipe: MemberRecipe | CodeRecipe) -> MemberRecipe | CodeRecipe:
        known = {field.name for field in fields(recipe)}
        return replace(recipe, **{k: v for k, v in self.changes.items() if k in known})

    def _write(self, name: str, tensors: dict[str, Tensor], training: dict, card: dict, wide: bool = False) -> None:
        title = AUTOENCODERS[name].title if name in AUTOENCODERS else name
        common = {
            "purpose": f"a member of the family of autoencoders: {title}",
            "data_range": [-1, 1],
            "size": SIZE,
            "classes": ["any"],
            "training": training,
            "provenance": PROVENANCE[:2],
        }
        weights.save(self.folder, name, tensors, {**card, **common}, torch.float32 if wide else torch.float16)

    def _unet(self, name: str, recipe: MemberRecipe) -> None:
        device = torch.device("cpu")
        run, checkpoint = Trainer(recipe, self.source, device, choose_dtype(device, "float32")), self._checkpoint(name)
        before = resume(run, checkpoint, device)

        def write(loss: float) -> None:
            save({**run.state(), "loss": loss}, checkpoint)
            training = {"images_seen": run.seen, "steps": run.step, "seed": recipe.seed, "loss": loss}
            training |= {"averaged_weights": True, "recipe": recipe.to_json()}
            card = {"kind": weights.AUTOENCODER_UNET, "architecture": recipe.architecture.to_json()}
            card |= {"sigma_data": recipe.sigma_data, "wiring": recipe.wiring, "level": recipe.level}
            self._write(name, run.average.net.state_dict(), training, card)

        follow(run, recipe.images, self.minutes, write, before)

    def _fitted(self, name: str, recipe: CodeRecipe) -> None:
        run, checkpoint = Fitting(recipe, self.source), self._checkpoint(name)
        card = {"kind": weights.AUTOENCODER, "idea": recipe.idea, "architecture": recipe.config.to_json()}

        def write(loss: float) -> None:
            save({**run.state(), "loss": loss}, checkpoint)
            training = {"images_seen": run.seen, "steps": run.seen // recipe.batch, "seed": recipe.seed, "loss": loss}
            if recipe.seeds > 1 and run.seen >= recipe.images:
                training["probe"] = probes(run, labelled(self.data, self.source))
            model = with_unit_code(run.model, run.source) if recipe.idea == "convolutional" else run.model
            self._write(name, model.state_dict(), {**training, "recipe": recipe.to_json()}, card)

        follow(run, recipe.images, self.minutes, write, resume(run, checkpoint, torch.device("cpu")))

    @cached_property
    def _moments(self) -> tuple[Tensor, Tensor]:
        return moments(self.source, lambda x: x.flatten(1))

    def _principal(self) -> None:
        mean, covariance = self._moments
        values, components = principal_components(covariance, max(CODES))
        training = {"images_seen": len(self.source.labels), "mse": {str(k): least_error(values, k) for k in CODES}}
        card = {"kind": weights.AUTOENCODER, "idea": "principal components"}
        card |= {"architecture": CodeConfig(max(CODES)).to_json()}
        self._write("pca", {"components": components, "mean": mean}, training, card)

    def _linear(self, name: str, k: int) -> None:
        mean, covariance = self._moments
        encoder, decoder, training = self._alternated(covariance, k)
        card = {"kind": weights.AUTOENCODER, "idea": "linear", "architecture": CodeConfig(k).to_json()}
        self._write(name, {"encoder": encoder, "decoder": decoder, "mean": mean}, training, card)

    def _identity(self) -> None:
        mean, covariance = moments(self.source, lambda x: Identity.blocks(x).flatten(0, -2))
        encoder, decoder, training = self._alternated(covariance, len(mean))
        tensors = {"encoder.weight": encoder, "encoder.bias": -encoder @ mean}
        tensors |= {"decoder.weight": decoder, "decoder.bias": mean}
        card = {"kind": weights.AUTOENCODER, "idea": "identity", "architecture": CodeConfig(VALUES).to_json()}
        self._write("ae-identity", tensors, training, card, wide=True)  # half precision would set its error

    def _alternated(self, covariance: Tensor, k: int) -> tuple[Tensor, Tensor, dict]:
        rounds = list(alternate(covariance, k, seed=0))
        encoder, decoder, error = rounds[-1]
        training = {"images_seen": len(self.source.labels), "rounds": len(rounds), "seed": 0, "loss": error}
        training["recipe"] = "alternating least squares on the covariance of all pictures and their mirror images"
        return encoder, decoder, training

    def _checkpoint(self, name: str) -> Path:
        return self.folder / "checkpoints" / f"{name}.pt"


@torch.no_grad()
def with_unit_code(model: Convolutional, source: CropSource) -> Convolutional:
    """A copy whose code has variance 1 on average over its numbers, so that Jacobians of encoders can be compared."""
    model = copy.deepcopy(model)
    x0, _ = source.draw(min(PROBED, 4 * len(source.labels)), torch.Generator().manual_seed(0))
    code = torch.cat([model.encode(rows) for rows in x0.split(250)])
    model.rescale(float(code.var(0).mean()) ** -0.5)
    return model


def labelled(data: Path, source: CropSource) -> ProbePictures:
    """Training pictures to fit a probe on, evenly spaced, and the `val` pictures to judge it by."""
    pictures = source.pixels.view(-1, SIZE, SIZE, 3)
    rows = torch.from_numpy(np.linspace(0, len(pictures) - 1, min(PROBED, len(pictures))).astype(int))
    x0 = pictures[rows].movedim(3, 1).float() / 127.5 - 1
    held, classes = datasets.held_out(data, SIZE)
    return ProbePictures((x0, source.labels[rows]), (torch.from_numpy(held), torch.from_numpy(classes)))


def probes(first: Fitting, pictures: ProbePictures) -> dict:
    """Accuracy of a linear probe on the codes of several runs and of the same networks as initialised, by seed."""
    found: dict[str, list[float]] = {"trained": [], "initialised": []}
    for run in _runs(first):
        found["trained"].append(probe_accuracy(run.model.encode, pictures))
        fresh = Fitting(run.recipe, run.source)
        found["initialised"].append(probe_accuracy(fresh.model.encode, pictures))
    gains = [a - b for a, b in zip(found["trained"], found["initialised"], strict=True)]
    chance = 1 / len(CLASSES)
    return {**found, "gain": sum(gains) / len(gains), "interval": confidence_interval(gains), "chance": chance}


def _runs(first: Fitting) -> Iterator[Fitting]:
    yield first
    for seed in range(1, first.recipe.seeds):
        run = Fitting(replace(first.recipe, seed=seed), first.source)
        for _ in run.run():
            pass
        yield run
