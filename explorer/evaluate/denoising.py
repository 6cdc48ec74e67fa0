"""Denoising: mean squared error in data units, and PSNR on the classical test pictures.

    PSNR = 10 log10(4 / MSE)     data range -1 to 1, estimates clipped to it, mean over pictures of each one's PSNR

Noise of s grey levels of 255 is sigma = 2 s / 255. It is keyed by picture, so that everyone sees the same, and is
independent in the three channels, also of grey pictures: figures for those are not the published ones of grey noise.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from tqdm import tqdm

from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.wiener import Ideal
from explorer.core.noise import white, white_batch
from explorer.evaluate.pictures import spaced

BATCH_PICTURES = 32  # of 64x64
NOISE_GREY_LEVELS = (15, 25, 50)  # standard deviations of the PSNR table, of 255


def mean_squared_errors(denoiser: Denoiser, x0: Tensor, sigmas: tuple[float, ...], label: Tensor | None) -> list[float]:
    """Return the MSE of the denoiser at each sigma on x0 (N, 3, H, W); picture i has the same noise at every sigma."""
    eps = white_batch(x0.shape[1:], seed=0, role="evaluate", indices=range(len(x0)))
    errors = []
    for sigma in sigmas:
        total = 0.0
        for rows in torch.arange(len(x0)).split(BATCH_PICTURES):
            estimate = denoiser(x0[rows] + sigma * eps[rows], sigma, None if label is None else label[rows])
            total += float((estimate - x0[rows]).double().square().mean((1, 2, 3)).sum())
        errors.append(total / len(x0))
    return errors


def psnr(estimate: Tensor, x0: Tensor) -> Tensor:
    """Return the PSNR in dB of each picture, (N, 3, H, W) -> (N,) float64; at most 120 dB, for an exact estimate."""
    error = (estimate.clamp(-1, 1) - x0).double().square().mean((1, 2, 3))
    return 10 * torch.log10(4 / error.clamp_min(4e-12))


def batches(pictures: list[Tensor]) -> Iterator[list[int]]:
    """Yield indices of pictures of one shape, at most as many pixels as BATCH_PICTURES of 64x64 have."""
    shapes: dict[torch.Size, list[int]] = {}
    for i, picture in enumerate(pictures):
        shapes.setdefault(picture.shape, []).append(i)
    for shape, indices in shapes.items():
        count = max(1, BATCH_PICTURES * 64 * 64 // (shape[-1] * shape[-2]))
        yield from (indices[i : i + count] for i in range(0, len(indices), count))


def decibels(denoiser: Denoiser, pictures: list[Tensor], sigma: float, chosen: list[int] | None = None) -> list[float]:
    """Return the PSNR in dB of each of the chosen pictures (3, H, W), default all; the noise goes with the picture."""
    chosen = list(range(len(pictures))) if chosen is None else chosen
    found = dict.fromkeys(chosen, 0.0)
    for some in batches([pictures[i] for i in chosen]):
        indices = [chosen[i] for i in some]
        x0 = torch.stack([pictures[i] for i in indices])
        eps = torch.stack([white(pictures[i].shape, seed=0, role="evaluate", index=i) for i in indices])
        found.update(zip(indices, psnr(denoiser(x0 + sigma * eps, sigma), x0).tolist(), strict=True))
    return list(found.values())


def psnr_table(
    sets: dict[str, list[Tensor]], contenders: dict[str, Denoiser], bm3d: Denoiser | None, limit: int
) -> list[dict]:
    """Return a row per set and noise: mean dB of each contender, and of all on the pictures that BM3D was run on.

    The ideal denoiser has no figure where its set has pictures of another size; BM3D runs on `limit` pictures a set.
    """
    rows = []
    units = [(title, noise) for title in sets for noise in NOISE_GREY_LEVELS]
    for title, noise in (bar := tqdm(units, desc="PSNR", unit="row")):
        bar.set_postfix_str(f"{title}, noise {noise}")
        pictures, sigma = sets[title], 2 * noise / 255
        known = {
            name: decibels(denoiser, pictures, sigma)
            for name, denoiser in contenders.items()
            if not isinstance(denoiser, Ideal) or all(p.shape == denoiser.images.shape[1:] for p in pictures)
        }
        row = {"set": title, "noise": noise, "pictures": len(pictures), "db": {k: _mean(v) for k, v in known.items()}}
        if bm3d is not None:
            chosen = spaced(len(pictures), limit)
            same = {name: _mean([values[i] for i in chosen]) for name, values in known.items()}
            same["BM3D"] = _mean(decibels(bm3d, pictures, sigma, chosen))
            row["compared"] = {"pictures": len(chosen), "db": same}
        rows.append(row)
    return rows


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
