"""python -m explorer.evaluate NAME --data DIR: how good a model is at denoising and generating, against its peers.

Mean squared error in data units (range -1 to 1) on the `val` pictures at 64x64, the same noise for everyone: the
network, the Wiener denoiser of the training pictures' mean spectrum, and the ideal denoiser of the training pictures.
Then PSNR on CBSD68 and Set12 beside BM3D, samples of every class against held-out pictures, and the cost. Figures are
written to NAME.evaluation.json beside the weights, pictures to NAME.samples.jpg and NAME.ladder.jpg.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from explorer import weights
from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.wiener import Ideal
from explorer.core.networks.classifier import Classifier
from explorer.errors import UserError, WeightsRefused
from explorer.evaluate.acceptance import NETWORK, NETWORK_WITH_CLASS, verdicts
from explorer.evaluate.cost import cost
from explorer.evaluate.denoising import mean_squared_errors, psnr_table
from explorer.evaluate.drawings import write_ladder, write_samples
from explorer.evaluate.generation import generation
from explorer.evaluate.peers import bm3d_denoiser
from explorer.evaluate.pictures import SIZE, held_out, spaced, test_set, training_set
from explorer.evaluate.report import show
from explorer.inference.device import choose_dtype
from explorer.inference.optimize import optimize

SIGMAS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def positive(text: str) -> int:
    """Return a whole number of at least 1, for argparse. Raises ValueError."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line; argparse exits with one line on a bad one."""
    parser = argparse.ArgumentParser(prog="python -m explorer.evaluate", description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=positive, default=256, help="held-out pictures (default 256)")
    parser.add_argument("--weights", type=Path, default=weights.FOLDER, help="folder of the weight file")
    parser.add_argument("--full", action="store_true", help="whole test pictures instead of centre crops of 128")
    parser.add_argument("--bm3d", type=int, default=16, help="pictures per set that BM3D runs on (default 16, 0: none)")
    parser.add_argument("--samples", type=int, default=512, help="samples over all classes (default 512, 0: none)")
    parser.add_argument("--steps", type=positive, default=18, help="steps of Heun's method per sample (default 18)")
    about = "weight of the class in a second set of samples, which acceptance looks at (default 1.6, 1: none)"
    parser.add_argument("--guidance", type=float, default=1.6, help=about)
    parser.add_argument("--guided-steps", type=positive, default=40, help="steps of that set (default 40)")
    return parser.parse_args(argv)


def data_units(denoisers: dict[str, Denoiser], x0: Tensor, label: Tensor) -> dict:
    """Return the first section: MSE of each denoiser at SIGMAS, the model both with and without the class."""
    contenders: dict[str, tuple[Denoiser, Tensor | None]] = {NETWORK_WITH_CLASS: (denoisers[NETWORK], label)}
    contenders |= {title: (denoiser, None) for title, denoiser in denoisers.items()}
    table = {
        title: mean_squared_errors(denoiser, x0, SIGMAS, labels)
        for title, (denoiser, labels) in tqdm(contenders.items(), desc="denoisers")
    }
    return {"pictures": len(x0), "size": SIZE, "sigmas": list(SIGMAS), "mse": table}


def test_sets(options: argparse.Namespace, x0: Tensor) -> dict[str, list[Tensor]]:
    """Return the pictures of the PSNR table by title; larger crops as many as BM3D runs on. Raises DataRefused."""
    size, suffix = (None, "") if options.full else (128, " 128")
    sets = {f"{name}{suffix}": test_set(options.data, name, size) for name in ("CBSD68", "Set12")}
    large = test_set(options.data, "CBSD68", 256)
    sets["CBSD68 256"] = [large[i] for i in spaced(len(large), max(8, options.bm3d // 2))]
    return {**sets, f"val {SIZE}": list(x0[:64])}


def samples_of(options: argparse.Namespace, pictures: tuple[Tensor, Tensor], training: Tensor) -> dict:
    """Return the sections on samples, drawn in the number type that the explorer computes in; guided ones, too."""
    cpu = torch.device("cpu")
    fast = optimize(weights.load(options.name, cpu, choose_dtype(cpu), folder=options.weights), cpu)
    references = (pictures, training, load_judge(), options.samples)
    result = {"generation": generation(fast, *references, options.steps)}
    if options.guidance != 1:
        result["guided"] = generation(fast, *references, options.guided_steps, options.guidance)
    return result


def load_judge() -> Classifier | None:
    """Return the classifier of this repository; print one plain line and return None where it has not been trained."""
    try:
        return weights.load_classifier()
    except WeightsRefused as error:
        print(f"Fréchet distance, class accuracy and diversity are skipped: {error}", file=sys.stderr)
        return None


@torch.inference_mode()
def evaluate(options: argparse.Namespace) -> dict:
    """Return all figures as plain numbers; write the pictures. Raises DataRefused, WeightsRefused."""
    name, folder = options.name, options.weights
    network, wiener = weights.load(name, folder=folder), weights.load("wiener")
    pictures = held_out(options.data)
    x0, label = (part[: options.pictures] for part in pictures)
    sets, training = test_sets(options, x0), training_set(options.data)
    peers = {NETWORK: network, "Wiener": wiener, "ideal of the training set": Ideal(training)}
    result = {"model": name, "sha256": weights.identity(weights.card(name, folder)), **data_units(peers, x0, label)}
    with bm3d_denoiser() if options.bm3d > 0 else nullcontext() as bm3d:
        if bm3d is None and options.bm3d > 0:
            print("BM3D is skipped: the package bm3d is not installed (pip install -e '.[bench]').", file=sys.stderr)
        result["psnr"] = psnr_table(sets, peers, bm3d, options.bm3d)
    write_ladder(network, wiener, folder / f"{name}.ladder.jpg")
    if options.samples > 0 and isinstance(network, torch.nn.Module):
        result |= samples_of(options, pictures, training)
        write_samples(network, folder / f"{name}.samples.jpg", options.steps)
    result["cost"] = cost(network, name, folder)
    result["bar"] = verdicts(result)
    return result


def main() -> int:
    """Run the command; return 2, after one line, when data or weights are missing."""
    options, start = parse(), time.monotonic()
    try:
        result = evaluate(options)
    except UserError as error:
        print(f"explorer.evaluate: {error}", file=sys.stderr)
        return 2
    result["minutes"] = round((time.monotonic() - start) / 60, 1)
    show(result)
    (options.weights / f"{options.name}.evaluation.json").write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
