"""Follow a training run: progress on the screen, a checkpoint every few minutes, and going on from the last one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import torch
from tqdm import tqdm

from explorer.train.loop import Progress


class Run(Protocol):
    """What can be followed: Trainer and Fitting."""

    seen: int

    def state(self) -> dict: ...
    def load(self, state: dict) -> None: ...
    def run(self) -> Iterator[Progress]: ...


def resume(run: Run, checkpoint: Path, device: torch.device) -> bool:
    """Load the checkpoint if there is one; whether there was."""
    if checkpoint.exists():
        run.load(torch.load(checkpoint, map_location=device, weights_only=True))
    return checkpoint.exists()


def follow(run: Run, images: int, minutes: float, write: Callable[[float], None], *, quiet: bool = False) -> None:
    """Take all steps; write(smoothed loss) every so many minutes, and at the end if there was any step."""
    start, saved, smooth = run.seen, time.monotonic(), float("nan")
    with tqdm(total=images, initial=start, unit="img", disable=quiet, mininterval=2) as bar:
        for progress in run.run():
            smooth = progress.loss if smooth != smooth else 0.99 * smooth + 0.01 * progress.loss
            bar.set_postfix_str(f"loss {smooth:.4f}", refresh=False)
            bar.update(progress.seen - bar.n)
            if time.monotonic() - saved > 60 * minutes:
                write(smooth)
                saved = time.monotonic()
    if run.seen > start:
        write(smooth)
