"""The linear autoencoders and the exact solution that they are held against, from the pixels' covariance.

The linear autoencoder is trained from a random start by alternating least squares: the best encoder E for the decoder
D, then the best decoder for that encoder, with C the covariance of the pictures,

    E = (D^T D)^-1 D^T          D = C E^T (E C E^T)^-1

Each half lowers the error tr((I - DE) C (I - DE)^T), and no eigenvector is ever computed (Roweis 1998 has the same
iteration as the noiseless limit of expectation maximisation). What it ends at is what Baldi & Hornik 1989 predict.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from explorer.core.autoencoders import VALUES
from explorer.train.crops import CropSource

CHUNK = 1024
TOLERANCE = 1e-4  # of the relative fall of the error in one round
ROUNDS = 200


def moments(source: CropSource) -> tuple[Tensor, Tensor, int]:
    """Mean (3072,) and covariance (3072, 3072), float64, of all pictures and their mirror images, and their number.

    The source's pictures have the crop's own size, so that each of them is one run of pixels.
    """
    pictures = source.pixels.view(-1, source.size, source.size, 3).movedim(3, 1)
    total, products = torch.zeros(VALUES, dtype=torch.float64), torch.zeros(VALUES, VALUES, dtype=torch.float64)
    for rows in pictures.split(CHUNK):
        x = (rows.float() / 127.5 - 1).flatten(1)
        total += x.double().sum(0)
        products += (x.T @ x).double()
    mirror = torch.arange(VALUES).view(3, source.size, source.size).flip(-1).flatten()
    mean = (total + total[mirror]) / (2 * len(pictures))
    products = (products + products[mirror][:, mirror]) / (2 * len(pictures))
    return mean, products - mean.outer(mean), len(pictures)


def alternate(covariance: Tensor, k: int, seed: int) -> Iterator[tuple[Tensor, Tensor, float]]:
    """Encoder (k, d), decoder (d, k) and mean squared error per value after every round, until it stands still."""
    d = len(covariance)
    generator = torch.Generator().manual_seed(seed)
    decoder = torch.randn(d, k, generator=generator, dtype=covariance.dtype) * d**-0.5
    last = float("inf")
    for _ in range(ROUNDS):
        encoder = torch.linalg.solve(decoder.T @ decoder, decoder.T)
        products = covariance @ encoder.T  # (d, k)
        decoder = torch.linalg.solve(encoder @ products, products.T).T
        error = float((covariance.trace() - (decoder * products).sum()) / d)
        yield encoder, decoder, error
        if error > last * (1 - TOLERANCE):
            return
        last = error


def principal_components(covariance: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """All eigenvalues (d,), falling, and the first `count` eigenvectors as rows (count, d)."""
    values, vectors = torch.linalg.eigh(covariance)
    return values.flip(0), vectors.flip(1)[:, :count].T.contiguous()


def least_error(eigenvalues: Tensor, k: int) -> float:
    """Error per value of the best linear code of k numbers: the sum of the other eigenvalues (d,), over d."""
    return float(eigenvalues[k:].sum() / len(eigenvalues))
