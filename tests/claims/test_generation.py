"""C02: it holds for samples as strong as real pictures and an evaluation of these weights that says so, or not."""

import json

import numpy as np
import pytest
import torch

from explorer import weights
from explorer.claims.generation import CAT_LABEL, LABELS, generated
from explorer.claims.residual import wiener_filter
from explorer.core.denoisers.wiener import Wiener
from explorer.core.noise import white_batch
from explorer.core.spectra.radial import counts
from tests.support.verdicts import shipped

WIENER = wiener_filter()
SHA256 = weights.card("scenes")["sha256"]
OCTAVES = ["64 to 32", "32 to 16", "16 to 8", "8 to 4", "4 to 2"]


def evaluation(sha256=SHA256, octaves=(0.9, -0.9, 0.0, 0.5, -0.5), median=0.35, low=0.2):
    held_out = {"median": 0.34, "5th percentile": 0.2}
    nearest = {"samples": {"median": median, "5th percentile": low}, "held out": held_out}
    return {"sha256": sha256, "generation": {"samples": 512, "octaves_db": list(octaves), "nearest": nearest}}


def drawn(found):
    return [found.measured[f"drawn here, waves of {name} pixels, dB"] for name in OCTAVES]


def identity(x, sigma, label=None):
    return x


def blind(x, sigma, label=None):
    return WIENER(x, 0.5)


def black(x, sigma, label=None):
    return 1e-3 * WIENER(x, sigma)


def test_holds_for_the_wiener_filter_on_its_own_spectrum():
    found = generated(denoiser=WIENER, evaluation=evaluation())
    assert found.holds
    # what eighteen steps of Heun's method make of each frequency, which is no more than the samples' scatter
    assert drawn(found) == pytest.approx([0.19, 0.28, 0.39, 0.51, 0.66], abs=0.5)
    assert drawn(found)[3:] == pytest.approx([0.51, 0.66], abs=0.08)


@pytest.mark.parametrize("denoiser", [identity, blind, black, Wiener(1.7 * WIENER.psd), Wiener(WIENER.psd / 1.7)])
def test_samples_too_strong_or_too_weak(denoiser):
    found = generated(denoiser=denoiser, evaluation=evaluation())
    assert not found.holds
    assert found.measured["of these at least, dB"] > 1


@pytest.mark.parametrize(
    "record",
    [
        evaluation(octaves=(0.0, 0.0, 0.0, 0.0, 1.01)),
        evaluation(octaves=(-1.01, 0.0, 0.0, 0.0, 0.0)),
        evaluation(median=0.33),
        evaluation(low=0.19),
    ],
)
def test_an_evaluation_that_says_otherwise(record):
    assert not generated(denoiser=WIENER, evaluation=record).holds


@pytest.mark.parametrize("record", [{}, {"sha256": SHA256}, evaluation(sha256="0" * 64)])
def test_no_evaluation_of_these_weights(record):
    found = generated(denoiser=WIENER, evaluation=record)
    assert not found.holds
    assert found.measured["evaluations of these weights"] == 0
    assert not any("evaluated" in what or "nearest" in what for what in found.measured)


def test_the_shipped_evaluation_is_read_from_beside_the_weights():
    record = json.loads((weights.FOLDER / "scenes.evaluation.json").read_text())
    found = shipped("C02").measured
    assert found["evaluations of these weights"] == (record["sha256"] == SHA256)
    if record["sha256"] == SHA256:
        octaves = [found[f"evaluated, waves of {name} pixels, dB"] for name in OCTAVES]
        assert octaves == record["generation"]["octaves_db"]


def test_decibels_are_of_the_samples_over_the_training_pictures():
    sample = white_batch((3, 64, 64), 0, "white", range(28))
    found = generated(denoiser=lambda x, sigma, label: sample.to(x), evaluation=evaluation())
    psd, n = weights.state_dict("wiener")["psd"].double().mean(0).numpy(), counts(64, 64)
    rings = [slice(1, 2), slice(2, 4), slice(4, 8), slice(8, 16), slice(16, 33)]
    expected = [-10 * np.log10(n[ring] @ psd[ring] / n[ring].sum()) for ring in rings]
    assert drawn(found) == pytest.approx(expected, abs=0.7)
    assert drawn(found)[2:] == pytest.approx(expected[2:], abs=0.1)


def test_samples_are_told_classes_in_the_mix_of_the_training_pictures():
    classes = weights.card("scenes")["classes"]
    assert classes[CAT_LABEL] == "cat face" and len(classes) == CAT_LABEL + 2  # the last is "any"
    each = torch.bincount(LABELS).tolist()
    assert sum(each) == 28 and each[CAT_LABEL] / 28 == pytest.approx(8527 / (8527 + 9798), abs=0.005)
    assert set(each[:CAT_LABEL]) == {2, 3}
    told = []
    generated(denoiser=lambda x, sigma, label: told.append(label) or WIENER(x, sigma), evaluation=evaluation())
    assert all(torch.equal(label, LABELS) for label in told)
