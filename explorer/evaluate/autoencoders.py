"""python -m explorer.evaluate.autoencoders --data DIR: what each autoencoder reaches, beside what it should.

Each on the `val` pictures at 32x32, clean and at several noise levels; train sigma x test sigma; bottlenecks
beside PCA; codes in nats and bits; contraction; the cost of cutting skip connections, per octave. The figures are
written to autoencoders.evaluation.json beside the weights.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from explorer import autoencoders, datasets, weights
from explorer.core.networks.autoencoder import SIDE
from explorer.errors import DataRefused, WeightsRefused
from explorer.evaluate import autoencoder_measures as measures
from explorer.evaluate.autoencoder_acceptance import verdicts

SIGMAS = (0.0, *autoencoders.DAE_SIGMAS.values())
SPECIALISTS = tuple(f"dae-{name}" for name in autoencoders.DAE_SIGMAS)
CUT = ("unet-noskip", "unet-bottleneck")


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line; argparse exits with one line on a bad one."""
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m explorer.evaluate.autoencoders", description=about)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=512, help="held-out pictures (default 512)")
    parser.add_argument("--weights", type=Path, default=autoencoders.FOLDER, help="folder of the weight files")
    return parser.parse_args(argv)


def load_autoencoders(folder: Path) -> dict[str, torch.nn.Module]:
    """Return the autoencoders whose weights load, by name; print one plain line for each other."""
    found = {}
    for name in autoencoders.AUTOENCODERS:
        try:
            found[name] = autoencoders.load_autoencoder(name, folder=folder)
        except WeightsRefused as error:
            print(f"{name} is skipped: {error}", file=sys.stderr)
    return found


def own_error(name: str, network: torch.nn.Module, x0: Tensor) -> float:
    """Return the MSE at the corruption that it was trained at; of clean pictures where there was none or many."""
    info = autoencoders.AUTOENCODERS[name]
    sigma = info.sigma or 0.0
    x = measures.masked(x0, info.mask) if info.mask else measures.noised(x0, sigma)
    return measures.mse(measures.estimates(network, x, sigma), x0)


def errors(networks: dict[str, torch.nn.Module], x0: Tensor, wiener: measures.Wiener) -> dict:
    """Return the MSE of each autoencoder, and of the Wiener filter, on x0 + sigma eps at each of SIGMAS."""
    noisy = {sigma: measures.noised(x0, sigma) for sigma in SIGMAS}
    table = {
        name: [measures.mse(measures.estimates(network, x, sigma), x0) for sigma, x in noisy.items()]
        for name, network in tqdm({**networks, "Wiener": wiener}.items(), desc="members")
    }
    return {"sigmas": list(SIGMAS), "mse": table}


def matrix(mse: dict[str, list[float]]) -> dict:
    """Return the MSE over the least of the column; rows: specialists, blind, conditional; columns: test sigma."""
    rows = [name for name in (*SPECIALISTS, "blind", "conditional") if name in mse]
    columns = range(1, len(SIGMAS))
    best = {j: min(mse[name][j] for name in rows) for j in columns}
    relative = {name: [mse[name][j] / best[j] for j in columns] for name in rows}
    return {"test_sigmas": list(SIGMAS[1:]), "relative": relative}


def skips_cut(networks: dict[str, torch.nn.Module], x0: Tensor) -> dict:
    """Return the error of U-Nets without skips over the conditional one, by noise level, per octave, coarsest first."""
    table: dict[str, dict[str, list[float]]] = {name: {} for name in CUT if name in networks}
    for sigma in SIGMAS[1:]:
        x = measures.noised(x0, sigma)
        whole = measures.octave_errors(measures.estimates(networks["conditional"], x, sigma), x0)
        for name, row in table.items():
            cut = measures.octave_errors(measures.estimates(networks[name], x, sigma), x0)
            row[f"{sigma:g}"] = [a / b for a, b in zip(cut, whole, strict=True)]
    return table


