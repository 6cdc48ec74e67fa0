"""Generation: samples of every class in equal numbers against held-out pictures in the same mix."""

from __future__ import annotations

import torch
from torch import Tensor
from tqdm import tqdm

from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.guidance import class_guided
from explorer.core.networks.classifier import Classifier
from explorer.core.noise import white_batch
from explorer.core.samplers.registry import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.datasets import CLASSES
from explorer.evaluate.distances import diversity, frechet, halves, nearest, octave_decibels
from explorer.evaluate.pictures import SIZE, equal_mix

BATCH_PICTURES = 32


@torch.inference_mode()
def draw(
    denoiser: Denoiser, label: Tensor, steps: int, guidance: float = 1.0, seed: int = 0, size: int = SIZE
) -> Tensor:
    """Return a sample (N, 3, size, size) for each label (N,): Heun's method on the Karras grid, noise keyed by index.

    guidance: weight of the class against 'any', 1 for none.
    """
    sigmas = SCHEDULES["karras"].sigmas(steps)
    samples = []
    with tqdm(total=len(label), desc="samples", unit="img") as bar:
        for rows in torch.arange(len(label)).split(BATCH_PICTURES):
            x = white_batch((3, size, size), seed, "sample", rows.tolist()) * sigmas[0]
            *_, last = SAMPLERS["heun"](class_guided(denoiser, label[rows], guidance, len(CLASSES)), x, sigmas)
            samples.append(last.x)
            bar.update(len(rows))
    return torch.cat(samples)


@torch.inference_mode()
def classify(classifier: Classifier, x0: Tensor) -> tuple[Tensor, Tensor]:
    """Return features (N, D) and predicted classes (N,) of pictures (N, 3, H, W)."""
    parts = [(classifier.features(rows), classifier(rows).argmax(1)) for rows in x0.clamp(-1, 1).split(64)]
    features, guesses = zip(*parts, strict=True)
    return torch.cat(features), torch.cat(guesses)


def compare(
    samples: Tensor, label: Tensor, real: Tensor, real_label: Tensor, training: Tensor, classifier: Classifier | None
) -> dict:
    """Return all figures of samples (N, 3, H, W) and of real pictures, both in an equal mix, classes in turn.

    Without a classifier there is no Fréchet distance, accuracy or diversity.
    """
    result = {
        "samples": len(samples),
        "real": len(real),
        "octaves_db": octave_decibels(samples, real),
        "nearest": {
            name: _quantiles(nearest(x0.clamp(-1, 1), training))
            for name, x0 in tqdm({"samples": samples, "held out": real}.items(), desc="nearest training picture")
        },
    }
    if classifier is not None:
        result |= _classifier_figures(samples, label, real, real_label, classifier)
    return result


def _classifier_figures(
    samples: Tensor, label: Tensor, real: Tensor, real_label: Tensor, classifier: Classifier
) -> dict:
    ours, guesses = classify(classifier, samples)
    theirs, real_guesses = classify(classifier, real)
    pairs = list(zip(halves(ours[: len(theirs)], len(CLASSES)), halves(theirs, len(CLASSES)), strict=True))
    return {
        "frechet": {
            "samples": frechet(ours, theirs),
            "samples, half": sum(frechet(a, b) for a, b in pairs) / 2,
            "real halves": frechet(pairs[0][1], pairs[1][1]),
            "half": len(pairs[0][1]),
        },
        "accuracy": {"samples": _share(guesses, label), "held out": _share(real_guesses, real_label)},
        "accuracy_per_class": {
            name: [_share(g[at == c], at[at == c]) for g, at in ((guesses, label), (real_guesses, real_label))]
            for c, name in enumerate(CLASSES)
        },
        "diversity": {"samples": diversity(ours, label), "held out": diversity(theirs, real_label)},
    }


def _share(guesses: Tensor, label: Tensor) -> float:
    return float((guesses == label).double().mean())


def _quantiles(distances: Tensor) -> dict[str, float]:
    return {"median": float(distances.median()), "5th percentile": float(distances.quantile(0.05))}


def generation(
    denoiser: Denoiser,
    held_out: tuple[Tensor, Tensor],
    training: Tensor,
    classifier: Classifier | None,
    count: int,
    steps: int,
    guidance: float = 1.0,
) -> dict:
    """Draw about `count` samples, a multiple of twice the number of classes, and compare them."""
    count = max(2, round(count / len(CLASSES) / 2) * 2) * len(CLASSES)
    label = torch.arange(count) % len(CLASSES)
    rows = equal_mix(held_out[1], len(CLASSES), count)
    samples = draw(denoiser, label, steps, guidance)
    figures = compare(samples, label, held_out[0][rows], held_out[1][rows], training, classifier)
    calls = (2 * steps - 1) * (1 if guidance in (0, 1) else 2)
    return {"steps": steps, "calls": calls, "sampler": "heun, karras", "guidance": guidance, **figures}
