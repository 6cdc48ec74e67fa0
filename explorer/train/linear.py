"""The linear autoencoders and the exact solution that they are held against, from the pixels' covariance.

The linear autoencoder is trained from a random start by alternating least squares: the best encoder E for the decoder
D, then the best decoder for that encoder, with C the covariance of the pictures,

    E = (D^T D)^-1 D^T          D = C E^T (E C E^T)^-1

Each half lowers the error tr((I - DE) C (I - DE)^T), and no eigenvector is ever computed (Roweis 1998 has the same
iteration as the noiseless limit of expectation maximisation). What it ends at is what Baldi & Hornik 1989 predict. The
identity is the case k = d: one round is enough, which is why it is trivial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from explorer.train.crops import CropSource

CHUNK_PICTURES = 1024
MIN_RELATIVE_FALL = 1e-4  # of the error in one round; below, the iteration ends
MAX_ROUNDS = 200
RIDGE = 1e-11  # share of the mean variance that is added to every eigenvalue


def moments(source: CropSource, rows: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Return mean (d,) and covariance (d, d), float64, of rows(x) (n, d) over all pictures x and their mirror images.

    The source's pictures have the crop's own size, so that each of them is one run of pixels.
    """
    pictures = source.pixels.view(-1, source.size, source.size, 3).movedim(3, 1)
    count, total, products = 0, torch.zeros(()), torch.zeros(())
    for chunk in pictures.split(CHUNK_PICTURES):
        x = chunk.float() / 127.5 - 1
        for view in (rows(x), rows(x.flip(-1))):
            count, total = count + len(view), total + view.double().sum(0)
            products = products + (view.T @ view).double()
    mean = total / count
    return mean, products / count - mean.outer(mean)


def alternate(covariance: Tensor, k: int, seed: int) -> Iterator[tuple[Tensor, Tensor, float]]:
    """Yield encoder (k, d), decoder (d, k) and mean squared error per value after every round, until it stands still.

    covariance: (d, d) float64. k: numbers in the code.
    """
    d = len(covariance)
    generator = torch.Generator().manual_seed(seed)
    decoder = torch.randn(d, k, generator=generator, dtype=covariance.dtype) * d**-0.5
    floor = RIDGE * covariance.trace() / d  # bounds the inverse in directions that no picture varies in
    last = float("inf")
    for _ in range(MAX_ROUNDS):
        encoder = torch.linalg.solve(decoder.T @ decoder, decoder.T)
        products = covariance @ encoder.T  # (d, k)
        inner = encoder @ products + floor * torch.eye(k, dtype=covariance.dtype)
        decoder = torch.linalg.solve(inner, products.T).T
        error = float((covariance.trace() - (decoder * products).sum()) / d)
        yield encoder, decoder, error
        if error > last * (1 - MIN_RELATIVE_FALL):
            return
        last = error


def principal_components(covariance: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return all eigenvalues (d,), falling, and the first `count` eigenvectors as rows (count, d)."""
    values, vectors = torch.linalg.eigh(covariance)
    return values.flip(0), vectors.flip(1)[:, :count].T.contiguous()


def least_error(eigenvalues: Tensor, k: int) -> float:
    """Return the error per value of the best linear code of k numbers: the other eigenvalues' sum over their count."""
    return float(eigenvalues[k:].sum() / len(eigenvalues))
