"""Pictures to look at: uncurated samples of every class, and one picture at rising noise with its estimates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

from explorer.core.denoiser import Denoiser
from explorer.core.noise import white
from explorer.datasets import CLASSES
from explorer.images import decoder
from explorer.train.sample_sheet import sample_sheet

LADDER_SIGMAS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # sigma, data units
PICTURE = Path(__file__).resolve().parent.parent / "examples" / "cat.jpg"  # CC0, in no training set
SIDE = 128  # of the ladder's pictures, pixels
HEADING_HEIGHT = 20  # pixels
MAX_FILE_BYTES = 400_000


def with_headings(sheet: np.ndarray, titles: list[str]) -> Image.Image:
    """Return the sheet (H, W, 3) below a line of titles, one for each of its equally wide columns."""
    picture = Image.new("RGB", (sheet.shape[1], sheet.shape[0] + HEADING_HEIGHT), "white")
    picture.paste(Image.fromarray(sheet), (0, HEADING_HEIGHT))
    pen, width = ImageDraw.Draw(picture), sheet.shape[1] / len(titles)
    for i, title in enumerate(titles):
        pen.text(((i + 0.5) * width, HEADING_HEIGHT / 2), title, fill="black", anchor="mm")
    return picture


def write(picture: Image.Image, path: Path) -> None:
    """Write a JPEG at the best of a few qualities that stays below MAX_FILE_BYTES."""
    for quality in (92, 85, 75, 60, 40, 20):
        picture.save(path, quality=quality, optimize=True)
        if path.stat().st_size < MAX_FILE_BYTES:
            break


def write_samples(denoiser: nn.Module, path: Path, steps: int, per_class: int = 8) -> None:
    """Write samples of 64x64 at twice their size: a column per class, the last one 'any'; seeds are fixed."""
    sheet = sample_sheet(denoiser, per_class=per_class, steps=steps)
    large = Image.fromarray(sheet).resize((2 * sheet.shape[1], 2 * sheet.shape[0]), Image.Resampling.NEAREST)
    write(with_headings(np.asarray(large), [*CLASSES, "any"]), path)


@torch.inference_mode()
def ladder(denoisers: list[Denoiser], x0: Tensor) -> np.ndarray:
    """Return uint8: a column per sigma; rows are the noisy picture and each denoiser's estimate. x0 is (3, H, W)."""
    eps = white(x0.shape, seed=0, role="evaluate")
    columns = []
    for sigma in LADDER_SIGMAS:
        x = (x0 + sigma * eps)[None]
        cells = [x, *(denoiser(x, sigma) for denoiser in denoisers)]
        columns.append(np.concatenate([decoder.from_data(cell[0].numpy()) for cell in cells]))
    return np.concatenate(columns, axis=1)


def write_ladder(denoiser: Denoiser, wiener: Denoiser, path: Path) -> None:
    """Write the example picture of a cat: noisy, the model's estimate, the Wiener denoiser's estimate."""
    x0 = torch.from_numpy(decoder.to_data(decoder.fit(decoder.decode(PICTURE.read_bytes()), SIDE)))
    write(with_headings(ladder([denoiser, wiener], x0), [f"sigma {s:g}" for s in LADDER_SIGMAS]), path)
