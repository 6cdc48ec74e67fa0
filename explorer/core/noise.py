"""Gaussian noise keyed by (seed, role, index) instead of drawn from one stream.

Each draw has its own counter-based stream (Philox; Salmon et al. 2011), whose 128-bit key is a hash of (seed, role,
index). It is generated on the CPU and then moved, so a draw is the same on every device, at every batch position and
after any other draws: picture 3 of a sheet of 16 equals picture 3 by itself.
"""

import hashlib
from collections.abc import Iterable, Sequence
from operator import index as as_integer

import numpy as np
import torch
from torch import Tensor

SEED_LIMIT = 2**63


def check_seed(seed: int) -> int:
    """Return the seed as an int. Raise ValueError unless it is an integer in [0, 2^63)."""
    try:
        value = as_integer(seed)
    except TypeError:
        raise ValueError(f"seed must be an integer, got {seed!r}") from None
    if isinstance(seed, bool) or not 0 <= value < SEED_LIMIT:
        raise ValueError(f"seed must be an integer from 0 to 2^63 - 1, got {seed!r}")
    return value


def generator(seed: int, role: str, index: int = 0) -> np.random.Generator:
    """Return the random stream of (seed, role, index), for draws other than white noise. Raise ValueError: `white`."""
    name = f"{check_seed(seed)}\0{as_integer(index)}\0{role}"  # role last, so that the name is unambiguous
    key = hashlib.blake2b(name.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))


def white(shape: Sequence[int], seed: int, role: str, index: int = 0) -> Tensor:
    """Return standard normal noise, float32 on the CPU, a function of (shape, seed, role, index) alone.

    role: the purpose of the noise ("noising", "churn", ...); different roles are independent. index: of the picture or
    step. Raise ValueError for a seed outside [0, 2^63).
    """
    return torch.from_numpy(generator(seed, role, index).standard_normal(tuple(shape), dtype=np.float32))


def white_batch(shape: Sequence[int], seed: int, role: str, indices: Iterable[int]) -> Tensor:
    """Return one draw of `white` per index, (len(indices), *shape)."""
    rows = [white(shape, seed, role, i) for i in indices]
    return torch.stack(rows) if rows else torch.empty(0, *shape)
