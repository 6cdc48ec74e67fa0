"""The scripts of examples/: each runs, and prints figures that can be right."""

import re

import numpy as np
import pytest
from PIL import Image

from examples import compare_samplers, equivalent_filters, hub_model, picture_spectrum
from explorer.core.samplers import SAMPLERS
from harness import ROOT
from tests.support import hub_stub


def test_more_noise_buries_larger_features(capsys):
    assert picture_spectrum.main([]) == 0
    sizes = [float(size) for size in re.findall(r"([\d.]+) pixels", capsys.readouterr().out)]
    assert len(sizes) == 7 and sizes == sorted(sizes) and 1 <= sizes[0] < 2 < 30 < sizes[-1]


@pytest.mark.parametrize("file", ["README.md", "no-such-file.png"])
def test_a_file_that_is_no_picture_gets_one_line(file, capsys):
    assert picture_spectrum.main([file]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 1 and file in printed.err


def test_every_sampler_makes_a_picture(tmp_path, capsys):
    assert compare_samplers.main([str(tmp_path / "samplers.png")], steps=2, reference_steps=3) == 0
    table = capsys.readouterr().out.splitlines()[1:-1]
    assert len(table) == len(SAMPLERS)
    calls = [int(re.search(r" (\d+) +[\d.]+ +[\d.]+", line)[1]) for line in table]
    assert calls[:3] == [2, 3, 2]  # Euler, Heun without a second call at the end, DPM-Solver++
    assert Image.open(tmp_path / "samplers.png").size == (64 * len(SAMPLERS), 64)


def test_filters_widen_with_the_noise_and_keep_the_mean(tmp_path, capsys):
    assert equivalent_filters.main([str(tmp_path / "filters.png")]) == 0
    rows = re.findall(r"([\d.]+) pixels +(-?[\d.]+) +([\d.]+)", capsys.readouterr().out)
    widths, centres, sums = np.array(rows, dtype=float).T
    assert len(widths) == 6 and (np.diff(widths) > 0).all() and (np.diff(centres) < 0).all()
    assert np.abs(sums - 1).max() < 0.1
    assert Image.open(tmp_path / "filters.png").size == (64 * len(widths), 64)


def test_the_filter_of_a_known_denoiser_is_its_kernel():
    x = equivalent_filters.white((3, 16, 16), 0, "test")
    row = equivalent_filters.jacobian_row(lambda x, sigma: 0.5 * x + 0.25 * x.roll(1, -1), x, 1.0, (8, 8))
    assert row[8, 8] == 0.5 and row[8, 7] == 0.25 and row.count_nonzero() == 2
    assert equivalent_filters.width(row, (8, 8)) == pytest.approx((0.25**2 / (0.5**2 + 0.25**2)) ** 0.5)


def test_a_model_of_the_hub_is_measured_beside_the_wiener_filter(tmp_path, monkeypatch, capsys):
    hub_stub.saved(tmp_path / "model")
    with hub_stub.serving(tmp_path / "model") as stub:
        fetch = hub_model.hub.load
        monkeypatch.setattr(hub_model.hub, "load", lambda spec: fetch(spec, cache=tmp_path, endpoint=stub.url))
        assert hub_model.main([hub_stub.SPEC]) == 0
    table = np.array(re.findall(r"([\d.]+) +([\d.]+) +([\d.]+)$", capsys.readouterr().out, re.M), dtype=float)
    assert list(table[:, 0]) == list(hub_model.SIGMAS)
    assert (np.diff(table[:, 2]) > 0).all() and (table[:, 1] > table[:, 2]).all()  # the stub's model was never trained


@pytest.mark.parametrize("options", [[], ["nonsense"], ["hub:somebody/tiny@main"], ["a", "b"]], ids=str)
def test_what_names_no_model_gets_one_line(options, capsys):
    assert hub_model.main(options) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 1


def test_a_hub_that_cannot_be_reached_gets_one_line(tmp_path, monkeypatch, capsys):
    fetch = hub_model.hub.load
    gone = "http://127.0.0.1:9"  # discard: nobody listens
    monkeypatch.setattr(hub_model.hub, "load", lambda spec: fetch(spec, cache=tmp_path, endpoint=gone))
    assert hub_model.main([hub_stub.SPEC]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 1 and "could not be fetched" in printed.err


def test_every_script_says_how_to_run_it():
    for path in (ROOT / "examples").glob("*.py"):
        assert path.read_text().startswith(f'"""python -m examples.{path.stem}')
