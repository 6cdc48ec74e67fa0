"""The table of the autoencoders: every one once, figures from the evaluation, the README word for word."""

import json

import pytest

from explorer import weights
from explorer.autoencoders import AUTOENCODERS, DAE_SIGMAS, FOLDER
from explorer.evaluate import autoencoder_table
from explorer.evaluate.autoencoder_table import corruption, errors, levels, reference, table

RESULT = json.loads(autoencoder_table.EVALUATION.read_text())


def rows(text):
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return {line[0].strip("`"): line for line in lines[2:]}


def test_every_autoencoder_has_a_row_and_the_figures_of_its_card():
    found = rows(table(RESULT))
    assert list(found) == list(AUTOENCODERS) and all(
        len(row) == len(autoencoder_table.COLUMNS) for row in found.values()
    )
    for name, row in found.items():
        card = weights.card(AUTOENCODERS[name].file, FOLDER)
        assert RESULT["members"][name]["sha256"] == card["sha256"], "weights were changed after the evaluation"
        assert row[1:3] == [f"{card['parameters']:,}", f"{card['training']['images_seen']:,}"]


@pytest.mark.parametrize(
    ("name", "told", "what", "found"),
    [
        ("dae-025", "σ 0.25", "Wiener filter", [RESULT["mse"]["dae-025"][2], RESULT["mse"]["Wiener"][2]]),
        ("dae-mask", "50 % masked", "holes", [RESULT["members"]["dae-mask"]["own_mse"], RESULT["masked"]["filled"]]),
        ("vae", "none", "`ae-conv-64`", [RESULT["members"][n]["own_mse"] for n in ("vae", "ae-conv-64")]),
        ("ae-linear-16", "none", "`pca-16`", [RESULT["members"][n]["own_mse"] for n in ("ae-linear-16", "pca-16")]),
    ],
)
def test_each_is_held_against_its_own_reference(name, told, what, found):
    peer = reference(name, RESULT)
    assert corruption(AUTOENCODERS[name], levels(name)) == told and what in peer.what
    assert [*errors(name, RESULT), *peer.figures] == found


def test_autoencoders_of_many_levels_are_compared_level_by_level():
    peer = reference("conditional", RESULT)
    assert levels("conditional") == (0.1, 0.25, 0.5, 1.0, 2.0)
    assert peer.figures == [RESULT["mse"][f"dae-{level}"][i] for i, level in enumerate(DAE_SIGMAS, 1)]
    assert reference("blind", RESULT).figures == errors("conditional", RESULT)


def test_a_limit_is_missed_by_what_is_above_it_at_any_level():
    worse = json.loads(json.dumps(RESULT))
    assert rows(table(worse))["conditional"][-1] == "1.1, held"
    worse["mse"]["conditional"][3] = 1.2 * worse["mse"]["dae-100"][3]
    assert rows(table(worse))["conditional"][-1] == "1.1, **missed**"


def test_the_readme_has_it_word_for_word():
    assert table(RESULT) in (FOLDER.parent / "README.md").read_text()


def test_the_command_prints_it_and_says_in_one_line_what_is_missing(tmp_path, capsys):
    assert autoencoder_table.main() == 0 and capsys.readouterr().out.strip() == table(RESULT)
    assert autoencoder_table.main(tmp_path / "nothing.json") == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
