"""The family of autoencoders at work: one picture through all of them, the levels they know, what they generate."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from explorer import examples, images
from explorer.api.family import (
    SIDE,
    Codes,
    Corrupted,
    GenerateRequest,
    LevelMatrix,
    LineUpRequest,
    MemberFilm,
    MemberOutput,
    Wiring,
)
from explorer.core import spectra
from explorer.core.denoiser import Denoiser, broadcast_sigma, convert
from explorer.core.noise import generator, white, white_batch
from explorer.core.samplers import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.family import MEMBERS, load_member

LEAST = 0.01  # noise level that members are told of a picture without noise, data units
TEST_LEVELS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
FRAMES = 7
WIRING_LEVELS = np.geomspace(0.05, 5.0, 17)
FACTORS = 2.0 ** np.arange(-3, 4)  # told level over true level
DIRECTIONS, VALUES, PRIOR = 6, np.linspace(-3, 3, 7), 12

InTurn = Callable[[Denoiser], Denoiser]


class Family:
    """The members, loaded when they are first needed, called through the batcher by `in_turn`."""

    def __init__(self, in_turn: InTurn) -> None:
        self._in_turn = in_turn
        self._members: dict[str, torch.nn.Module] = {}

    def member(self, name: str) -> torch.nn.Module:
        """The member itself. Raises WeightsRefused."""
        if name not in self._members:
            self._members[name] = load_member(name)
        return self._members[name]

    def denoiser(self, name: str) -> Denoiser:
        """The member as one caller of the batcher sees it."""
        return self._in_turn(self.member(name))

    def outputs(self, given: Corrupted) -> Iterator[MemberOutput]:
        """What each member makes of the corrupted picture, one after another."""
        x, x0 = (torch.from_numpy(v)[None] for v in (given.corrupted, given.picture))
        for name, info in MEMBERS.items():
            output = self.denoiser(name)(x, given.told)
            power = spectra.rapsd(torch.cat([output, output - x0])).mean(1).numpy()
            yield MemberOutput(
                name, info.title, info.group, info.code, info.numbers, output[0].numpy(), power[0], power[1],
                float((output - x0).double().square().mean()),
            )  # fmt: skip

    def matrix(self, seed: int) -> Iterator[LevelMatrix]:
        """Specialists as rows, blind and conditional last; yields after every row, the rest being nan."""
        names = [name for name, info in MEMBERS.items() if info.sigma and info.group == MEMBERS["dae-100"].group]
        names += ["blind", "conditional"]
        x0 = torch.from_numpy(examples.views(SIDE))
        mse = np.full((len(names), len(TEST_LEVELS)), np.nan)
        for row, name in enumerate(names):
            for column, sigma in enumerate(TEST_LEVELS):
                x = x0 + sigma * white_batch(x0.shape[1:], seed, f"matrix {column}", range(len(x0)))
                estimate = torch.cat([self.denoiser(name)(some, sigma) for some in x.split(64)])
                mse[row, column] = float((estimate - x0).double().square().mean())
            levels = np.array([MEMBERS[n].sigma or np.nan for n in names])
            titles = tuple(MEMBERS[n].title for n in names)
            yield LevelMatrix(titles, levels, np.array(TEST_LEVELS), mse.copy())

    @torch.inference_mode()
    def codes(self, picture: np.ndarray, seed: int) -> Codes:
        """What the variational and the vector-quantised code of a picture (3, 32, 32) hold."""
        vae, vq, x0 = self.member("vae"), self.member("vq-vae"), torch.from_numpy(picture)[None]
        nats, code = vae.kl(x0)[0], vae.encode(x0)
        chosen = nats.argsort(descending=True)[:DIRECTIONS].tolist()
        rows = []
        for number in chosen:
            moved = code.repeat(len(VALUES), 1)
            moved[:, number] = torch.from_numpy(VALUES).float()
            rows.append(vae.decode(moved).numpy())
        prior = vae.decode(white_batch((len(nats),), seed, "prior", range(PRIOR))).numpy()
        tokens = vq.tokens(x0)[0].numpy()
        return Codes(
            np.stack(rows), VALUES, tuple(chosen), nats.numpy(), prior, tokens, vq.config.entries, float(vq.bits)
        )

    def wiring(self, given: Corrupted) -> Wiring:
        """The conditional and the blind member on the clean picture at rising noise."""
        x0, eps = torch.from_numpy(given.picture), white((3, SIDE, SIDE), given.request.seed, "noising")
        sigma = torch.from_numpy(WIRING_LEVELS).float()  # (K,)
        x = x0 + sigma[:, None, None, None] * eps
        conditional, blind = self.denoiser("conditional"), self.denoiser("blind")(x, sigma)
        told = torch.stack([conditional(x, sigma * factor) for factor in FACTORS.tolist()], dim=1)
        true = told[:, FACTORS.tolist().index(1.0)]
        return Wiring(
            sigmas=WIRING_LEVELS, factors=FACTORS, picture=x0.numpy(), eps=eps.numpy(), told=told.numpy(),
            blind=blind.numpy(), told_mse=(told - x0).square().mean((2, 3, 4)).numpy(),
            blind_mse=(blind - x0).square().mean((1, 2, 3)).numpy(), round_trip=_round_trips(true, x, sigma),
        )  # fmt: skip

    def films(self, request: GenerateRequest) -> Iterator[MemberFilm]:
        """Each member as the denoiser of Heun's sampler from the same noise, one after another."""
        sigmas = SCHEDULES["karras"].sigmas(request.steps)
        x = float(sigmas[0]) * white((3, SIDE, SIDE), request.seed, "sample")[None]
        shown = np.unique(np.linspace(0, request.steps, FRAMES).round().astype(int))
        for name, info in MEMBERS.items():
            run = list(SAMPLERS["heun"](self.denoiser(name), x, sigmas))
            frames = np.stack([run[i].x0[0].numpy() for i in shown])
            rms = float(run[-1].x0.double().square().mean().sqrt())
            yield MemberFilm(name, info.title, sigmas[shown], frames, rms)


def corrupted(request: LineUpRequest, source: np.ndarray) -> Corrupted:
    """The picture (H, W, 3) uint8 at the family's size, and what is done to it; the same for every member."""
    x0 = torch.from_numpy(images.to_data(images.fit(source, SIDE)))
    x = x0 + _disturbance(request, x0)
    power = spectra.rapsd(torch.stack([x0, x])).mean(1).numpy()
    told = max(LEAST, float((x - x0).double().square().mean().sqrt()))
    k = spectra.mean_wavenumbers(SIDE, SIDE)
    return Corrupted(request, x0.numpy(), x.numpy(), told, k, power[0], power[1])


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


def _disturbance(request: LineUpRequest, x0: Tensor) -> Tensor:
    """What is added to x0 (3, H, W); a masked pixel becomes 0, mid-grey, in all colours."""
    if request.corruption == "none":
        return torch.zeros_like(x0)
    if request.corruption == "gaussian":
        return request.sigma * white(x0.shape, request.seed, "noising")
    lost = generator(request.seed, "mask").random(x0.shape[1:]) < request.rate
    return torch.where(torch.from_numpy(lost), -x0, torch.zeros_like(x0))
