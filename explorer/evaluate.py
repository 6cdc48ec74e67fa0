"""python -m explorer.evaluate NAME --data DIR: how well a model denoises held-out pictures, against its peers.

Mean squared error in data units (range -1 to 1) on the `val` pictures at 64x64, the same noise for everyone: the
network, the Wiener denoiser of the training pictures' mean spectrum, and the ideal denoiser of the training pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from explorer import datasets, images, weights
from explorer.core.analytic import Ideal
from explorer.core.denoiser import Denoiser
from explorer.core.noise import white_batch

SIGMAS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
SIZE, BATCH = 64, 32


def mean_squared_errors(denoiser: Denoiser, x0: Tensor, sigmas: tuple[float, ...], label: Tensor | None) -> list[float]:
    """MSE of the denoiser at each sigma on x0 (N, 3, H, W); noise keyed by picture, the same at every sigma."""
    eps = white_batch(x0.shape[1:], seed=0, role="evaluate", indices=range(len(x0)))
    errors = []
    for sigma in sigmas:
        total = 0.0
        for rows in torch.arange(len(x0)).split(BATCH):
            estimate = denoiser(x0[rows] + sigma * eps[rows], sigma, None if label is None else label[rows])
            total += float((estimate - x0[rows]).double().square().mean((1, 2, 3)).sum())
        errors.append(total / len(x0))
    return errors


def training_set(root: Path, limit: int | None) -> Tensor:
    """The training pictures at 64x64, (N, 3, 64, 64) float32: what the ideal denoiser knows."""
    parts = (datasets.scenes(root, "train", limit), datasets.cat_faces(root, "train", limit))
    pictures = [images.to_data(datasets.at_size(p, SIZE)) for part in parts for p in part.pictures]
    return torch.from_numpy(np.stack(pictures))


@torch.inference_mode()
def evaluate(name: str, root: Path, pictures: int, folder: Path = weights.FOLDER) -> dict:
    """All figures as plain numbers. Raises DataRefused or WeightsRefused."""
    x0, label = (torch.from_numpy(a) for a in datasets.held_out(root, SIZE, pictures))
    contenders: dict[str, tuple[Denoiser, Tensor | None]] = {
        "network, class told": (weights.load(name, folder=folder), label),
        "network, any class": (weights.load(name, folder=folder), None),
        "Wiener": (weights.load("wiener"), None),
        "ideal of the training set": (Ideal(training_set(root, None)), None),
    }
    table = {
        title: mean_squared_errors(denoiser, x0, SIGMAS, labels)
        for title, (denoiser, labels) in tqdm(contenders.items(), desc="denoisers")
    }
    return {"model": name, "pictures": len(x0), "size": SIZE, "sigmas": list(SIGMAS), "mse": table}


def show(result: dict) -> None:
    """Print the table: MSE, and its ratio to the Wiener denoiser's."""
    print(f"MSE on {result['pictures']} held-out pictures at {SIZE}x{SIZE} (in brackets: share of Wiener's)")
    print(" " * 26 + "".join(f"{f'sigma {s:g}':>18}" for s in result["sigmas"]))
    wiener = result["mse"]["Wiener"]
    for title, errors in result["mse"].items():
        cells = (f"{e:.5f} ({e / w:.2f})" for e, w in zip(errors, wiener, strict=True))
        print(f"{title:26}" + "".join(f"{cell:>18}" for cell in cells))


def main() -> int:
    """Entry point; missing data or weights give one line and exit status 2."""
    parser = argparse.ArgumentParser(prog="python -m explorer.evaluate", description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=256, help="held-out pictures (default 256)")
    parser.add_argument("--weights", type=Path, default=weights.FOLDER, help="folder of the weight file")
    options = parser.parse_args()
    try:
        result = evaluate(options.name, options.data, options.pictures, options.weights)
    except (datasets.DataRefused, weights.WeightsRefused) as refusal:
        print(f"explorer.evaluate: {refusal}", file=sys.stderr)
        return 2
    show(result)
    (options.weights / f"{options.name}.evaluation.json").write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
