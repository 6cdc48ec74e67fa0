"""One copy of the network in a process of its own, with a batcher that merges what all its callers ask for.

A call holds all that its answer depends on, so it may be asked of any replica, and again. Nothing here knows what
carries the calls.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import torch

from explorer.core.denoiser import Denoiser
from explorer.errors import ModelUnavailable, WeightsDiffer
from explorer.inference.batcher import Batcher
from explorer.inference.device import choose_device, choose_dtype

STALL_S = 20.0  # without a pass that begins or ends while rows wait, and the replica is not well
MAX_ONGOING_CALLS = 64  # calls that a replica takes at once; more wait where they come from
MAX_REMEMBERED_RUNS = 1024  # that are remembered: those under way, and some that have ended

Load = Callable[[torch.device, torch.dtype], tuple[Denoiser, dict]]  # the network and its card


class ReplicaUnhealthy(RuntimeError):
    """The replica must be replaced; the text is one plain sentence."""


@dataclass(frozen=True)
class ReplicaSpec:
    """What every replica is made from."""

    load: Load  # reads the weights where the replica runs
    sha256: str  # of the weights
    device: str = "auto"
    dtype: str = "auto"
    threads: int = 1  # of torch, on the CPU
    max_pixels: int = 0  # of a pass, as in Batcher
    stall_s: float = STALL_S


@dataclass(frozen=True)
class ReplicaInfo:
    """A replica as it describes itself."""

    card: dict  # of the network
    device: str  # the kind, such as "cuda"
    dtype: torch.dtype
    max_pixels: int  # of a pass
    process: int  # its number where it runs


@dataclass(frozen=True, eq=False)
class ReplicaCall:
    """One call: the arguments of a Denoiser as arrays, and whose it is."""

    x: np.ndarray  # (B, C, H, W) float32
    sigma: np.ndarray  # (B,) float32
    label: np.ndarray | None  # (B,) int64
    run: str  # the same for all calls of one run of a sampler
    background: bool = False  # nobody is waiting for it


@dataclass(frozen=True)
class ReplicaFailure:
    """Why there is no answer, in one plain sentence."""

    sentence: str
    not_finite: bool = False  # else the model was not available


class Replica:
    """The network with its batcher; asked from one event loop."""

    def __init__(self, plan: ReplicaSpec) -> None:
        """Load and check the weights. Raises WeightsDiffer, and what plan.load raises."""
        device = choose_device(plan.device)
        dtype = choose_dtype(device, plan.dtype)
        if device.type == "cpu":
            torch.set_num_threads(plan.threads)
        self._network, self._card = plan.load(device, dtype)
        if self._card["sha256"] != plan.sha256:
            raise WeightsDiffer("The weights on this machine are not those that the server was started with.")
        self._batcher = Batcher(device, max_pixels=plan.max_pixels)
        self._device, self._dtype, self._stall_s = device, dtype, plan.stall_s
        self._threads = ThreadPoolExecutor(MAX_ONGOING_CALLS, "call")  # each waits for its own rows
        self._run_of = lru_cache(MAX_REMEMBERED_RUNS)(self._new_run)

    def about(self) -> ReplicaInfo:
        """Where and in what it computes."""
        most = self._batcher.stats().max_pixels
        return ReplicaInfo(self._card, self._device.type, self._dtype, most, os.getpid())

    async def __call__(self, ask: ReplicaCall) -> np.ndarray | ReplicaFailure:
        """x0 (B, C, H, W) float32. When the call is cancelled, the run's rows leave the batcher with the next pass."""
        denoiser, gone = self._run_of(ask.run, ask.background)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, partial(_answer, denoiser, ask))
        except asyncio.CancelledError:
            gone.set()
            raise

    def check_health(self) -> None:
        """Raises ReplicaUnhealthy when the model's loop stands still while rows wait for it."""
        still = self._batcher.stats().stalled_s
        if still > self._stall_s:
            raise ReplicaUnhealthy(f"The model has not moved for {still:.0f} seconds.")

    def _new_run(self, run: str, background: bool) -> tuple[Denoiser, threading.Event]:
        """The batcher knows by the denoiser who is likely to come back, so each run keeps its own."""
        gone = threading.Event()
        return self._batcher.denoiser(self._network, gone.is_set, background), gone


def _answer(denoiser: Denoiser, ask: ReplicaCall) -> np.ndarray | ReplicaFailure:
    label = None if ask.label is None else torch.tensor(ask.label)
    try:
        return denoiser(torch.tensor(ask.x), torch.tensor(ask.sigma), label).numpy()  # copies: Ray's are read-only
    except FloatingPointError as error:
        return ReplicaFailure(str(error), not_finite=True)
    except ModelUnavailable as error:
        return ReplicaFailure(str(error))
