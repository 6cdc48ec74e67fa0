"""What is measured of the family: errors, spectra of errors, codes. Pictures are 32x32, noise is keyed by picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer import datasets
from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.wiener import Wiener
from explorer.core.networks.autoencoder import SIZE, Autoencoder
from explorer.core.networks.autoencoder_conv import Variational, VectorQuantised, jacobian_norm, token_entropy_bits
from explorer.core.networks.autoencoder_dense import Dense
from explorer.core.noise import generator, white_batch
from explorer.core.spectra.annuli import counts, wavenumbers
from explorer.core.spectra.octaves import decided_size
from explorer.core.spectra.radial import rapsd
from explorer.core.spectra.scales import octave_means

BATCH = 64
MASK_SEED = 0
JACOBIANS = 32  # pictures at which whole Jacobians are computed


def noised(x0: Tensor, sigma: float) -> Tensor:
    """x0 + sigma eps, (N, 3, 32, 32); picture i has the same eps at every level."""
    return x0 + sigma * white_batch(x0.shape[1:], seed=0, role="evaluate", indices=range(len(x0)))


def masked(x0: Tensor, rate: float) -> Tensor:
    """x0 with a share `rate` of its pixels set to 0 in all colours, keyed by picture."""
    rows = [generator(MASK_SEED, "mask", i).random((1, *x0.shape[2:])) >= rate for i in range(len(x0))]
    return x0 * torch.from_numpy(np.stack(rows))


@torch.inference_mode()
def estimates(member: Denoiser, x: Tensor, sigma: float) -> Tensor:
    """The member's output for many pictures (N, 3, 32, 32)."""
    return torch.cat([member(rows, sigma) for rows in x.split(BATCH)])


def mse(estimate: Tensor, x0: Tensor) -> float:
    """Mean squared error over pictures and values."""
    return float((estimate - x0).double().square().mean())


def octave_errors(estimate: Tensor, x0: Tensor) -> list[float]:
    """Mean power of the error in each octave, coarsest first."""
    power = rapsd((estimate - x0).double()).mean((0, 1)).numpy()
    return octave_means(power, SIZE, SIZE).tolist()


def half_power_frequency(estimate: Tensor, x0: Tensor) -> float:
    """Cycles/pixel up to which, on average over pictures, at least half of the power is reproduced; 0 for none."""
    clean = np.array(octave_errors(torch.zeros_like(x0), x0))
    return 0.5 / decided_size(1 - np.array(octave_errors(estimate, x0)) / clean, SIZE, SIZE)


def wiener_of_training(root: Path) -> Wiener:
    """The Wiener filter of the family's training pictures. Raises DataRefused."""
    parts = (datasets.scenes(root, "train"), datasets.cat_faces(root, "train"))
    pictures = np.stack([datasets.at_size(p, SIZE) for part in parts for p in part.pictures])
    x0 = torch.from_numpy(pictures).movedim(3, 1).float() / 127.5 - 1
    mean = x0.double().mean((0, 2, 3))
    power = torch.stack([rapsd(rows - mean[:, None, None].float()).double().sum(0) for rows in x0.split(1024)]).sum(0)
    return Wiener(power.numpy() / len(x0), mean.numpy())


def contraction(member: Autoencoder, x0: Tensor) -> dict[str, float]:
    """Mean ||J||_F of the encoder, and variance of a number of the code: 1 but for what `val` differs by."""
    with torch.no_grad():
        variance = float(member.encode(x0).double().var(0).mean())
    return {"norm": float(jacobian_norm(member, x0[:JACOBIANS]).mean()), "code_variance": variance}


@torch.inference_mode()
def variational(member: Variational, x0: Tensor) -> dict[str, float]:
    """Nats in the code, numbers of it in use (more than 0.01 nat), and the error with a code drawn, not its mean."""
    kl = member.kl(x0).double().mean(0)
    eps = white_batch((member.config.code,), seed=0, role="posterior", indices=range(len(x0)))
    drawn = mse(member.decode(member.draw(x0, eps)), x0)
    return {"kl_nats": float(kl.sum()), "used": int((kl > 0.01).sum()), "mse_drawn": drawn}


@torch.inference_mode()
def quantised(member: VectorQuantised, x0: Tensor) -> dict[str, float]:
    """Bits per picture by the count of entries and by how often they are used, and entries in use."""
    tokens = member.tokens(x0)
    used = token_entropy_bits(tokens, member.config.entries)
    return {"bits": member.bits, "used_bits": used, "entries_used": int(tokens.unique().numel())}


@torch.inference_mode()
def centroids(member: Dense, x0: Tensor) -> list[float]:
    """Mean frequency of the filters of each part, cycles/pixel, DC left out; weights: their power times E[z^2] on x0.

    A unit that never answers keeps the white noise that it began with, and so has no say.
    """
    k, bins = wavenumbers(SIZE, SIZE)[1:], counts(SIZE, SIZE)[1:]
    power = rapsd(member.filters.unflatten(1, (3, SIZE, SIZE))).double().mean(1).numpy()[:, 1:] * bins  # (units, R - 1)
    answers = member.hidden(x0).double().square().mean(0).numpy()  # (units,)
    return [float(answers[p] @ power[p] @ k / (answers[p] @ power[p].sum(1))) for p in member.parts]


def filled_holes(x: Tensor) -> Tensor:
    """Masked pictures (N, 3, 32, 32), their holes filled by the mean of the pixels around, Gaussian of 1 pixel."""
    known = (x != 0).any(1, keepdim=True).float()
    side = torch.exp(-torch.arange(-3.0, 4.0).square() / 2)
    kernel = side.outer(side)[None, None]
    blurred = F.conv2d(x.flatten(0, 1)[:, None], kernel, padding=3).view_as(x)
    return torch.where(known.bool(), x, blurred / F.conv2d(known, kernel, padding=3).clamp_min(1e-6))
