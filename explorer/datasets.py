"""Training and evaluation pictures, read from tar archives or from folders with the same member names.

    scenes100_q90.tar (or scenes100_q90/)   train/*.jpg, val/*.jpg; classes in scenes_labels.json
    catfaces64.tar    (or catfaces64/)      train/*.jpg, val/*.jpg; all of class 'cat face'
    photos_large.tar  (or photos_large/)    photographs of any size, no class
    eval/CBSD68, eval/Set12                 test pictures, never trained on

Nothing here is downloaded, and nothing is written.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from explorer.errors import DataRefused, ImageRefused
from explorer.images import decoder

CLASSES = ("buildings", "forest", "glacier", "mountain", "sea", "street", "cat face")
ANY = len(CLASSES)  # the label of pictures without a class, and of 'any' when sampling
HELD_OUT_STRIDE, HELD_OUT_OFFSET = 11, 5  # photographs of `val`: numbers 5, 16, 27, ... in order of their names


@dataclass(frozen=True)
class Collection:
    """Pictures uint8 (H, W, 3), all with one label each (index into CLASSES, or ANY)."""

    pictures: list[np.ndarray]
    labels: np.ndarray  # (N,) int64


def _members(root: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """(member name, bytes) of a folder `name` or of an archive `name.tar`, in name order."""
    folder, archive = root / name, root / f"{name}.tar"
    try:
        if folder.is_dir():
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                yield path.relative_to(folder).as_posix(), path.read_bytes()
        elif archive.is_file():
            with tarfile.open(archive) as tar:
                for member in sorted((m for m in tar if m.isfile()), key=lambda m: m.name):
                    if content := tar.extractfile(member):  # always, as it is a file
                        yield member.name.removeprefix("./"), content.read()
        else:
            raise DataRefused(f"There is no {name}.tar and no folder {name} in {root}.")
    except (tarfile.TarError, OSError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataRefused(f"{archive if archive.is_file() else folder} cannot be read: {reason}.") from error


def _pictures(root: Path, name: str, prefix: str = "", limit: int | None = None) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for member, data in _members(root, name):
        if member.startswith(prefix) and member.lower().endswith((".jpg", ".jpeg", ".png", ".webp")):
            try:
                found.append(decoder.decode(data))
            except ImageRefused as error:
                raise DataRefused(f"{name}: {member} is not a usable picture: {error}") from error
            if limit and len(found) >= limit:
                break
    if not found:
        raise DataRefused(f"There are no pictures under {name}/{prefix} in {root}.")
    return found


def scenes(root: Path, split: str, limit: int | None = None) -> Collection:
    """Return the first `limit` natural scenes of a split, 100x100, with their class. Raises DataRefused."""
    pictures = _pictures(root, "scenes100_q90", f"{split}/", limit)
    try:
        names = json.loads((root / "scenes_labels.json").read_text())[split]
        labels = np.array([CLASSES.index(name) for name in names], dtype=np.int64)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataRefused(f"scenes_labels.json in {root} is missing or broken: {error}.") from error
    if len(labels) < len(pictures):
        raise DataRefused(f"scenes_labels.json names {len(labels)} pictures of {split}, but there are {len(pictures)}.")
    return Collection(pictures, labels[: len(pictures)])


def cat_faces(root: Path, split: str, limit: int | None = None) -> Collection:
    """Return the first `limit` aligned cat faces of a split, 64x64. Raises DataRefused."""
    pictures = _pictures(root, "catfaces64", f"{split}/", limit)
    return Collection(pictures, np.full(len(pictures), CLASSES.index("cat face"), dtype=np.int64))


def photographs(root: Path, split: str = "train") -> Collection:
    """Return photographs without a class of `train` or `val`. Raises DataRefused; ValueError for another split.

    In order of their names, every eleventh is in `val` and never trained on.
    """
    if split not in ("train", "val"):
        raise ValueError(f"split must be train or val, got {split!r}")
    every = enumerate(_pictures(root, "photos_large"))
    pictures = [p for i, p in every if (i % HELD_OUT_STRIDE == HELD_OUT_OFFSET) == (split == "val")]
    if not pictures:
        raise DataRefused(f"There are too few photographs in photos_large in {root} for any to be in {split}.")
    return Collection(pictures, np.full(len(pictures), ANY, dtype=np.int64))


def test_pictures(root: Path, name: str) -> list[np.ndarray]:
    """Return a denoising test set, 'CBSD68' or 'Set12': uint8 (H, W, 3) each, grey as three equal channels.

    Raises DataRefused.
    """
    return _pictures(root / "eval", name)


def at_size(picture: np.ndarray, size: int) -> np.ndarray:
    """Return a square picture (H, H, 3) shrunk to (size, size, 3) with an antialiasing filter; itself if it fits."""
    if picture.shape[:2] == (size, size):
        return picture
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.LANCZOS))


def held_out(root: Path, size: int = 64, limit: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the `val` pictures at size x size: float32 (N, 3, size, size) in [-1, 1], and labels (N,) int64.

    Scenes and cat faces alternate, so that the first n of any n are a fair mix. Raises DataRefused.
    """
    parts = [scenes(root, "val", limit), cat_faces(root, "val", limit)]
    rows = [
        (i, p, label) for part in parts for i, (p, label) in enumerate(zip(part.pictures, part.labels, strict=True))
    ]
    rows.sort(key=lambda row: row[0])
    stack = np.stack([decoder.to_data(at_size(p, size)) for _, p, _ in rows[:limit]])
    return stack, np.array([label for _, _, label in rows[:limit]], dtype=np.int64)
