"""Every file of the hostile corpus behaves as its manifest says."""

from __future__ import annotations

import csv
import hashlib
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from explorer.errors import ImageRefused
from explorer.images.decoder import decode

DATA = Path(os.environ.get("EXPLORER_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
MANIFEST = DATA / "hostile" / "manifest.csv"
SECONDS = 20  # generous: the slowest file takes a tenth of a second

pytestmark = pytest.mark.skipif(
    not MANIFEST.is_file(),
    reason="no hostile/manifest.csv in the folder that EXPLORER_DATA names, or in ../shared/data",
)


def entries() -> list[dict[str, str]]:
    if not MANIFEST.is_file():
        return []
    with MANIFEST.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.timeout(SECONDS * 2)
@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["file"])
def test_hostile_file(entry):
    data = (MANIFEST.parent / entry["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    begun = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        accepted = decodes(data)
    assert time.monotonic() - begun < SECONDS
    assert {"must_accept": accepted, "must_reject": not accepted, "either": True}[entry["expected"]]


def decodes(data: bytes) -> bool:
    """Whether there is a picture; if not, that the refusal is one plain sentence."""
    try:
        picture = decode(data)
    except ImageRefused as refused:
        sentence = str(refused)
        assert 0 < len(sentence) <= 160 and "\n" not in sentence and sentence.endswith(".")
        assert "/" not in sentence and "\\" not in sentence and "Traceback" not in sentence
        return False
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3 and picture.size > 0
    return True
