"""How far two sets of pictures are apart: in spectrum, in feature space, and picture by picture."""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.core.spectra.radial import octave_means, rapsd

CHUNK_PICTURES = 1024


def octave_decibels(samples: Tensor, real: Tensor) -> list[float]:
    """Return the mean power of samples (N, C, H, W) over that of real ones in each octave, dB, lowest octave first.

    Powers are averaged over pictures and channels before the logarithm.
    """
    h, w = real.shape[-2:]
    means = (octave_means(rapsd(x).double().mean((0, 1)).numpy(), h, w) for x in (samples, real))
    ours, theirs = (torch.from_numpy(m) for m in means)
    return (10 * torch.log10(ours / theirs)).tolist()


def frechet(a: Tensor, b: Tensor) -> float:
    """Return the Fréchet distance of the Gaussians fitted to features a (N, D) and b (M, D):

        |mean_a - mean_b|^2 + tr(A + B - 2 (A B)^(1/2)),   A and B the covariances

    Dowson & Landau 1982; Heusel et al. 2017 use it with features of another network. Few pictures make it larger, so
    compare only figures for the same numbers of pictures.
    """
    a, b = a.double(), b.double()
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    # the eigenvalues of A B, which are those of A^(1/2) B A^(1/2), are real and not negative, short of rounding
    root = torch.linalg.eigvals(cov_a @ cov_b).real.clamp_min(0).sqrt().sum()
    shift = (a.mean(0) - b.mean(0)).square().sum()
    return float(shift + cov_a.trace() + cov_b.trace() - 2 * root)


def halves(features: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Return two sets of equally many rows; rows whose classes come in turn give two equal mixes."""
    each = len(features) // 2 // classes * classes
    return features[:each], features[each : 2 * each]


def nearest(queries: Tensor, pictures: Tensor) -> Tensor:
    """Return the RMS difference per value of each query (N, C, H, W) to the nearest picture or mirror image, (N,)."""
    flat = queries.flatten(1)
    best, which = torch.full((len(flat),), torch.inf), torch.zeros(len(flat), dtype=torch.long)
    for start in range(0, len(pictures), CHUNK_PICTURES):
        chunk = pictures[start : start + CHUNK_PICTURES]
        for i, view in enumerate((chunk, chunk.flip(-1))):
            known = view.flatten(1)
            # |q - p|^2 without |q|^2, which no comparison needs; a chosen pair is measured again below, exactly
            value, row = (known.square().sum(1) - 2 * flat @ known.T).min(1)
            which = torch.where(value < best, 2 * (start + row) + i, which)
            best = torch.minimum(value, best)
    found = pictures[which // 2]
    found = torch.where((which % 2 == 1)[:, None, None, None], found.flip(-1), found)
    return (queries - found).square().mean((1, 2, 3)).sqrt()


def diversity(features: Tensor, label: Tensor) -> float:
    """Return the mean distance between the features (N, D) of two pictures of one class, averaged over classes."""
    groups = [features[label == c].double() for c in label.unique()]
    return float(torch.stack([torch.pdist(g).mean() for g in groups if len(g) > 1]).mean())
