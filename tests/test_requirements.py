"""What is installed is pinned: exact versions in the requirements, hashes in the lock, none of them known to be bad."""

import re
import tomllib

import pytest

from harness import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
EXACT = r"[a-zA-Z0-9_-]+(\[\w+\])?==\d+(\.\d+)+"
# The first versions without the holes that are known of, and Gradio's line that the guard was written against.
LEAST = {"pillow": (12, 3), "python-multipart": (0, 0, 26), "starlette": (0, 49, 1), "torch": (2, 6)}
LOCK = (ROOT / "requirements.lock").read_text()


def requirements():
    stripped = (line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines())
    return [line for line in stripped if line]


def locked():
    """name -> (version, hashes) of the lock."""
    found = re.findall(r"^([a-z0-9-]+)==(\S+)[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", LOCK, re.M)
    return {name: (version, hashes.count("--hash=")) for name, version, hashes in found}


def test_every_requirement_is_at_an_exact_version():
    assert len(requirements()) > 8
    for line in [*requirements(), *PROJECT["build-system"]["requires"]]:
        assert re.fullmatch(EXACT, line), line


@pytest.mark.parametrize("extra", ["hub", "mcp", "cluster", "bench", "dev"])
def test_every_extra_is_at_exact_versions(extra):
    ours = re.compile(r"noise-scale-explorer\[(\w+(?:,\w+)*)\]")  # an extra that brings others along
    for line in EXTRAS[extra]:
        others = ours.fullmatch(line)
        assert re.fullmatch(EXACT, line) or others and set(others[1].split(",")) < set(EXTRAS), line


def test_what_builds_the_wheel_is_what_its_test_builds_it_with():
    assert set(PROJECT["build-system"]["requires"]) <= set(EXTRAS["dev"])


def test_the_lock_has_a_hash_for_everything_but_torch():
    names = re.findall(r"^([a-zA-Z0-9._-]+)==", LOCK, re.M)
    assert len(names) > 40 and set(names) == set(locked()) and "torch" not in names
    assert all(hashes >= 1 for _, hashes in locked().values())
    assert "torch is left out" in LOCK.splitlines()[1] and not re.search(r"^nvidia", LOCK, re.M)


def test_the_lock_agrees_with_the_requirements():
    for line in requirements():
        name, version = line.split("==")
        assert name == "torch" or locked()[name][0] == version, line


def test_no_version_with_known_holes():
    versions = {name: version for name, (version, _) in locked().items()}
    versions |= dict(line.split("==") for line in requirements())
    for name, least in LEAST.items():
        assert tuple(map(int, versions[name].split("."))) >= least, name
    assert versions["gradio"].startswith("6.31.")
