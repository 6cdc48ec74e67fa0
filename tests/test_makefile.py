"""Commands of make are commands: one that has the name of a folder would else do nothing once the folder is there."""

import re

from harness import ROOT


def test_every_command_is_said_to_be_no_file():
    text = (ROOT / "Makefile").read_text()
    commands = set(re.findall(r"^([a-z][a-z-]*):(?!=)", text, re.M))
    phony = set(re.search(r"^\.PHONY: (.+)$", text, re.M)[1].split())
    assert {"app", "test", "test-fast", "check", "bench", "robustness"} <= commands and commands == phony
