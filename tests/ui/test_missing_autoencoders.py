"""The third page with damaged autoencoders, in a real browser: greyed with the reason, and the rest works."""

import shutil

import pytest

from explorer.autoencoders import AUTOENCODERS, FOLDER
from explorer.engine import Engine
from explorer.serve import prepare
from explorer.server.config import Hosting
from harness.server_process import free_port
from tests.support.damaged_autoencoders import DAMAGED, damage
from tests.support.pages.autoencoders import LineUp


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of its own, whose copy of the family is damaged."""
    folder = damage(shutil.copytree(FOLDER, tmp_path_factory.mktemp("weights") / "autoencoders"))
    (folder / "conditional.safetensors").write_bytes(b"")
    app, options, _ = prepare(Engine(autoencoder_folder=folder), Hosting(port=free_port()))
    app.launch(**options)
    yield app.local_url.rstrip("/")
    app.close(verbose=False)


def test_missing_and_damaged_autoencoders_are_greyed_with_the_reason_and_the_rest_works(explorer):
    lineup = LineUp(explorer).open()
    missing = {**DAMAGED, "conditional": "hash"}
    greyed = lineup.page.locator(".lineup-missing")
    assert sorted(greyed.locator("b").all_text_contents()) == sorted(AUTOENCODERS[name].title for name in missing)
    for name, word in missing.items():
        card = greyed.filter(has=lineup.page.get_by_text(AUTOENCODERS[name].title, exact=True))
        assert word in card.locator("span").text_content() and card.locator("canvas").is_hidden()
    assert "is left out: The weight file of 'conditional'" in explorer.text("#lineup-sentence")
    lineup.page.evaluate("players.lineup.choose('dae-100')")
    assert lineup.pixels("[data-big=output]").any() and "code" in explorer.text("#lineup-sentence")
    lineup.page.locator("#lineup-order").select_option("best")
    order = lineup.page.locator(".lineup-autoencoders button").evaluate_all("all => all.map((b) => b.className)")
    assert order == [""] * (len(AUTOENCODERS) - len(missing)) + ["lineup-missing"] * len(missing)
    explorer.shoot("autoencoders-left-out")


def test_the_sections_say_who_is_left_out(explorer):
    lineup = LineUp(explorer).open()
    lineup.unfold("Train at one noise level", "measure-levels").ready("#matrix")
    assert "Blind is left out: There is no readable model card for 'blind'." in explorer.text("#levels")
    lineup.unfold("What the code holds", "look-inside").ready("#codes")
    assert "Bottleneck, 16 is left out" in explorer.text("#what-codes-hold")
    assert "Variational" in lineup.page.locator("#codes .gallery-missing").inner_text()
    lineup.page.locator("button.label-wrap", has_text="Can it generate?").click()
    lineup.page.locator("#generate-steps input").fill("2")
    lineup.page.locator("button#generate").click()
    lineup.ready("#generated")
    assert lineup.page.locator("#generated .gallery-row").count() == len(AUTOENCODERS)
    assert lineup.page.locator("#generated .gallery-missing").count() == len(DAMAGED) + 1
    lineup.unfold("The wiring", "wire")
    lineup.page.locator(".toast-body", has_text="'conditional'").last.wait_for(timeout=15_000)
    lineup.ready("#wiring-player")
    explorer.shoot("autoencoders-left-out-sections")
