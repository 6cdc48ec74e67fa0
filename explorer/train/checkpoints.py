"""Follow a training run: progress on the screen, a checkpoint every few minutes, and going on from the last one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import torch
from tqdm import tqdm

from explorer.train.trainer import Progress


class Run(Protocol):
    """What can be followed: Trainer and Fitting."""

    seen: int

    def state(self) -> dict: ...
    def load(self, state: dict) -> None: ...
    def run(self) -> Iterator[Progress]: ...


def resume(run: Run, checkpoint: Path, device: torch.device) -> float:
    """Load the checkpoint if there is one; the smoothed loss then, nan where none is known."""
    if not checkpoint.exists():
        return float("nan")
    state = torch.load(checkpoint, map_location=device, weights_only=True)
    run.load(state)
    return state.get("loss", float("nan"))


def follow(
    run: Run, images: int, minutes: float, write: Callable[[float], None], loss: float, *, quiet: bool = False
) -> None:
    """Take all steps; write(smoothed loss) every so many minutes and at the end. loss: what `resume` gave."""
    saved = time.monotonic()
    with tqdm(total=images, initial=run.seen, unit="img", disable=quiet, mininterval=2) as bar:
        for progress in run.run():
            loss = progress.loss if math.isnan(loss) else 0.99 * loss + 0.01 * progress.loss
            bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            bar.update(progress.seen - bar.n)
            if time.monotonic() - saved > 60 * minutes:
                write(loss)
                saved = time.monotonic()
    write(loss)
