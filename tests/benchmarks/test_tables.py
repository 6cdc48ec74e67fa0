"""The plumbing of the benchmarks: rounds, rows, table and file. Nothing here measures a time."""

import importlib
import json
import sys

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import overhead, peers, rapsd
from explorer.core.spectra.radial import rapsd as ours
from harness import ROOT, machine, measuring
from harness.measuring import Bar, Row

AT_LEAST, AT_MOST = Bar(2.0, at_least=True), Bar(2.0, at_least=False)


@pytest.mark.parametrize(
    ("value", "bar", "verdict"),
    [(2.0, AT_LEAST, "holds"), (1.9, AT_LEAST, "missed"), (2.0, AT_MOST, "holds"), (2.1, AT_MOST, "missed"),
     (9.0, None, "reported"), (None, AT_MOST, "not measured"), (float("nan"), AT_LEAST, "missed")],
)  # fmt: skip
def test_verdicts(value, bar, verdict):
    assert Row("speed", value, bar=bar).verdict == verdict


def test_contenders_take_turns_after_one_unmeasured_call():
    called = []
    taken = {"a": iter([9.0, 1.0, 2.0, 3.0]), "b": iter([9.0, 10.0, 20.0, 30.0])}
    contenders = {name: lambda name=name: (called.append(name), next(taken[name]))[1] for name in taken}
    seconds = measuring.interleaved(contenders, 3)
    assert "".join(called) == "ab" + "ab" + "ba" + "ab"
    assert seconds["a"].tolist() == [1.0, 2.0, 3.0] and seconds["b"].tolist() == [10.0, 20.0, 30.0]


def test_a_row_has_the_median_and_the_spread():
    row = measuring.spread("speed", np.array([3.0, 1.0, 2.0]), bar=AT_LEAST)
    assert (row.value, row.low, row.high, row.verdict) == (2.0, 1.0, 3.0, "holds")


def test_a_slot_is_filled_with_calls_and_their_median_taken(monkeypatch):
    clock = iter([0.0, 1.0, 1.0, 4.0, 4.0, 6.0])  # calls of 1, 3 and 2 seconds
    monkeypatch.setattr(measuring.time, "process_time", lambda: next(clock))
    assert measuring.cpu(lambda: None, slot=5.0)() == 2.0


def test_one_benchmark_prints_its_table_and_a_line_of_json(capsys, tmp_path):
    asked, rows = [], [Row("speed", 3.0, bar=AT_LEAST, note="so it is"), Row("peer", note="not here")]
    measuring.main(lambda quick: asked.append(quick) or rows, "text", ["--quick", "--json", str(tmp_path / "rows")])
    *table, line = capsys.readouterr().out.strip().splitlines()
    assert asked == [True] and json.loads(line) == json.loads((tmp_path / "rows").read_text())
    assert [entry["verdict"] for entry in json.loads(line)] == ["holds", "not measured"]
    assert len(table) == 5 and "speed" in table[1] and ">= 2" in table[1] and "so it is" in table[2]


def test_every_benchmark_can_be_run_alone_and_in_the_table():
    for name in command.BENCHMARKS:
        module = importlib.import_module(f"benchmarks.{name}")
        assert callable(module.measure) and f"python -m benchmarks.{name}:" in module.__doc__


WORKING = "rows", [Row("speed", 3.0, "x", 2.5, 3.5, AT_LEAST, "so it is")]


def stand_ins(monkeypatch, tmp_path):
    """A working and a failing benchmark in place of the real ones, as modules of their own processes."""
    fields = json.dumps([row.fields for row in WORKING[1]])
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").touch()
    written = f"import sys\nopen(sys.argv[sys.argv.index('--json') + 1], 'w').write({fields!r})\n"
    (tmp_path / "benchmarks" / "good.py").write_text(written)
    (tmp_path / "benchmarks" / "bad.py").write_text("raise ValueError('no such luck')\n")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "BENCHMARKS", ("good", "bad"))


def test_the_whole_table_with_one_benchmark_that_fails(monkeypatch, tmp_path, capsys):
    stand_ins(monkeypatch, tmp_path)
    path = tmp_path / "results" / "processor.json"
    assert command.main(["--json", str(path)]) == 1
    printed, written = capsys.readouterr().out, json.loads(path.read_text())
    assert "ValueError: no such luck" in printed and "so it is" in printed
    assert written["rows"]["good"] == [WORKING[1][0].fields]
    assert written["rows"]["bad"][0]["verdict"] == "not measured"
    assert written["machine"]["cores"] >= 1 and not written["quick"]


def test_a_quick_run_writes_nothing_by_itself(monkeypatch, tmp_path):
    stand_ins(monkeypatch, tmp_path)
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results")
    command.main(["--quick"])
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("name", "file"),
    [("AMD EPYC 9575F 64-Core Processor", "amd-epyc-9575f"), ("AMD EPYC", "amd-epyc"), ("()", "unknown"),
     ("Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz", "intel-xeon-platinum-8481c"), ("../a/b", "a-b")],
)  # fmt: skip
def test_a_processor_gives_a_file_name(name, file):
    assert machine.simplified(machine.model_name(f"cpu family\t: 6\nmodel name\t: {name}\n")) == file


def test_the_null_model_is_called_as_often_by_ours_as_by_others():
    for sampler, calls in (("euler", overhead.STEPS), ("heun", 2 * overhead.STEPS - 1)):
        for name in overhead.contenders(sampler, 1, null := overhead.Null(1)):
            before = null.calls
            overhead.contenders(sampler, 1, null)[name]()
            assert null.calls - before == calls, (sampler, name)


def test_overhead_without_a_peer_is_reported(monkeypatch):
    monkeypatch.setattr(peers, "installed", lambda name: False)
    rows = overhead.measure(quick=True)
    assert len(rows) == 6
    assert all(row.verdict == "reported" and row.value > 0 and "no peer" in row.note for row in rows)


def test_all_spectra_that_are_compared_agree():
    x, methods = rapsd.textures(2, 16), rapsd.contenders()
    for name in methods.keys() & {"ours", "numpy recipe", "scipy rfft2"}:
        assert np.allclose(methods[name](x).reshape(6, -1), ours(x).reshape(6, -1), rtol=1e-4), name
    if "pysteps" in methods:  # without the last annulus, 0.5 cycles per pixel
        assert np.allclose(methods["pysteps"](x), ours(x).reshape(6, -1)[:, :-1], rtol=1e-4)


def test_peers_leave_no_stand_in_behind():
    with peers._without_torchvision():
        assert "torchvision" in sys.modules
    assert "torchvision" not in sys.modules


def test_the_environment_of_the_peers_is_pinned():
    text = (ROOT / "benchmarks/without-dependencies.txt").read_text()
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    assert all("==" in line for line in lines if line) and any(lines)
