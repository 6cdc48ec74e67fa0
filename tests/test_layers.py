"""Imports run one way, from the interface down to the mathematics, never in a circle; only the interface knows Gradio.

core <- weights, images, hub, inference <- engine -> schemas <- permalinks, figures, export
server <- ui.players <- ui.streaming <- ui.sections <- ui.tabs <- ui.app <- serve <- command_line
"""

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from harness import ROOT

RESULTS = {"core", "schemas"}  # what draws or writes results knows of the project
WIDGETS = {"core", "engine", "examples", "images", "schemas", "server"}
SECTIONS = {*WIDGETS, "autoencoders", "export", "figures", "ui.players", "ui.streaming", "ui.widgets"}
# What each part of the package may import of the package besides itself.
ALLOWED = {
    "errors": set(),
    "thread_priority": set(),
    "core": set(),
    "weights": {"core", "errors"},
    "autoencoders": {"core", "errors", "weights"},
    "images": {"errors", "thread_priority"},
    "examples": {"images"},
    "hub": {"core", "errors", "weights"},
    "inference": {"core", "errors", "thread_priority"},
    "schemas": {"core", "errors"},
    "permalinks": {*RESULTS, "errors"},
    "figures": RESULTS,
    "export": RESULTS,
    "engine": {"autoencoders", "core", "errors", "examples", "hub", "images", "inference", "schemas", "weights"},
    "claims": {"autoencoders", "core", "engine", "examples", "images", "weights"},
    "datasets": {"errors", "images"},
    "train": {"autoencoders", "core", "datasets", "errors", "images", "inference", "weights"},
    "evaluate": {"autoencoders", "core", "datasets", "errors", "images", "inference", "train", "weights"},
    "server": {"engine", "errors", "images", "schemas"},
    "ui.players": {"autoencoders", "core", "figures", "schemas", "server"},
    "ui.streaming": {"engine", "errors", "schemas", "server", "ui.players"},
    "ui.widgets": {*WIDGETS, "errors", "ui.players", "ui.streaming"},
    "ui.sections": {*SECTIONS, "errors"},
    "ui.permalinks": {"autoencoders", "examples", "permalinks", "schemas", "ui.players"},
    "ui.http_api": {"autoencoders", "core", "engine", "errors", "images", "schemas", "server", "ui.streaming"},
    "ui.tabs": {*SECTIONS, "errors", "ui.sections"},
    "ui.theme": {"figures", "ui.players"},
    "ui.app": {"engine", "examples", "schemas", "server", "ui.http_api", "ui.permalinks", "ui.tabs", "ui.theme"},
    "serve": {"engine", "errors", "server", "ui.app", "ui.players", "ui.streaming", "ui.theme"},
    "command_line": {"engine", "errors", "hub", "inference", "schemas", "serve", "server", "weights"},
}
GRADIO = ("server", "serve", *(part for part in ALLOWED if part.startswith("ui.")))
PACKAGES = ("explorer", "harness", "benchmarks", "robustness", "tests")


def sources(*folders):
    """Every Python file below these folders of the repository, by its dotted name."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


MODULES = sources(*PACKAGES)


def imported(name):
    """Dotted names of the modules that a module imports, its own package's and others'."""
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (full if full in MODULES else node.module for full in whole)


IMPORTS = {name: set(imported(name)) for name in MODULES}


def part(name):
    """The row of ALLOWED that a module of explorer belongs to, '' for the package itself."""
    pieces = name.split(".")[1:]
    return ".".join(pieces[:2] if pieces[:1] == ["ui"] else pieces[:1])


EXPLORER = [name for name in MODULES if name.startswith("explorer.") and name != "explorer.ui"]


@pytest.mark.parametrize("name", EXPLORER)
def test_a_module_imports_only_what_lies_below_it(name):
    assert part(name) in ALLOWED, f"{name} is in a part of the package that has no row"
    for other in IMPORTS[name]:
        if other.startswith("explorer."):
            assert part(other) in {*ALLOWED[part(name)], part(name)}, f"{name} imports {other}"
        package = other.split(".")[0]
        assert package not in ("torchvision", "tests", "harness", "benchmarks", "robustness")
        assert package != "gradio" or part(name) in GRADIO
        assert package != "plotly" or part(name) == "figures" or part(name).startswith("ui.")
        if part(name) == "core":
            assert package in {"torch", "numpy", "scipy", "explorer"} | sys.stdlib_module_names


def test_every_row_names_a_part_that_exists():
    assert set(ALLOWED) == {part(name) for name in EXPLORER}


def test_no_arrow_between_parts_runs_up():
    assert circle(ALLOWED) == []
    assert set().union(*ALLOWED.values()) <= set(ALLOWED)


def test_no_imports_run_in_a_circle():
    assert circle({name: {other for other in IMPORTS[name] if other in MODULES} for name in MODULES}) == []


def circle(arrows):
    """The names of one circle of arrows, [] where there is none."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_a_circle_is_found():
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}


@pytest.mark.parametrize("package", ["harness", "benchmarks", "robustness"])
def test_what_measures_stands_apart(package):
    others = {other for other in PACKAGES if other not in ("explorer", "harness", package)}
    for name in MODULES:
        if name.split(".")[0] == package:
            assert not {other.split(".")[0] for other in IMPORTS[name]} & others, name


def test_no_test_module_imports_another():
    helpers = {name for name in MODULES if name.startswith("tests.support")}
    for name in MODULES:
        if name.startswith("tests."):
            assert {other for other in IMPORTS[name] if other.split(".")[0] == "tests"} <= helpers, name


def test_tests_lie_where_what_they_test_does():
    for path in (ROOT / "tests").rglob("test_*.py"):
        folder = path.parent.relative_to(ROOT / "tests")
        assert (ROOT / "explorer" / folder).is_dir() or (ROOT / folder).is_dir(), path


def test_tests_wait_for_what_they_need_and_not_for_a_time():
    """What stands for something slow, or waits for a time that is the thing under test, says so beside it."""
    waits = re.compile(r"\bsleep\(|wait_for_timeout\(")
    for path in (ROOT / "tests").rglob("*.py"):
        if path not in (Path(__file__), ROOT / "tests" / "support" / "waiting.py"):
            for line in path.read_text().splitlines():
                assert not waits.search(line) or "#" in line, f"{path.name}: {line.strip()}"


def test_the_evaluation_uses_nothing_of_the_training_but_its_sample_sheets():
    found = {other for name in MODULES if name.startswith("explorer.evaluate") for other in IMPORTS[name]}
    assert {other for other in found if other.startswith("explorer.train")} == {"explorer.train.sample_sheet"}


def test_the_engine_loads_neither_gradio_nor_plotly():
    code = "import sys, explorer.engine; print([m for m in ('gradio', 'plotly', 'playwright') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


SOURCES = [*sources("explorer", "harness", "benchmarks", "robustness").values(), *(ROOT / "explorer").rglob("*.js")]


@pytest.mark.parametrize("path", [*SOURCES, ROOT / "app.py"], ids=lambda path: Path(path).name)
def test_modules_are_small(path):
    assert "vendor" in path.parts or len(path.read_text().splitlines()) <= 300
