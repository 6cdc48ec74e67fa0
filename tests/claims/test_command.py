"""The table of claims: every number in it is one that was measured."""

import re

import pytest

from explorer.claims import CARDS, CLAIMS
from explorer.claims.__main__ import main


def test_the_table_has_the_verdict_of_each_claim(capsys):
    assert main(["C32", "C04"]) == 0
    lines = capsys.readouterr().out.strip().splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| C32", "| C04"]
    for line, id in zip(lines[2:], ("C32", "C04"), strict=True):
        verdict = CLAIMS[id]()
        assert line.endswith("| yes |" if verdict.holds else "| **no** |") and CARDS[id].quote in line
        assert f"{next(iter(verdict.measured.values())):.4g}" in line
    assert [line.split(" | ")[1] for line in lines[2:]] == ["`noise`", "`bottlenecks`"]
    assert {len(re.findall(r"\|", line)) for line in lines} == {7}


def test_an_unknown_claim_is_refused():
    with pytest.raises(SystemExit):
        main(["C99"])
