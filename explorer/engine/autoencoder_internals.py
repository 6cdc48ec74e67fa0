"""Inside the autoencoders: what codes hold, the residual connection, and what skip connections carry."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer import examples
from explorer.autoencoders import AUTOENCODERS
from explorer.core.denoiser import broadcast_sigma, convert
from explorer.core.networks.autoencoder_conv import Variational, VectorQuantised
from explorer.core.noise import white, white_batch
from explorer.core.spectra.radial import rapsd
from explorer.core.spectra.scales import octave_edges, octave_means
from explorer.engine.autoencoder_pool import AutoencoderPool
from explorer.schemas.autoencoder_internals import SIGMA_RATIOS, WIRING_SIGMAS, WIRING_STEPS, Codes, SkipCosts, Wiring
from explorer.schemas.autoencoders import SIDE, TEST_SIGMAS, CorruptedPicture, SeedRequest

TRAVERSED_DIRECTIONS = 6  # numbers of the variational code that are moved
TRAVERSAL = np.linspace(-3, 3, 7)  # their values, in standard deviations of the prior
PRIOR_SAMPLES = 12
WITHOUT_SKIPS = ("unet-noskip", "unet-bottleneck")
BATCH_PICTURES = 64  # in one call of a denoiser
TRUE_RATIO = int(np.flatnonzero(SIGMA_RATIOS == 1)[0])  # index of the true noise level


class AutoencoderInternals:
    """Answers on what is inside the autoencoders. Thread-safe."""

    def __init__(self, pool: AutoencoderPool) -> None:
        self._pool = pool

    @torch.inference_mode()
    def codes(self, picture: NDArray[np.float32], seed: int) -> Codes:
        """Return the variational and the vector-quantised code of a picture (3, 32, 32), data units.

        seed: of the samples from the prior. Empty arrays stand for an autoencoder that is missing.
        """
        x0 = torch.as_tensor(picture)[None]
        available, missing = self._pool.available(("vae", "vq-vae"))
        directions: list[int] = []
        nats = np.zeros(0, np.float32)
        traversal = np.zeros((0, len(TRAVERSAL), *picture.shape), np.float32)
        prior, tokens, entries, bits = np.zeros((0, *picture.shape), np.float32), np.zeros((0, 0), np.int64), 0, 0.0
        if "vae" in available:
            vae = self._pool.network("vae", Variational)
            nats, code = vae.kl(x0)[0].numpy(), vae.encode(x0)
            directions = np.argsort(-nats)[:TRAVERSED_DIRECTIONS].tolist()
            traversal = np.stack([vae.decode(_moved(code, number)).numpy() for number in directions])
            prior = vae.decode(white_batch((len(nats),), seed, "prior", range(PRIOR_SAMPLES))).numpy()
        if "vq-vae" in available:
            vq = self._pool.network("vq-vae", VectorQuantised)
            tokens, entries, bits = vq.tokens(x0)[0].numpy(), vq.config.entries, float(vq.bits)
        return Codes(traversal, TRAVERSAL, tuple(directions), nats, prior, tokens, entries, bits, missing)

    def wiring(self, corrupted: CorruptedPicture) -> Iterator[Wiring]:
        """Denoise the clean picture with noise of WIRING_SIGMAS, passing SIGMA_RATIOS times the true level.

        Yield after every ratio, and last after the blind denoiser; WIRING_STEPS times in all. Raises RequestRefused
        when the conditional denoiser cannot be loaded.
        """
        conditional, (_, missing) = self._pool.denoiser("conditional"), self._pool.available(("blind",))
        x0, eps = torch.as_tensor(corrupted.picture), white((3, SIDE, SIDE), corrupted.request.seed, "noising")
        sigma = torch.as_tensor(WIRING_SIGMAS).float()  # (K,)
        x = x0 + sigma[:, None, None, None] * eps
        estimates = torch.full((len(sigma), len(SIGMA_RATIOS), *x0.shape), torch.nan)
        blind = torch.full_like(x, torch.nan)
        round_trip: dict[str, NDArray[np.float32]] = {}
        for step in range(WIRING_STEPS):
            if step < len(SIGMA_RATIOS):
                estimates[:, step] = conditional(x, sigma * float(SIGMA_RATIOS[step]))
            else:
                blind = blind if missing else self._pool.denoiser("blind")(x, sigma)
                round_trip = _round_trips(estimates[:, TRUE_RATIO], x, sigma)
            yield Wiring(
                sigmas=WIRING_SIGMAS,
                ratios=SIGMA_RATIOS,
                picture=x0.numpy(),
                eps=eps.numpy(),
                conditional=estimates.numpy().copy(),
                blind=blind.numpy(),
                conditional_mse=(estimates - x0).square().mean((2, 3, 4)).numpy(),
                blind_mse=(blind - x0).square().mean((1, 2, 3)).numpy(),
                round_trip=round_trip,
                missing=missing,
            )

    def skip_costs(self, request: SeedRequest) -> Iterator[SkipCosts]:
        """Compare the conditional U-Net with the same one without skips and with a bottleneck, on the example pictures.

        Yield after every noise level of TEST_SIGMAS. Raises RequestRefused when the conditional one, or both others,
        cannot be loaded.
        """
        cut, missing = self._pool.available(WITHOUT_SKIPS)
        names = ("conditional", *(cut or WITHOUT_SKIPS))
        denoisers = [self._pool.denoiser(name) for name in names]
        x0 = torch.as_tensor(examples.views(SIDE))
        clean, edges = _octave_power(x0), octave_edges(SIDE, SIDE)
        ratio = np.full((len(cut), len(TEST_SIGMAS)), np.nan)
        lost = np.full((*ratio.shape, len(clean)), np.nan)
        titles = tuple(AUTOENCODERS[name].title for name in cut)
        for column, sigma in enumerate(TEST_SIGMAS):
            x = x0 + sigma * white_batch(x0.shape[1:], request.seed, f"matrix {column}", range(len(x0)))
            errors = [
                torch.cat([net(some, sigma) for some in torch.split(x, BATCH_PICTURES)]) - x0 for net in denoisers
            ]
            mse, power = [float(e.double().square().mean()) for e in errors], [_octave_power(e) for e in errors]
            ratio[:, column] = np.array(mse[1:]) / mse[0]
            lost[:, column] = (np.array(power[1:]) - power[0]) / clean
            yield SkipCosts(titles, np.array(TEST_SIGMAS), edges, ratio.copy(), lost.copy(), missing)


def _octave_power(pictures: Tensor) -> NDArray[np.float64]:
    """Return the mean power in each octave over pictures (N, C, H, W) and colours, coarsest first, (octaves,)."""
    return octave_means(rapsd(pictures.double()).mean((0, 1)).numpy(), *pictures.shape[-2:])


def _moved(code: Tensor, number: int) -> Tensor:
    """Return the code (1, k) once for each of TRAVERSAL, which that number of it takes, (values, k)."""
    moved = code.repeat(len(TRAVERSAL), 1)
    moved[:, number] = torch.as_tensor(TRAVERSAL).float()
    return moved


def _round_trips(x0: Tensor, x: Tensor, sigma: Tensor) -> dict[str, NDArray[np.float32]]:
    """Return the largest difference per level (K,) after x0 -> eps, score or v -> x0 in float32.

    v is computed in VP scaling, as it is defined there (Salimans & Ho 2022, appendix D).
    """
    s = broadcast_sigma(sigma, x)
    a = 1 / (1 + s * s).sqrt()
    differences: dict[str, NDArray[np.float32]] = {}
    scalings: dict[str, tuple[float | Tensor, Tensor]] = {"eps": (1.0, s), "score": (1.0, s), "v": (a, a * s)}
    for kind, (scale, noise) in scalings.items():
        x_t = x * scale
        back = convert(convert(x0, "x0", kind, x_t, scale, noise), kind, "x0", x_t, scale, noise)
        differences[kind] = (back - x0).abs().amax((1, 2, 3)).numpy()
    return differences
