"""Gaussian noise keyed by (seed, role, index), never by what was drawn before.

Each draw has its own counter-based stream (Philox; Salmon et al. 2011), whose 128-bit key is a hash of
(seed, role, index). It is generated on the CPU and then moved, so a draw is the same on every device, in
every batch position and whatever else has been drawn: picture 3 of a sheet of 16 is picture 3 alone.
"""

import hashlib
from collections.abc import Iterable, Sequence
from operator import index as as_integer

import numpy as np
import torch
from torch import Tensor

SEED_LIMIT = 2**63


def check_seed(seed: int) -> int:
    """Return the seed as an int. Raises ValueError unless it is an integer in [0, 2^63)."""
    try:
        value = as_integer(seed)
    except TypeError:
        raise ValueError(f"seed must be an integer, got {seed!r}") from None
    if isinstance(seed, bool) or not 0 <= value < SEED_LIMIT:
        raise ValueError(f"seed must be an integer from 0 to 2^63 - 1, got {seed!r}")
    return value


def generator(seed: int, role: str, index: int = 0) -> np.random.Generator:
    """The random stream of (seed, role, index), for draws that are not white noise (crops, choices)."""
    name = f"{check_seed(seed)}\0{as_integer(index)}\0{role}"  # role last: no two triples share a name
    key = hashlib.blake2b(name.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))


def white(shape: Sequence[int], seed: int, role: str, index: int = 0) -> Tensor:
    """Standard normal noise, float32 on the CPU, a function of (shape, seed, role, index) alone.

    role: what the noise is for ("noising", "churn", ...); roles are independent. index: which of many
    (picture, step). Raises ValueError for a seed outside [0, 2^63).
    """
    return torch.from_numpy(generator(seed, role, index).standard_normal(tuple(shape), dtype=np.float32))


def white_batch(shape: Sequence[int], seed: int, role: str, indices: Iterable[int]) -> Tensor:
    """One draw per index, (len(indices), *shape); row i depends on (shape, seed, role, indices[i]) alone."""
    rows = [white(shape, seed, role, i) for i in indices]
    return torch.stack(rows) if rows else torch.empty(0, *shape)
