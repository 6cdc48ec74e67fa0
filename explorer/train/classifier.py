"""The classifier that the evaluation judges samples with: trained on the scene classes and the cat faces, at 64x64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from explorer import datasets, weights
from explorer.core.networks.classifier import Classifier, ClassifierConfig
from explorer.datasets import CLASSES, at_size
from explorer.train.export import PROVENANCE

SIZE = 64  # side of the pictures, pixels
BATCH, EPOCHS, LEARNING_RATE = 64, 8, 2e-3
MAX_SHIFT_PIXELS = 6  # by which a training picture may move


def labelled(root: Path) -> tuple[Tensor, Tensor]:
    """Return the training pictures uint8 (N, 3, 64, 64) with their classes (N,). Raises DataRefused."""
    parts = (datasets.scenes(root, "train"), datasets.cat_faces(root, "train"))
    pictures = np.stack([at_size(p, SIZE) for part in parts for p in part.pictures]).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(pictures)), torch.from_numpy(np.concatenate([p.labels for p in parts]))


def augment(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures uint8 (B, 3, H, W) in data units, each mirrored or not, moved, and brighter or darker."""
    x = pictures.float().div_(127.5).sub_(1)
    mirrored = torch.rand(len(x), generator=generator) < 0.5
    x = torch.where(mirrored[:, None, None, None], x.flip(-1), x)
    gain, offset = 1 + 0.2 * torch.randn(2, len(x), 1, 1, 1, generator=generator)
    x = F.pad(x * gain + (offset - 1), [MAX_SHIFT_PIXELS] * 4, mode="reflect")
    rows, columns = torch.randint(2 * MAX_SHIFT_PIXELS + 1, (2, len(x), 1), generator=generator)
    side = torch.arange(pictures.shape[-1])
    index = torch.arange(len(x))[:, None, None]
    moved = x.permute(0, 2, 3, 1)[index, (rows + side)[:, :, None], (columns + side)[:, None, :]]
    return moved.permute(0, 3, 1, 2)  # a view in channels_last


def fit(net: Classifier, pictures: Tensor, classes: Tensor, epochs: int, seed: int = 0) -> None:
    """Train in place: AdamW, one cycle of the learning rate, label smoothing, products in bfloat16.

    pictures uint8 (N, 3, 64, 64), classes (N,) int64.
    """
    net.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    generator = torch.Generator().manual_seed(seed)
    steps = epochs * (len(pictures) // BATCH or 1)
    optimizer = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE, weight_decay=0.05)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.2)
    order = torch.cat([torch.randperm(len(pictures), generator=generator) for _ in range(epochs + 1)])
    for step in tqdm(range(steps), unit="step", mininterval=2):
        rows = order[step * BATCH : (step + 1) * BATCH]
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(augment(pictures[rows], generator))
        loss = F.cross_entropy(logits.float(), classes[rows], label_smoothing=0.05)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        cycle.step()
    net.eval().requires_grad_(False)


@torch.inference_mode()
def accuracy(net: Classifier, x0: Tensor, classes: Tensor) -> float:
    """Return the share of pictures (N, 3, H, W), data units, that are given their own class."""
    guesses = torch.cat([net(rows).argmax(1) for rows in x0.split(64)])
    return float((guesses == classes).double().mean())


def fit_classifier(root: Path, folder: Path, epochs: int = EPOCHS, channels: int = 32) -> Path:
    """Write classifier.safetensors and its card, with its accuracy on `val`; return the path. Raises DataRefused."""
    pictures, classes = labelled(root)
    x0, held_out = (torch.from_numpy(a) for a in datasets.held_out(root, SIZE))
    torch.manual_seed(0)
    net = Classifier(ClassifierConfig(channels=channels, classes=len(CLASSES)))
    fit(net, pictures, classes, epochs)
    scenes = held_out != CLASSES.index("cat face")
    fields = {
        "kind": "classifier",
        "purpose": "judge of samples: the class of a clean picture, and features to compare sets of pictures with",
        "architecture": net.config.to_json(),
        "data_range": [-1, 1],
        "classes": list(CLASSES),
        "training": {
            "images_seen": epochs * (len(pictures) // BATCH or 1) * BATCH,
            "size": SIZE,
            "recipe": {
                "epochs": epochs,
                "batch": BATCH,
                "learning_rate": LEARNING_RATE,
                "shift": MAX_SHIFT_PIXELS,
                "seed": 0,
            },
            "accuracy_on_held_out": accuracy(net, x0, held_out),
            "accuracy_on_held_out_scenes": accuracy(net, x0[scenes], held_out[scenes]),
        },
        "provenance": PROVENANCE[:2],
    }
    return weights.save(folder, "classifier", net.state_dict(), fields, torch.float16)
