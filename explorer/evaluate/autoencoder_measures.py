"""What is measured of the autoencoders: errors, their spectra, codes. Pictures are 32x32, noise is keyed by picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer import datasets
from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.wiener import Wiener
from explorer.core.networks.autoencoder import SIDE, Autoencoder
from explorer.core.networks.autoencoder_conv import Variational, VectorQuantised, jacobian_norm, token_entropy_bits
from explorer.core.networks.autoencoder_dense import Dense
from explorer.core.noise import generator, white_batch
from explorer.core.spectra.annuli import counts, wavenumbers
from explorer.core.spectra.octaves import decided_size
from explorer.core.spectra.radial import rapsd
from explorer.core.spectra.scales import octave_means

BATCH_PICTURES = 64
MASK_SEED = 0
JACOBIAN_PICTURES = 32  # at which whole Jacobians are computed
MIN_NATS_IN_USE = 0.01  # of a number of the variational code that counts as used


def noised(x0: Tensor, sigma: float) -> Tensor:
    """Return x0 + sigma eps, (N, 3, 32, 32); picture i has the same eps at every level."""
    return x0 + sigma * white_batch(x0.shape[1:], seed=0, role="evaluate", indices=range(len(x0)))


def masked(x0: Tensor, rate: float) -> Tensor:
    """Return x0 (N, 3, H, W) with a share `rate` of its pixels set to 0 in all colours, keyed by picture."""
    rows = [generator(MASK_SEED, "mask", i).random((1, *x0.shape[2:])) >= rate for i in range(len(x0))]
    return x0 * torch.from_numpy(np.stack(rows))


@torch.inference_mode()
def estimates(network: Denoiser, x: Tensor, sigma: float) -> Tensor:
    """Return a denoiser's output for many pictures (N, 3, 32, 32), all at one sigma."""
    return torch.cat([network(rows, sigma) for rows in x.split(BATCH_PICTURES)])


def mse(estimate: Tensor, x0: Tensor) -> float:
    """Return the mean squared error over pictures and values, data units squared."""
    return float((estimate - x0).double().square().mean())


def octave_errors(estimate: Tensor, x0: Tensor) -> list[float]:
    """Return the mean power of the error in each octave, coarsest first, data units squared."""
    power = rapsd((estimate - x0).double()).mean((0, 1)).numpy()
    return octave_means(power, SIDE, SIDE).tolist()


def half_power_frequency(estimate: Tensor, x0: Tensor) -> float:
    """Return the cycles/pixel up to which, on average over pictures, half of the power is reproduced; 0 for none."""
    clean = np.array(octave_errors(torch.zeros_like(x0), x0))
    return 0.5 / decided_size(1 - np.array(octave_errors(estimate, x0)) / clean, SIDE, SIDE)


def wiener_of_training(root: Path) -> Wiener:
    """Return the Wiener filter of the training pictures at 32x32. Raises DataRefused."""
    parts = (datasets.scenes(root, "train"), datasets.cat_faces(root, "train"))
    pictures = np.stack([datasets.at_size(p, SIDE) for part in parts for p in part.pictures])
    x0 = torch.from_numpy(pictures).movedim(3, 1).float() / 127.5 - 1
    mean = x0.double().mean((0, 2, 3))
    power = torch.stack([rapsd(rows - mean[:, None, None].float()).double().sum(0) for rows in x0.split(1024)]).sum(0)
    return Wiener(power.numpy() / len(x0), mean.numpy())


def contraction(network: Autoencoder, x0: Tensor) -> dict[str, float]:
    """Return the mean ||J||_F of the encoder, and the variance of a number of the code: 1 on the training pictures."""
    with torch.no_grad():
        variance = float(network.encode(x0).double().var(0).mean())
    return {"norm": float(jacobian_norm(network, x0[:JACOBIAN_PICTURES]).mean()), "code_variance": variance}


@torch.inference_mode()
def variational(network: Variational, x0: Tensor) -> dict[str, float]:
    """Return the nats in the code, the numbers of it in use, and the error with a code drawn instead of its mean."""
    kl = network.kl(x0).double().mean(0)
    eps = white_batch((network.config.code,), seed=0, role="posterior", indices=range(len(x0)))
    drawn = mse(network.decode(network.draw(x0, eps)), x0)
    return {"kl_nats": float(kl.sum()), "used": int((kl > MIN_NATS_IN_USE).sum()), "mse_drawn": drawn}


@torch.inference_mode()
def quantised(network: VectorQuantised, x0: Tensor) -> dict[str, float]:
    """Return the bits per picture by the count of entries and by how often they are used, and the entries in use."""
    tokens = network.tokens(x0)
    used = token_entropy_bits(tokens, network.config.entries)
    return {"bits": network.bits, "used_bits": used, "entries_used": int(tokens.unique().numel())}


@torch.inference_mode()
def centroids(network: Dense, x0: Tensor) -> list[float]:
    """Return the mean frequency of the filters of each part, cycles/pixel, without DC; weights: power times E[z^2].

    z is the unit's output on x0: one that is always 0 still has the white noise that it was initialised with, and is
    not counted.
    """
    k, bins = wavenumbers(SIDE, SIDE)[1:], counts(SIDE, SIDE)[1:]
    power = rapsd(network.filters.unflatten(1, (3, SIDE, SIDE))).double().mean(1).numpy()  # (units, R)
    power = power[:, 1:] * bins  # (units, R - 1)
    response = network.hidden(x0).double().square().mean(0).numpy()  # (units,)
    return [float(response[p] @ power[p] @ k / (response[p] @ power[p].sum(1))) for p in network.parts]


def filled_holes(x: Tensor) -> Tensor:
    """Return masked pictures (N, 3, 32, 32) with holes filled by a Gaussian mean of the pixels around, std 1 pixel."""
    known = (x != 0).any(1, keepdim=True).float()
    side = torch.exp(-torch.arange(-3.0, 4.0).square() / 2)
    kernel = side.outer(side)[None, None]
    blurred = F.conv2d(x.flatten(0, 1)[:, None], kernel, padding=3).view_as(x)
    return torch.where(known.bool(), x, blurred / F.conv2d(known, kernel, padding=3).clamp_min(1e-6))
