"""What is installed is pinned: exact versions in the requirements, hashes in the lock, none of them known to be bad."""

import re

import pytest

from harness import ROOT

PINNED = ("requirements.txt", "requirements-dev.txt", "requirements-hub.txt", "requirements-mcp.txt")
# The first versions without the holes that are known of, and Gradio's line that the guard was written against.
LEAST = {"pillow": (12, 3), "python-multipart": (0, 0, 26), "starlette": (0, 49, 1), "torch": (2, 6)}
LOCK = (ROOT / "requirements.lock").read_text()


def lines(name):
    text = (ROOT / name).read_text()
    stripped = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("-r ")]


def locked():
    """name -> (version, hashes) of the lock."""
    found = re.findall(r"^([a-z0-9-]+)==(\S+)[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", LOCK, re.M)
    return {name: (version, hashes.count("--hash=")) for name, version, hashes in found}


@pytest.mark.parametrize("name", PINNED)
def test_every_requirement_is_at_an_exact_version(name):
    for line in lines(name):
        assert re.fullmatch(r"[a-zA-Z0-9_-]+(\[\w+\])?==\d+(\.\d+)+", line), line


def test_the_lock_has_a_hash_for_everything_but_torch():
    names = re.findall(r"^([a-zA-Z0-9._-]+)==", LOCK, re.M)
    assert len(names) > 40 and set(names) == set(locked()) and "torch" not in names
    assert all(hashes >= 1 for _, hashes in locked().values())
    assert "torch is left out" in LOCK.splitlines()[1] and not re.search(r"^nvidia", LOCK, re.M)


def test_the_lock_agrees_with_the_requirements():
    for line in lines("requirements.txt"):
        name, version = line.split("==")
        assert name == "torch" or locked()[name][0] == version, line


def test_no_version_with_known_holes():
    versions = {name: version for name, (version, _) in locked().items()}
    versions |= dict(line.split("==") for line in lines("requirements.txt"))
    for name, least in LEAST.items():
        assert tuple(map(int, versions[name].split("."))) >= least, name
    assert versions["gradio"].startswith("6.31.")
