"""The command that puts faults into a copy of the code, on a package of its own with one good and one weak test."""

import ast
import subprocess
import sys

import pytest

from harness import ROOT
from harness.mutation.operators import Fault, faults
from harness.mutation.selection import COVERING, covering_tests, drawn_faults, listed_faults, mutated_modules

SOURCE = '''"""A module."""

LIMIT = 10


def clipped(value: int, low: int = 0) -> int:
    """Nothing here changes: "a < b"."""
    if value < low:
        raise ValueError("below 3" + str(1 + 2))
    return min(value, LIMIT)


def shifted(value: float) -> float:
    with LOCK:
        return value + 0.5
'''
TEST = """from explorer.core.tiny import clipped

def test_clipped():
    assert clipped(10) == 10 and clipped(11) == 10 and clipped(3) == 3 and clipped(0) == 0
"""


@pytest.fixture
def repository(tmp_path):
    for path, text in {
        "explorer/core/tiny.py": SOURCE,
        "explorer/__init__.py": "",
        "explorer/core/__init__.py": "",
        "tests/core/test_tiny.py": TEST,
        "faults.toml": """
[[fault]]
id = "limit"
file = "explorer/core/tiny.py"
old = "LIMIT  =  10"
new = "LIMIT = 11"

[[fault]]
id = "shift"
file = "explorer/core/tiny.py"
old = "return value + 0.5"
new = "return value"

[[fault]]
id = "gone"
file = "explorer/core/tiny.py"
old = "no such line"
new = ""
""",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def found(*kinds):
    return {(f.old.strip(), f.new.strip()) for f in faults("tiny.py", SOURCE) if not kinds or f.kind in kinds}


def test_faults_are_those_of_a_slip_on_one_line():
    assert found("comparison") == {("if value < low:", f"if value {sign} low:") for sign in ("<=", ">")}
    assert found("arithmetic") == {("return value + 0.5", "return value - 0.5")}
    assert found("opposite function") == {("return min(value, LIMIT)", "return max(value, LIMIT)")}
    assert found("condition removed") == {("if value < low:", "if False:")}
    assert found("setting", "default") == {
        ("LIMIT = 10", "LIMIT = 20"),
        ("def clipped(value: int, low: int = 0) -> int:", "def clipped(value: int, low: int = 1) -> int:"),
    }
    assert found("lock removed") == {("with LOCK:", "if True:")}
    assert found("another value returned") == {("return min(value, LIMIT)", "return value")}


def test_texts_and_messages_are_left_alone_and_every_fault_compiles():
    for fault in faults("tiny.py", SOURCE):
        assert "raise" not in fault.old and '"""' not in fault.old
        lines = SOURCE.splitlines()
        assert lines[fault.line - 1] == fault.old
        ast.parse("\n".join([*lines[: fault.line - 1], fault.new, *lines[fault.line :]]))


def test_the_draw_is_the_seeds(repository):
    assert mutated_modules(repository, "*/tiny.py") == ["explorer/core/tiny.py"]
    all_lines = drawn_faults(repository, 1, 100)
    assert len({fault.line for fault in all_lines}) == len(all_lines) == 6
    assert drawn_faults(repository, 1, 2) == drawn_faults(repository, 1, 2) == all_lines[:2]
    assert drawn_faults(repository, 2, 6) != all_lines


def test_listed_faults_are_found_by_their_text_and_stale_ones_are_named(repository):
    listed, stale = listed_faults(repository, repository / "faults.toml")
    assert listed[0] == Fault("explorer/core/tiny.py", 3, "LIMIT = 10", "LIMIT = 11", "limit")
    assert listed[1].new == "        return value" and len(listed) == 2
    assert len(stale) == 1 and stale[0].startswith("gone: 0 lines")


def test_the_command_names_what_no_test_notices_and_changes_nothing(repository):
    command = [sys.executable, "-m", "harness.mutation", "--root", repository, "--preload"]
    run = lambda *more: subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, timeout=120)
    result = run("--listed", "--list-file", repository / "faults.toml")
    assert result.returncode == 1, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("no longer applies  gone")
    assert lines[1].startswith("failed") and lines[2].startswith("UNNOTICED")
    assert "1 of 2 faults noticed, 50%" in result.stdout and "`return value + 0.5` -> `return value`" in lines[-1]
    assert (repository / "explorer/core/tiny.py").read_text() == SOURCE


@pytest.mark.parametrize("path", mutated_modules(ROOT))
def test_every_module_has_tests_that_cover_it(path):
    assert path.endswith("__init__.py") or covering_tests(ROOT, path)


def test_every_entry_of_the_table_names_tests_that_exist():
    for tests in COVERING.values():
        assert all((ROOT / test).exists() for test in tests)
    listed, stale = listed_faults(ROOT)
    assert all(covering_tests(ROOT, fault.path) for fault in listed)
    assert len(stale) <= 6, stale  # refresh listed.toml
