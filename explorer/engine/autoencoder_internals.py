"""Inside the autoencoders: what the codes hold, the residual connection, and what skip connections carry."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from explorer import examples
from explorer.autoencoders import AUTOENCODERS
from explorer.core.denoiser import broadcast_sigma, convert
from explorer.core.noise import white, white_batch
from explorer.core.spectra.radial import rapsd
from explorer.core.spectra.scales import octave_edges, octave_means
from explorer.engine.autoencoder_pool import AutoencoderPool
from explorer.schemas.autoencoder_internals import Codes, SkipCosts, Wiring
from explorer.schemas.autoencoders import SIDE, CorruptedPicture

WIRING_LEVELS = np.geomspace(0.05, 5.0, 17)
FACTORS = 2.0 ** np.arange(-3, 4)  # told level over true level
WIRING_STEPS = len(FACTORS) + 1  # the last one is the blind member's
DIRECTIONS, VALUES, PRIOR = 6, np.linspace(-3, 3, 7), 12
CUT = ("unet-noskip", "unet-bottleneck")
SKIP_LEVELS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
TOGETHER = 64  # pictures in one call


@torch.inference_mode()
def codes(pool: AutoencoderPool, picture: np.ndarray, seed: int) -> Codes:
    """What the variational and the vector-quantised code of a picture (3, 32, 32) hold."""
    x0 = torch.from_numpy(picture)[None]
    available, missing = pool.available(("vae", "vq-vae"))
    nats, chosen, rows = np.zeros(0, np.float32), [], np.zeros((0, len(VALUES), *picture.shape), np.float32)
    prior, tokens, entries, bits = np.zeros((0, *picture.shape), np.float32), np.zeros((0, 0), np.int64), 0, 0.0
    if "vae" in available:
        vae = pool["vae"]
        nats, code = vae.kl(x0)[0].numpy(), vae.encode(x0)
        chosen = np.argsort(-nats)[:DIRECTIONS].tolist()
        rows = np.stack([vae.decode(_moved(code, number)).numpy() for number in chosen])
        prior = vae.decode(white_batch((len(nats),), seed, "prior", range(PRIOR))).numpy()
    if "vq-vae" in available:
        vq = pool["vq-vae"]
        tokens, entries, bits = vq.tokens(x0)[0].numpy(), vq.config.entries, float(vq.bits)
    return Codes(rows, VALUES, tuple(chosen), nats, prior, tokens, entries, bits, missing)


def wiring(pool: AutoencoderPool, given: CorruptedPicture) -> Iterator[Wiring]:
    """The conditional member on the clean picture at rising noise, after each told level; the blind one at last.

    Raises RequestRefused without the conditional one.
    """
    conditional, (_, missing) = pool.denoiser("conditional"), pool.available(("blind",))
    x0, eps = torch.from_numpy(given.picture), white((3, SIDE, SIDE), given.request.seed, "noising")
    sigma = torch.from_numpy(WIRING_LEVELS).float()  # (K,)
    x = x0 + sigma[:, None, None, None] * eps
    told, blind = torch.full((len(sigma), len(FACTORS), *x0.shape), torch.nan), torch.full_like(x, torch.nan)
    round_trip: dict[str, np.ndarray] = {}
    for step in range(WIRING_STEPS):
        if step < len(FACTORS):
            told[:, step] = conditional(x, sigma * float(FACTORS[step]))
        else:
            blind = blind if missing else pool.denoiser("blind")(x, sigma)
            round_trip = _round_trips(told[:, FACTORS.tolist().index(1.0)], x, sigma)
        yield Wiring(
            sigmas=WIRING_LEVELS, factors=FACTORS, picture=x0.numpy(), eps=eps.numpy(), told=told.numpy().copy(),
            blind=blind.numpy(), told_mse=(told - x0).square().mean((2, 3, 4)).numpy(),
            blind_mse=(blind - x0).square().mean((1, 2, 3)).numpy(), round_trip=round_trip, missing=missing,
        )  # fmt: skip


def skip_costs(pool: AutoencoderPool, seed: int) -> Iterator[SkipCosts]:
    """The conditional U-Net beside the same one with its skips cut and with a bottleneck, on the example pictures.

    Yields after every noise level. Raises RequestRefused without the conditional one, or without both others.
    """
    cut, missing = pool.available(CUT)
    whole, others = pool.denoiser("conditional"), [pool.denoiser(name) for name in cut or CUT]
    x0 = torch.from_numpy(examples.views(SIDE))
    clean, edges = _octaves(x0), octave_edges(SIDE, SIDE)
    ratio = np.full((len(cut), len(SKIP_LEVELS)), np.nan)
    lost = np.full((*ratio.shape, len(clean)), np.nan)
    for column, sigma in enumerate(SKIP_LEVELS):
        x = x0 + sigma * white_batch(x0.shape[1:], seed, f"matrix {column}", range(len(x0)))
        errors = [torch.cat([net(some, sigma) for some in x.split(TOGETHER)]) - x0 for net in (whole, *others)]
        mse, power = [float(e.double().square().mean()) for e in errors], [_octaves(e) for e in errors]
        ratio[:, column] = np.array(mse[1:]) / mse[0]
        lost[:, column] = (np.array(power[1:]) - power[0]) / clean
        titles = tuple(AUTOENCODERS[name].title for name in cut)
        yield SkipCosts(titles, np.array(SKIP_LEVELS), edges, ratio.copy(), lost.copy(), missing)


def _octaves(pictures: Tensor) -> np.ndarray:
    """Mean power in each octave over pictures (N, C, H, W) and colours, coarsest first, (octaves,)."""
    return octave_means(rapsd(pictures.double()).mean((0, 1)).numpy(), *pictures.shape[-2:])


def _moved(code: Tensor, number: int) -> Tensor:
    """The code (1, k) once for each of VALUES, which that number of it takes, (values, k)."""
    moved = code.repeat(len(VALUES), 1)
    moved[:, number] = torch.from_numpy(VALUES).float()
    return moved


def _round_trips(x0: Tensor, x: Tensor, sigma: Tensor) -> dict[str, np.ndarray]:
    """Largest difference per level after x0 -> eps, score or v -> x0 in float32; v in VP, as it is defined there."""
    s = broadcast_sigma(sigma, x)
    a = 1 / (1 + s * s).sqrt()
    found = {}
    for kind, (scale, noise) in {"eps": (1.0, s), "score": (1.0, s), "v": (a, a * s)}.items():
        x_t = x * scale
        back = convert(convert(x0, "x0", kind, x_t, scale, noise), kind, "x0", x_t, scale, noise)
        found[kind] = (back - x0).abs().amax((1, 2, 3)).numpy()
    return found
