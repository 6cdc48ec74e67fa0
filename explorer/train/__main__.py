"""python -m explorer.train NAME --data DIR: train a model of weights/ from pictures on this machine.

NAME is a model, one of the autoencoders, or `autoencoders` for all of them that have no finished weight file yet.
Kill it at any time: the same command goes on from the last checkpoint. Several processes, on one machine or more:
torchrun --nproc-per-node 2 -m explorer.train NAME --data DIR
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import torch
import torch.distributed as dist

from explorer import weights
from explorer.datasets import photographs
from explorer.errors import UserError, WeightsRefused
from explorer.inference.device import DEVICES, DTYPES, choose_device, choose_dtype
from explorer.train.autoencoders import WEIGHT_FILES, AutoencoderTraining
from explorer.train.checkpoints import load_checkpoint, run_to_end
from explorer.train.classifier import fit_classifier
from explorer.train.crops import CropSource
from explorer.train.export import export
from explorer.train.recipes import LEVELS, RECIPES, Recipe
from explorer.train.sample_sheet import write_sample_sheet
from explorer.train.trainer import Trainer, save
from explorer.train.wiener import fit_wiener

RECIPE_OPTIONS = [field.name for field in fields(Recipe) if type(field.default) in (int, float)]
FITTERS: dict[str, Callable[[Path, Path], Path]] = {
    "classifier": fit_classifier,
    "wiener": fit_wiener,
}  # (data, folder) -> weight file, without checkpoints
ALL_AUTOENCODERS = ("autoencoders", "family")  # the second is an older name of the first


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line; argparse exits with one line on a bad one."""
    parser = argparse.ArgumentParser(prog="python -m explorer.train", description=__doc__.splitlines()[0])
    names = sorted([*RECIPES, *FITTERS, *WEIGHT_FILES, *ALL_AUTOENCODERS])
    which = "which model; autoencoders: all small ones that are missing (family, its older name, is accepted, too)"
    parser.add_argument("name", choices=names, metavar="NAME", help=f"{which}; one of {', '.join(names)}")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the archives or folders")
    parser.add_argument("--out", type=Path, help="folder for checkpoints and sample sheets (default runs/NAME)")
    parser.add_argument("--every", type=float, default=5, help="minutes between checkpoints (default 5)")
    devices = "default: CUDA, else MPS, else the CPU; the autoencoders always train on the CPU"
    parser.add_argument("--device", choices=DEVICES, default="auto", help=devices)
    parser.add_argument("--dtype", choices=DTYPES, default="auto", help="of the forward pass")
    parser.add_argument("--level", choices=LEVELS, default="full", help="resolution that the network works at")
    parser.add_argument(
        "--from-weights", action="store_true", help="go on from the shipped weights and their count of pictures"
    )
    parser.add_argument("--start", type=Path, help="weight file to begin with, as if no picture had been seen")
    for name in RECIPE_OPTIONS:
        kind = type(getattr(Recipe, name))
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, help="recipe setting")
    parser.add_argument("--channels", type=int, help="width of the U-Net's first level")
    return parser.parse_args(argv)


def recipe_from(options: argparse.Namespace) -> Recipe:
    """Return the named recipe with the settings that the command line changes."""
    recipe = LEVELS[options.level] if options.name == "scenes" else RECIPES[options.name]
    given = {f.name: getattr(options, f.name, None) for f in fields(Recipe)}
    recipe = replace(recipe, **{k: v for k, v in given.items() if v is not None})
    if options.channels:
        recipe = replace(recipe, architecture=replace(recipe.architecture, channels=options.channels))
    return recipe


def device_from(name: str) -> torch.device:
    """Return the device of this process; join the process group when started by torchrun. Raises DeviceRefused."""
    device = choose_device(name)
    if "RANK" in os.environ:
        if device.type == "cuda":
            device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
            torch.cuda.set_device(device)
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return device


def train(options: argparse.Namespace) -> None:
    """Train until the recipe's number of crops is reached, saving as it goes. Raises DataRefused, WeightsRefused."""
    name = options.name if options.level == "full" else f"{options.name}-{options.level}"
    recipe, run = recipe_from(options), options.out or Path("runs") / name
    device = device_from(options.device)
    source = CropSource(recipe.collections(options.data), recipe.size, recipe.whole)
    native = None
    if recipe.native:
        native = CropSource([(1.0, photographs(options.data))], recipe.size, native=True)
    trainer = Trainer(recipe, source, device, choose_dtype(device, options.dtype), native)
    checkpoint = run / "checkpoint.pt"
    loss = load_checkpoint(trainer, checkpoint, device)
    if not checkpoint.exists() and options.from_weights:
        seen = weights.card(options.name)["training"]["images_seen"]
        start_from(trainer, options.name, weights.FOLDER, seen)
    elif not checkpoint.exists() and options.start:
        start_from(trainer, options.start.stem, options.start.parent, seen=0)

    def write(loss: float) -> None:
        if trainer.rank == 0:
            save({**trainer.state(), "loss": loss}, checkpoint)
            export(run, name, trainer.average, recipe, trainer.seen)
            size = recipe.size // recipe.reduction
            write_sample_sheet(trainer.average, run / "samples" / f"{trainer.seen:09d}.png", size)

    run_to_end(trainer, recipe.images, options.every, write, loss, quiet=trainer.rank > 0)


def start_from(trainer: Trainer, name: str, folder: Path, seen: int) -> None:
    """Begin with the weights of a file, as trained on `seen` crops. Raises WeightsRefused."""
    state = weights.state_dict(name, folder)
    try:
        trainer.load({"weights": state, "average": state, "seen": seen})
    except (RuntimeError, KeyError):
        raise WeightsRefused(f"The weight file of '{name}' belongs to another architecture.") from None


def train_autoencoders(options: argparse.Namespace) -> None:
    """Train one autoencoder, or all that have no finished weight file yet. Raises DataRefused."""
    folder = options.out or Path("runs") / "autoencoders"
    changes = {name: value for name, value in vars(options).items() if name in RECIPE_OPTIONS and value is not None}
    training = AutoencoderTraining(options.data, folder, options.every, changes)
    for name in training.missing() if options.name in ALL_AUTOENCODERS else [options.name]:
        print(name, file=sys.stderr)
        training.train(name)


def main() -> int:
    """Run the command; return 2, after one line, when data, weights or device are refused, 130 when interrupted."""
    options = parse()
    try:
        if options.name in FITTERS:
            print(FITTERS[options.name](options.data, options.out or Path("runs") / options.name))
        elif options.name in RECIPES:
            train(options)
        else:
            train_autoencoders(options)
    except UserError as error:
        print(f"explorer.train: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from the last checkpoint.", file=sys.stderr)
        return 130
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
    return 0


if __name__ == "__main__":
    sys.exit(main())
