"""python -m explorer.evaluate.autoencoder_table: each autoencoder beside its reference, as Markdown.

Made of weights/autoencoders.evaluation.json alone, which holds what the cards say of size and training;
weights/README.md has it word for word.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

from explorer.autoencoders import AUTOENCODERS, DAE_SIGMAS, FOLDER, AutoencoderInfo

EVALUATION = FOLDER.parent / "autoencoders.evaluation.json"
ALL_LEVELS = tuple(DAE_SIGMAS.values())  # at which denoisers of all levels are measured, sigma
COLUMNS = ("member", "parameters", "training pictures", "its corruption", "MSE on `val`", "held against", "its MSE",
           "ratio", "bar")  # fmt: skip


class Reference(NamedTuple):
    """The closed form or twin that an autoencoder is compared with."""

    what: str
    figures: list[float]  # MSE, one for each level of the autoencoder
    max_ratio: float | None = None  # that the ratio to these may be, where autoencoder_acceptance has a criterion


def levels(name: str) -> tuple[float, ...]:
    """Return the noise levels at which an autoencoder is measured, data units; 0 for none, or for masks."""
    info = AUTOENCODERS[name]
    if name == "dae-composite":
        return tuple(level for level in ALL_LEVELS if level >= 0.25)  # its parts' levels lie between these
    if info.group in (AUTOENCODERS["conditional"].group, AUTOENCODERS["unet-noskip"].group):
        return ALL_LEVELS
    return (info.sigma or 0.0,)


def errors(name: str, result: dict) -> list[float]:
    """Return the MSE on `val` at its own corruption, one for each of its levels."""
    if levels(name) == (0.0,):
        return [result["members"][name]["own_mse"]]
    return _at(name, levels(name), result)


def reference(name: str, result: dict) -> Reference:
    """Return the closed form, or the twin, and its MSE at the same corruption on the same pictures."""
    info, own = AUTOENCODERS[name], lambda other: [result["members"][other]["own_mse"]]
    if name == "ae-identity":
        return Reference("its input, but for rounding", [1e-6], 1)
    if name.startswith("pca-"):
        left = result["members"][name]["training"]["mse"][str(info.numbers)]
        return Reference("eigenvalues left out, on the training pictures", [left])
    if name.startswith(("ae-linear-", "ae-conv-")):
        max_ratio = 1.02 if "linear" in name else 1
        return Reference(f"`pca-{info.numbers}`", own(f"pca-{info.numbers}"), max_ratio)
    if name in ("vae", "ae-contractive"):
        return Reference("its plain twin `ae-conv-64`", own("ae-conv-64"))
    if name == "vq-vae":
        return Reference("`pca-16`, 512 bits too at 32 bits a number", own("pca-16"))
    if name == "dae-mask":
        return Reference("holes filled from around", [result["masked"]["filled"]], 1)
    if name == "conditional":
        specialists = [_at(f"dae-{level}", (sigma,), result)[0] for level, sigma in DAE_SIGMAS.items()]
        return Reference("the five specialists", specialists, 1.1)
    if info.group in (AUTOENCODERS["blind"].group, AUTOENCODERS["unet-noskip"].group):
        return Reference("its twin `conditional`", _at("conditional", levels(name), result))
    bar = 1 if info.group == AUTOENCODERS["dae-100"].group else None
    return Reference("Wiener filter", _at("Wiener", levels(name), result), bar)


def table(result: dict) -> str:
    """Return the whole table; autoencoders that were not evaluated are not in it."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for name, about in result["members"].items():
        found, peer = errors(name, result), reference(name, result)
        ratios = [f / of for f, of in zip(found, peer.figures, strict=True)]
        cells = [
            f"`{name}`", f"{about['parameters']:,}", f"{about['training']['images_seen']:,}",
            corruption(AUTOENCODERS[name], levels(name)), _numbers(found), peer.what, _numbers(peer.figures),
            " ".join("0" if ratio < 0.005 else f"{ratio:.2f}" for ratio in ratios),
            _verdict(peer.max_ratio, max(ratios)),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _verdict(max_ratio: float | None, ratio: float) -> str:
    if max_ratio is None:
        return "–"
    return f"{max_ratio:g}, {'held' if ratio <= max_ratio else '**missed**'}"


def corruption(info: AutoencoderInfo, sigmas: tuple[float, ...]) -> str:
    """Return what was done to the pictures, in words."""
    if info.mask:
        return f"{info.mask:.0%} masked".replace("%", " %")
    return "none" if sigmas == (0.0,) else f"σ {' '.join(f'{sigma:g}' for sigma in sigmas)}"


def _at(name: str, sigmas: tuple[float, ...], result: dict) -> list[float]:
    return [result["mse"][name][result["sigmas"].index(sigma)] for sigma in sigmas]


def _numbers(values: list[float]) -> str:
    return " ".join(f"{value:.1e}" if value < 1e-4 else f"{value:.4f}".removeprefix("0") for value in values)


def main(path: Path = EVALUATION) -> int:
    """Print the table; return 2, after one line, where there is no evaluation."""
    try:
        result = json.loads(path.read_text())
    except (OSError, ValueError):
        print("explorer.evaluate.autoencoder_table: there is no readable evaluation.", file=sys.stderr)
        return 2
    print(table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
