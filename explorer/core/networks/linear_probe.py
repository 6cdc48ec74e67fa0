"""Linear probe: accuracy of a linear classifier on the codes of an encoder (Alain & Bengio 2016)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy import stats
from torch import Tensor
from torch.nn import functional as F

WEIGHT_DECAY = 1e-3  # factor of the squared coefficients in the loss
MAX_ITERATIONS = 200  # of L-BFGS
BATCH_PICTURES = 512


@dataclass(frozen=True)
class ProbePictures:
    """Pictures (N, 3, 32, 32), data units, each set with its classes (N,) int64."""

    fit: tuple[Tensor, Tensor]  # to train the probe on
    judge: tuple[Tensor, Tensor]  # to measure its accuracy on


@torch.no_grad()
def encode_all(encode: Callable[[Tensor], Tensor], pictures: Tensor) -> Tensor:
    """Return the codes (N, k) of pictures (N, 3, 32, 32), encoded BATCH_PICTURES at a time."""
    return torch.cat([encode(rows) for rows in pictures.split(BATCH_PICTURES)])


def probe_accuracy(encode: Callable[[Tensor], Tensor], pictures: ProbePictures) -> float:
    """Return the mean over the classes of the accuracy of logistic regression on standardised codes."""
    x, classes = encode_all(encode, pictures.fit[0]), pictures.fit[1]
    mean, std = x.mean(0), x.std(0) + 1e-6
    count = int(classes.max()) + 1
    matrix = torch.zeros(count, x.shape[1] + 1, requires_grad=True)
    x = F.pad((x - mean) / std, (0, 1), value=1.0)
    optimizer = torch.optim.LBFGS([matrix], max_iter=MAX_ITERATIONS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(x @ matrix.T, classes) + WEIGHT_DECAY * matrix.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    test, truth = encode_all(encode, pictures.judge[0]), pictures.judge[1]
    predicted = (F.pad((test - mean) / std, (0, 1), value=1.0) @ matrix.detach().T).argmax(1)
    accuracies = [(predicted[truth == c] == c).double().mean() for c in range(count) if (truth == c).any()]
    return float(torch.stack(accuracies).mean())


def confidence_interval(differences: list[float]) -> tuple[float, float]:
    """Return the 95 % confidence interval of the mean of n >= 2 independent differences (Student's t)."""
    values = np.array(differences)
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return float(values.mean() - half), float(values.mean() + half)