def codes(networks: dict[str, Any], x0: Tensor) -> dict:
    """Return what the codes hold: frequencies, Jacobians, nats, bits, filters."""
    bottlenecks = [name for name in networks if name.startswith(("pca-", "ae-linear-", "ae-conv-"))]
    half = {
        name: measures.half_power_frequency(measures.estimates(networks[name], x0, 0.0), x0) for name in bottlenecks
    }
    result: dict = {"half_power_frequency": half}
    pair = [name for name in ("ae-conv-64", "ae-contractive") if name in networks]
    result["jacobian"] = {name: measures.contraction(networks[name], x0) for name in pair}
    if "vae" in networks:
        result["vae"] = measures.variational(networks["vae"], x0)
    if "vq-vae" in networks:
        result["vq-vae"] = measures.quantised(networks["vq-vae"], x0)
    dense = [name for name in ("dae-dense", "dae-scheduled", "dae-composite", "dae-stacked") if name in networks]
    result["filter_centroids"] = {name: measures.centroids(networks[name], x0) for name in dense}
    return result


def table(networks: dict[str, torch.nn.Module], x0: Tensor, folder: Path) -> dict:
    """Return parameters, bytes, training and own error of each; what the cards say of probes and closed forms."""
    rows = {}
    for name, network in networks.items():
        card = weights.card(autoencoders.AUTOENCODERS[name].file, folder)
        training = {k: v for k, v in card["training"].items() if k in ("images_seen", "steps", "loss", "probe", "mse")}
        row = {k: card[k] for k in ("parameters", "bytes", "sha256")}
        rows[name] = {**row, "training": training, "own_mse": own_error(name, network, x0)}
    return rows


def evaluate(options: argparse.Namespace) -> dict:
    """Return all figures as plain numbers. Raises DataRefused."""
    x0 = torch.from_numpy(datasets.held_out(options.data, SIDE)[0])[: options.pictures]
    networks = load_autoencoders(options.weights)
    result: dict[str, Any] = {"pictures": len(x0), "size": SIDE, "members": table(networks, x0, options.weights)}
    result |= errors(networks, x0, measures.wiener_of_training(options.data))
    holes = measures.masked(x0, 0.5)
    result["masked"] = {"input": measures.mse(holes, x0), "filled": measures.mse(measures.filled_holes(holes), x0)}
    result["matrix"] = matrix(result["mse"])
    result["codes"] = codes(networks, x0)
    result["skips_cut"] = skips_cut(networks, x0) if "conditional" in networks else {}
    result["bytes"] = sum(
        {autoencoders.AUTOENCODERS[n].file: r["bytes"] for n, r in result["members"].items()}.values()
    )
    result["bar"] = verdicts(result)
    return result


def show(result: dict) -> None:
    """Print the table of errors, the matrix and the acceptance."""
    print(f"MSE on {result['pictures']} held-out pictures at {SIDE}x{SIDE}; own: at its own corruption")
    print(f"{'':18}{'own':>10}" + "".join(f"{f'sigma {s:g}':>11}" for s in result["sigmas"]))
    for name, row in result["mse"].items():
        own = f"{result['members'][name]['own_mse']:10.2e}" if name in result["members"] else " " * 10
        print(f"{name:18}{own}" + "".join(f"{e:11.5f}" for e in row))
    print("\nTrain sigma x test sigma, MSE over the best of the column")
    for name, row in result["matrix"]["relative"].items():
        print(f"{name:18}" + "".join(f"{r:8.2f}" for r in row))
    print(f"\n{result['bytes'] / 1e6:.1f} MB in all\n\nAcceptance")
    for line in result["bar"]:
        print(f"  {'holds' if line['holds'] else 'FAILS'}  {line['asked']}: {line['found']}")


def main() -> int:
    """Run the command; return 2, after one line, when data are missing."""
    options, start = parse(), time.monotonic()
    try:
        result = evaluate(options)
    except DataRefused as error:
        print(f"explorer.evaluate.autoencoders: {error}", file=sys.stderr)
        return 2
    result["minutes"] = round((time.monotonic() - start) / 60, 1)
    show(result)
    (options.weights.parent / "autoencoders.evaluation.json").write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
