"""Run a training to its end: progress on the screen, a checkpoint every few minutes, going on from the last one."""

from __future__ import annotations

import math
import pickle
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import torch
from tqdm import tqdm

from explorer.errors import WeightsRefused
from explorer.train.trainer import Progress

LOSS_SMOOTHING = 0.99  # share of the smoothed loss that each step leaves
SCREEN_INTERVAL_S = 2.0


class ResumableTraining(Protocol):
    """Steps to take and a state to save: Trainer and AutoencoderTrainer."""

    seen: int  # pictures trained on so far

    def state(self) -> dict: ...
    def load(self, state: dict) -> None: ...
    def run(self) -> Iterator[Progress]: ...


def load_checkpoint(training: ResumableTraining, checkpoint: Path, device: torch.device) -> float:
    """Load the checkpoint if there is one; return the smoothed loss at that time, nan where none is known.

    Raises WeightsRefused when it is damaged or belongs to another architecture.
    """
    if not checkpoint.exists():
        return float("nan")
    try:
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        training.load(state)
    except (RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError):
        name = f"{checkpoint.parent.name}/{checkpoint.name}"
        raise WeightsRefused(f"The checkpoint {name} is damaged or belongs to another architecture.") from None
    return state.get("loss", float("nan"))


def run_to_end(
    training: ResumableTraining,
    images: int,
    minutes: float,
    write: Callable[[float], None],
    loss: float,
    *,
    quiet: bool = False,
) -> None:
    """Take all steps; call write(smoothed loss) every so many minutes and at the end.

    images: pictures in all, for the progress bar. loss: the smoothed loss so far, as `load_checkpoint` returns it.
    """
    saved = time.monotonic()
    with tqdm(total=images, initial=training.seen, unit="img", disable=quiet, mininterval=SCREEN_INTERVAL_S) as bar:
        for progress in training.run():
            last = progress.loss
            loss = last if math.isnan(loss) else LOSS_SMOOTHING * loss + (1 - LOSS_SMOOTHING) * last
            bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            bar.update(progress.seen - bar.n)
            if time.monotonic() - saved > 60 * minutes:
                write(loss)
                saved = time.monotonic()
    write(loss)
