"""The wheel: built and installed, its command serves the page with weights and examples from any folder."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from gradio_client import Client

from explorer import examples, weights
from harness import ROOT
from harness.server_process import Server

pytestmark = [pytest.mark.server, pytest.mark.slow]
TIMEOUT_S = 300


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def data_files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {
        path.relative_to(folder).as_posix() for path in folder.rglob("__pycache__/*")
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT))
    (path,) = folder.glob("noise_scale_explorer-*-py3-none-any.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A virtual environment with the wheel installed, which finds what it needs where this Python finds it."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True, with_pip=False)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index", str(wheel))
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "shared.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return folder


def test_the_wheel_holds_every_file_of_the_package_and_the_weights(wheel):
    files = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    package = {f"explorer/{name}" for name in data_files(ROOT / "explorer")}
    assert files == package | {f"explorer/_weights/{name}" for name in data_files(ROOT / "weights")}
    assert {"explorer/py.typed", "explorer/ui/page.css", "explorer/examples/cat.jpg"} < files


def test_the_wheel_needs_what_requirements_txt_lists(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode().split("\n\n")[0].splitlines()
    needed = {
        line.removeprefix("Requires-Dist: ") for line in metadata if "Requires-Dist" in line and "extra" not in line
    }
    lines = (line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines())
    assert needed == {line for line in lines if line}
    assert {f"Provides-Extra: {extra}" for extra in ("hub", "mcp", "cluster", "bench", "dev")} <= set(metadata)


def test_the_source_archive_holds_what_the_wheel_is_built_from(tmp_path):
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path), cwd=ROOT)
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "requirements.txt", "README.md", "LICENSE", "app.py", "tests/test_package.py"} < files
    assert {f"explorer/{name}" for name in data_files(ROOT / "explorer")} < files
    assert {f"weights/{name}" for name in data_files(ROOT / "weights")} < files


def test_the_command_serves_page_weights_and_examples_from_another_folder(environment, tmp_path):
    command = environment / "bin" / "noise-scale-explorer"
    variables = {"PYTHONPATH": "", "PYTHONSAFEPATH": "1"}
    options = ("--device", "cpu", "--dtype", "float32")
    with Server(*options, checkout=tmp_path, environment=variables, program=[str(command)]) as server:
        client = Client(server.url, verbose=False)
        picture = client.predict(picture="cat", model="network", size=64, levels=2, api_name="/noising")
        assert picture["request"]["picture"] == "cat" and picture["request"]["model"] == "network"
        members = client.predict(picture="dogs", api_name="/line_up")["members"]
        assert len(members) >= 25
        assert server.status("/?v=1&view=sampling") == 200
        maps = Path(f"/proc/{server.process.pid}/cwd")
        assert not maps.exists() or maps.resolve() == tmp_path
    assert not list(tmp_path.iterdir())


def test_the_installed_package_uses_its_own_weights_and_examples(environment, tmp_path):
    code = (
        "from explorer import examples, weights; print(weights.FOLDER); print(examples.FOLDER); print(*weights.names())"
    )
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    printed = run(str(environment / "bin" / "python"), "-c", code, cwd=tmp_path, env=variables).splitlines()
    assert all(Path(folder).is_relative_to(environment) for folder in printed[:2])
    assert printed[2].split() == weights.names() and weights.FOLDER == ROOT / "weights"
    assert examples.FOLDER == ROOT / "explorer" / "examples"


def test_a_bad_option_of_the_command_gets_one_line(environment, tmp_path):
    command = str(environment / "bin" / "noise-scale-explorer")
    result = subprocess.run([command, "--port", "0"], cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert result.returncode == 2 and result.stderr.startswith("noise-scale-explorer: ")
    assert len(result.stderr.splitlines()) == 1
