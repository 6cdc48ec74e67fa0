"""A replica: one copy of the network in a process of its own, with a batcher that merges the calls of all clients.

A call contains everything that its result depends on, so any replica can compute it, more than once if need be. How
calls travel is not defined here.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.core.denoiser import Denoiser
from explorer.errors import ModelUnavailable, WeightsDiffer
from explorer.inference.batcher import Batcher
from explorer.inference.device import choose_device, choose_dtype

STALL_S = 20.0  # without a pass that begins or ends while rows wait, after which a replica is unhealthy
MAX_ONGOING_CALLS = 64  # at one replica; further calls wait at the client
MAX_REMEMBERED_RUNS = 1024  # those under way and the latest ones that have ended

Picture = NDArray[np.float32]
Load = Callable[[torch.device, torch.dtype], tuple[Denoiser, dict[str, Any]]]  # returns the network and its card


class ReplicaUnhealthy(RuntimeError):
    """The replica must be replaced; Ray Serve reads this from `check_health` and logs the text."""


@dataclass(frozen=True)
class ReplicaSpec:
    """Everything that a replica is built from."""

    load: Load  # called where the replica runs
    sha256: str  # of all weights that it must read
    device: str = "auto"
    dtype: str = "auto"
    threads: int = 1  # torch's, on the CPU
    max_pixels: int = 0  # of a pass; see Batcher
    stall_s: float = STALL_S


@dataclass(frozen=True)
class ReplicaInfo:
    """What a replica reports about itself."""

    card: dict[str, Any]  # of the network
    device: str  # kind of device, such as "cuda"
    dtype: torch.dtype
    max_pixels: int  # of a pass
    process: int  # process id


@dataclass(frozen=True, eq=False)
class ReplicaCall:
    """One call: the arguments of a Denoiser as arrays, and the run they belong to."""

    x: Picture  # (B, C, H, W)
    sigma: NDArray[np.float32]  # (B,)
    label: NDArray[np.int64] | None  # (B,)
    run: str  # the same for all calls of one run of a sampler
    background: bool = False  # no person waits for its result


@dataclass(frozen=True)
class ReplicaFailure:
    """Why a call has no result."""

    sentence: str  # one plain sentence for the person
    not_finite: bool = False  # FloatingPointError at the replica, else ModelUnavailable


class Replica:
    """The network with its batcher; called from one event loop."""

    def __init__(self, spec: ReplicaSpec) -> None:
        """Load the network. Raise WeightsDiffer for another hash than the spec's, and what `load` raises."""
        device = choose_device(spec.device)
        dtype = choose_dtype(device, spec.dtype)
        if device.type == "cpu":
            torch.set_num_threads(spec.threads)
        self._network, self._card = spec.load(device, dtype)
        if self._card.get("identity", self._card["sha256"]) != spec.sha256:
            raise WeightsDiffer("The weights on this machine are not those that the server was started with.")
        self._batcher = Batcher(device, max_pixels=spec.max_pixels)
        self._device, self._dtype, self._stall_s = device, dtype, spec.stall_s
        self._threads = ThreadPoolExecutor(MAX_ONGOING_CALLS, "call")  # one thread blocks for each call
        self._run_of = lru_cache(MAX_REMEMBERED_RUNS)(self._new_run)

    def about(self) -> ReplicaInfo:
        """Return the replica's description."""
        most = self._batcher.stats().max_pixels
        return ReplicaInfo(self._card, self._device.type, self._dtype, most, os.getpid())

    async def __call__(self, call: ReplicaCall) -> Picture | ReplicaFailure:
        """Return x0 (B, C, H, W). Cancelling the call cancels its run in the batcher."""
        denoiser, gone = self._run_of(call.run, call.background)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, partial(_answer, denoiser, call))
        except asyncio.CancelledError:
            gone.set()
            raise

    def check_health(self) -> None:
        """Raise ReplicaUnhealthy when rows wait and no pass has begun or ended for `stall_s` seconds."""
        stalled_s = self._batcher.stats().stalled_s
        if stalled_s > self._stall_s:
            raise ReplicaUnhealthy(f"The model has not moved for {stalled_s:.0f} seconds.")

    def _new_run(self, run: str, background: bool) -> tuple[Denoiser, threading.Event]:
        """One denoiser for each run: the batcher recognises a returning caller by its denoiser."""
        gone = threading.Event()
        return self._batcher.denoiser(self._network, gone.is_set, background), gone


def _answer(denoiser: Denoiser, call: ReplicaCall) -> Picture | ReplicaFailure:
    label = None if call.label is None else torch.tensor(call.label)
    try:
        return denoiser(
            torch.tensor(call.x), torch.tensor(call.sigma), label
        ).numpy()  # copies: Ray's arrays are read-only
    except FloatingPointError as error:
        return ReplicaFailure(str(error), not_finite=True)
    except ModelUnavailable as error:
        return ReplicaFailure(str(error))
