"""The command line: everything that can go wrong with it is said in one line."""

import socket
import sys

import pytest

from tests.support.warm_start import run_cold, run_warm


def test_help_lists_every_option():
    result = run_cold("app.py", "--help")
    assert result.returncode == 0
    named = "host port share device dtype compile model largest-side cluster replicas"
    for option in named.split():
        assert f"--{option}" in result.stdout


@pytest.mark.parametrize(
    "options",
    [("--nonsense",), ("--port", "abc"), ("--port", "70000"), ("--device", "abacus"), ("--dtype", "int3"),
     ("--largest-side", "100"), ("--model", "nothing-here"), ("--model", "../app"),
     ("--replicas", "2"), ("--cluster", "auto", "--replicas", "4-2")],
    ids=" ".join,
)  # fmt: skip
def test_a_bad_option_gets_one_line(options):
    result = run_warm("app.py", *options)
    assert result.returncode == 2 and result.stderr.startswith("app.py: ")
    assert len(result.stderr.strip().splitlines()) == 1 and "Traceback" not in result.stderr


def test_a_model_that_is_no_network_and_a_device_that_is_not_there_get_one_line():
    missing = "mps" if sys.platform != "darwin" else "cuda"
    for options in (("--model", "wiener"), ("--device", missing)):
        result = run_warm("app.py", *options)
        assert result.returncode == 2 and len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_a_taken_port_gets_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run_cold("app.py", "--port", str(taken.getsockname()[1]))
    assert result.returncode == 2 and len(result.stderr.strip().splitlines()) == 1, result.stderr
