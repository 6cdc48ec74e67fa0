"""The plumbing of the measurements in robustness/, and the short ones of them. Nothing here measures a time."""

import io
import json
import re

import numpy as np
import pytest

from explorer.errors import ImageRefused
from explorer.images.decoder import decode
from harness import ROOT, http_client
from harness.http_client import Outcome, call_endpoint
from harness.measuring import Row
from robustness import __main__ as command
from robustness import files, invalid_numbers, load, suites
from robustness.probing import probe_health
from robustness.scale import FULL, QUICK

SHORT = http_client.arguments("sampling", **http_client.SHORT_RUN, seed=7)


def test_what_a_question_can_end_in(app):
    url = app.local_url.rstrip("/")
    calls = (("number", [0.25]), ("broken", [1]), ("number", "[NaN]"))
    done, failed, refused = (call_endpoint(url, name, data) for name, data in calls)
    assert (done.kind, done.content, done.well_formed) == ("complete", "0.25", True)
    assert (failed.kind, failed.well_formed) == ("error", True)
    assert (refused.kind, refused.status, refused.well_formed) == ("refused", 400, True)
    assert call_endpoint(url, "number", [1], leave_after=lambda message: True).kind == "left"
    nobody = call_endpoint("http://127.0.0.1:1", "number", [1])
    assert nobody.kind == "lost" and not nobody.well_formed


@pytest.mark.parametrize("kind, content", [("error", None), ("error", "Traceback\n/srv/x.py"), ("lost", "x")])
def test_what_is_no_answer(kind, content):
    assert not Outcome(kind, content, 0.1).well_formed


def test_a_real_server_answers_each_of_some_users(server):
    outcome = call_endpoint(server, "sampling", SHORT)
    assert outcome.kind == "complete" and outcome.content["request"]["seed"] == 7
    with np.load(io.BytesIO(http_client.fetch_arrays(server, outcome.content))) as found:
        assert found["picture"].shape == (3, 64, 64)
    with probe_health(server) as probes:
        some = load.users(server, 3, 0.5)
    assert len(some) >= 3 and all(one.well_formed for _, one in some) and not load.crossed(some)
    assert probes and len({seed for seed, _ in some}) == len(some)


def test_a_crossed_answer_is_noticed():
    answer = lambda seed: Outcome("complete", {"request": {"seed": seed}}, 1.0)
    assert load.crossed([(1, answer(1)), (2, answer(3)), (4, Outcome("refused", "Full.", 1.0, 503))]) == 1
    lost, waiting = load.load_rows([(1, answer(1)), (2, answer(3)), (5, Outcome("lost", "x", 1.0))], 0.5, 8)
    assert lost.value == 3 and lost.verdict == "missed"  # one crossed, one lost, which is not typed either
    assert waiting.value == 1.0 and waiting.verdict == "holds"


def test_bad_numbers_get_a_sentence_in_every_call(server):
    """T9; every seventh of them here, all in make robustness."""
    calls = invalid_numbers.request_bodies()
    assert len(calls) > 300 and {name for name, _ in calls} == set(http_client.CHEAP_ARGUMENTS)
    for name, data in calls[::7]:
        outcome = call_endpoint(server, name, data)
        assert outcome.well_formed and invalid_numbers.finite(outcome.content), (name, data, outcome)
    assert not invalid_numbers.finite({"a": [float("nan")]})


def test_generated_files_are_what_they_are_said_to_be():
    for file in files.generated():
        try:
            accepted = decode(file.data).size > 0
        except ImageRefused:
            accepted = False
        assert accepted == file.accept


def test_damaged_files_raise_image_refused_alone(monkeypatch):
    assert files.mutations(60).value == 0

    def broken(data):
        raise KeyError("inside")

    monkeypatch.setattr(files, "decode", broken)
    row = files.mutations(5)
    assert row.value == 5 and row.verdict == "missed" and "KeyError: 5" in row.note


def test_suites_are_there_and_failures_are_counted(tmp_path):
    assert all((ROOT / name.split("::")[0]).is_file() for names in suites.SUITES.values() for name in names)
    (tmp_path / "test_it.py").write_text("def test_a(): pass\ndef test_b(): assert 0\n")
    assert suites.count_failures((str(tmp_path / "test_it.py"),)) == (1, 2)


def test_the_table_and_the_file(monkeypatch, tmp_path, capsys):
    def measured(group, scale):
        assert scale is QUICK
        return [Row(f"{group} in it", 1.0)] if group == "load" else original(group, scale)

    original = command.measured
    monkeypatch.setattr(command, "measured", measured)
    monkeypatch.setattr(command, "import_module", lambda name: None)  # what cannot be measured says so
    path = tmp_path / "rows.json"
    assert command.main(["--quick", "--only", "T18", "T21", "--json", str(path)]) == 1
    written, printed = json.loads(path.read_text()), capsys.readouterr().out
    assert [row["verdict"] for row in written["rows"]] == ["not measured", "reported"] and written["quick"]
    assert "T21 not measured" in printed and "failed: AttributeError" in printed


def test_every_test_that_is_asked_for_is_in_one_group():
    tests = [test for group in command.GROUPS.values() for test in group]
    expected = [*range(1, 5), *range(6, 14), *range(16, 20), *range(21, 25), 26]
    assert sorted(tests, key=lambda test: int(test[1:])) == [f"T{n}" for n in expected]
    for group, names in command.GROUPS.items():
        text = (ROOT / "robustness" / f"{group}.py").read_text()
        assert all(re.search(rf'"{name} ', text) for name in names), group
    assert FULL.load_users == 50 and FULL.load_s == 300
