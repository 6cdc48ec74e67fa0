"""A trained model -> weight file and card, with the provenance of the data stated plainly."""

from __future__ import annotations

from pathlib import Path

import torch

from explorer import weights
from explorer.core.denoisers.preconditioning import Preconditioned
from explorer.datasets import CLASSES
from explorer.train.recipes import Recipe

PROVENANCE = [
    {
        "data": "natural scenes, 100x100, 9,798 pictures",
        "source": "10,899-image subset of the 'Intel image classification' scenes (Intel, Analytics Vidhya challenge)",
        "licence": "none stated",
    },
    {
        "data": "aligned cat faces, 64x64, 8,527 pictures",
        "source": "Kaggle 'cats-faces-64x64-for-generative-models', deduplicated; probably from the 2008 CAT dataset",
        "licence": "none stated",
    },
    {
        "data": "BSDS500 train and test photographs, 481x321, 400 pictures",
        "source": "Berkeley Segmentation Dataset",
        "licence": "customary research use",
    },
    {
        "data": "Debian wallpapers, up to 1280 pixels, 38 pictures",
        "source": "packages lomiri-wallpapers-16.04 and -20.04, mate-backgrounds, plasma-workspace-wallpapers",
        "licence": "CC-BY-4.0, CC-BY-SA-4.0, CC0, CC-BY-SA-3.0, GPL-2+ as each package's debian/copyright says",
    },
]


def export(folder: Path, name: str, denoiser: Preconditioned, recipe: Recipe, seen: int) -> Path:
    """Write the averaged weights in half precision with their card; return the path of the weight file."""
    fields = {
        "kind": "unet" if recipe.reduction == 1 else weights.UNET_LEVEL,
        "purpose": "estimate of the clean picture from a noisy one, at any noise level: D(x, sigma, label)",
        **({"reduction": recipe.reduction} if recipe.reduction > 1 else {}),
        "architecture": recipe.architecture.to_json(),
        "sigma_data": recipe.sigma_data,
        "data_range": [-1, 1],
        "classes": [*CLASSES, "any"],
        "training": {"images_seen": seen, "averaged_weights": True, "recipe": recipe.to_json()},
        "provenance": PROVENANCE,
    }
    return weights.save(folder, name, denoiser.net.state_dict(), fields, torch.float16)
