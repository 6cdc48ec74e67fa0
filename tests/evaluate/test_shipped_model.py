"""The shipped network knows more than a spectrum: it beats the Wiener filter at every noise level."""

import os
from pathlib import Path

import pytest
import torch

from explorer import datasets, examples, weights
from explorer.evaluate import mean_squared_errors
from explorer.images import decoder
from harness import ROOT

SIGMAS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
DATA = Path(os.environ.get("EXPLORER_DATA", ROOT.parent / "shared" / "data"))


def assert_beats_wiener(x0, label):
    with torch.inference_mode():
        network = mean_squared_errors(weights.load("scenes"), x0, SIGMAS, label)
        wiener = mean_squared_errors(weights.load("wiener"), x0, SIGMAS, None)
    for sigma, ours, theirs in zip(SIGMAS, network, wiener, strict=True):
        assert ours < theirs, f"at sigma {sigma}: {ours:.5f} against {theirs:.5f}"


def test_on_pictures_that_are_shipped_but_were_never_trained_on():
    unseen = [decoder.to_data(decoder.fit(examples.load(name), 64)) for name in ("cat", "bricks")]
    assert_beats_wiener(torch.stack([torch.from_numpy(x) for x in unseen for _ in range(4)]), None)


@pytest.mark.skipif(not (DATA / "catfaces64.tar").exists(), reason=f"no pictures in {DATA} (EXPLORER_DATA names them)")
def test_on_held_out_pictures():
    x0, label = (torch.from_numpy(a) for a in datasets.held_out(DATA, 64, 48))
    assert_beats_wiener(x0, label)
