"""The shipped network for replicas, one row per pass, that can be told to stand still in the middle."""

import time
from pathlib import Path

import torch

from explorer.core.denoiser import Denoiser
from explorer.engine.loading import load


def load_hanging(order: Path, device: torch.device, dtype: torch.dtype) -> tuple[Denoiser, dict]:
    """The network and its card. The first replica to find the file `order` removes it and stands still."""
    network, card = load("scenes", device, dtype)

    def denoise(x: torch.Tensor, sigma: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        try:
            order.unlink()
        except FileNotFoundError:
            return network(x, sigma, label)
        time.sleep(3600)  # what it is for

    return denoise, card
