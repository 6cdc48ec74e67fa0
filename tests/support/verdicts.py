"""Verdicts of claims: on what is shipped, and on inputs of a test's own."""

import pickle
from functools import cache
from pathlib import Path

from filelock import FileLock

from explorer.claims import CLAIMS
from explorer.claims._estimate_spectra import estimate_spectra

_folder: Path | None = None  # where workers of one run leave verdicts for each other


def share(folder):
    """From now on verdicts on what is shipped are looked for, and left, in a folder."""
    global _folder
    folder.mkdir(exist_ok=True)
    _folder = folder


@cache
def shipped(id):
    """The verdict on what is shipped; measured once for all tests of a run."""
    if _folder is None:
        return CLAIMS[id]()
    file = _folder / f"{id}.pickle"
    with FileLock(_folder / f"{id}.lock"):
        if not file.exists():
            file.write_bytes(pickle.dumps(CLAIMS[id]()))
        return pickle.loads(file.read_bytes())


def afresh(id, **inputs):
    """A verdict that owes nothing to an earlier run."""
    estimate_spectra.cache_clear()
    return CLAIMS[id](**inputs)
