"""A folder of training pictures laid out like the real one."""

import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from explorer import datasets

PHOTOGRAPHS = 23  # two of which are held out


def smooth_picture(rng, side):
    """Return a smooth random picture (side, side, 3), so that there is something to learn."""
    coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))


def add_picture(tar, name, array):
    """Add an array (H, W, 3) to an open archive as a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    info = tarfile.TarInfo(name)
    info.size = buffer.tell()
    tar.addfile(info, io.BytesIO(buffer.getvalue()))


@pytest.fixture(name="data", scope="session")
def training_data(tmp_path_factory):
    """Return a folder with a handful of pictures in each split; tests read it only."""
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for archive, side in (("scenes100_q90", 100), ("catfaces64", 64)):
        with tarfile.open(root / f"{archive}.tar", "w") as tar:
            for split in ("train", "val"):
                for i in range(6):
                    add_picture(tar, f"{split}/{i:05d}.png", smooth_picture(rng, side))
    with tarfile.open(root / "photos_large.tar", "w") as tar:
        for i in range(PHOTOGRAPHS):
            add_picture(tar, f"{i:05d}.png", smooth_picture(rng, 120))
    labels = [datasets.CLASSES[i % 6] for i in range(6)]
    (root / "scenes_labels.json").write_text(json.dumps({"train": labels, "val": labels}))
    return root
