"""Imports run one way: core <- weights, backends <- engine -> api <- figures; only the interface knows Gradio."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import ROOT

PACKAGE = ROOT / "explorer"
# What a part of the package may import of the package itself; the core, nothing.
ALLOWED = {
    "core": {"core"},
    "images": {"background", "containers"},
    "containers": set(),
    "background": set(),
    "memory": set(),
    "examples": {"images"},
    "api": {"core", "api"},
    "backends": {"background", "core", "backends"},
    "weights": {"core"},
    "family": {"core", "weights"},
    "hub": {"core", "weights", "hub"},
    "engine": {"core", "api", "backends", "family", "hub", "weights", "images", "examples", "engine"},
    "figures": {"api", "figures", "core"},
    "export": {"api", "core", "export"},
    "claims": {"core", "weights", "family", "images", "examples", "claims"},
    "datasets": {"images"},
    "train": {"core", "datasets", "family", "images", "weights", "backends", "train"},
    "evaluate": {"core", "datasets", "family", "images", "weights", "backends", "train", "evaluate"},
    "ui": {"api", "core", "family", "engine", "export", "figures", "images", "examples", "memory", "ui", "claims"},
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported(path):
    """(top-level package, part of explorer or None) of every import in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module] if node.module != "explorer" else [f"explorer.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            yield parts[0], parts[1] if parts[0] == "explorer" and len(parts) > 1 else None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for package, inner in imported(path):
        assert inner is None or inner in ALLOWED[part], f"{path.name} imports explorer.{inner}"
        assert package != "gradio" or part == "ui"
        assert package != "plotly" or part in ("ui", "figures")
        assert package != "torchvision"
        if part == "core":
            assert package in {"torch", "numpy", "scipy", "explorer"} | sys.stdlib_module_names


def test_the_evaluation_uses_nothing_of_the_training_but_its_sample_sheets():
    lines = [line for path in (PACKAGE / "evaluate").glob("*.py") for line in path.read_text().splitlines()]
    assert {line.split(" import")[0] for line in lines if "explorer.train" in line} == {"from explorer.train.sheet"}


def test_the_engine_loads_neither_gradio_nor_plotly():
    code = "import sys, explorer.engine; print([m for m in ('gradio', 'plotly', 'playwright') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


SOURCES = [*MODULES, *sorted(PACKAGE.rglob("*.js")), ROOT / "app.py"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: Path(path).name)
def test_modules_are_small(path):
    assert len(path.read_text().splitlines()) <= 300
