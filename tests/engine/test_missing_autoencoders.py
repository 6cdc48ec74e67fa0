"""Members whose files are missing, cut short or not the ones of their cards: they are left out, with the reason."""

import shutil

import numpy as np
import pytest

from explorer.autoencoders import AUTOENCODERS, FOLDER, load_autoencoder
from explorer.claims._autoencoders import small_pictures
from explorer.claims.skips import SIGMAS, excess
from explorer.engine import Engine
from explorer.errors import RequestRefused
from explorer.schemas.autoencoders import CorruptionRequest, GenerateRequest, MissingAutoencoder, SeedRequest
from tests.support.damaged_autoencoders import DAMAGED, damage


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(FOLDER, tmp_path / "autoencoders")


@pytest.fixture
def engine(folder):
    return Engine(autoencoder_folder=damage(folder))


def corrupted(engine):
    return engine.autoencoders.corrupt(CorruptionRequest())


def assert_said(missing, names):
    assert [out.name for out in missing] == names
    for out in missing:
        assert DAMAGED[out.name] in out.reason and out.title == AUTOENCODERS[out.name].title
        assert len(out.reason.splitlines()) == 1 and len(out.reason) <= 160 and "/" not in out.reason


def test_the_line_up_names_them_in_their_places_and_the_rest_answers(engine):
    outputs = list(engine.autoencoders.outputs(corrupted(engine)))
    assert [output.name for output in outputs] == list(AUTOENCODERS)
    assert_said(
        [o for o in outputs if isinstance(o, MissingAutoencoder)], [name for name in AUTOENCODERS if name in DAMAGED]
    )
    assert all(np.isfinite(o.output).all() for o in outputs if not isinstance(o, MissingAutoencoder))


def test_the_matrix_has_the_other_rows(engine):
    *_, matrix = engine.autoencoders.level_matrix(SeedRequest(0))
    assert matrix.names == ("dae-010", "dae-025", "dae-100", "dae-200", "conditional")
    assert np.isfinite(matrix.mse).all() and len(matrix.rows) == len(matrix.trained) == 5
    assert_said(matrix.missing, ["dae-050", "blind"])


def test_one_code_is_looked_into_without_the_other(engine, folder):
    picture = corrupted(engine).picture
    codes = engine.autoencoder_internals.codes(picture, seed=1)
    assert_said(codes.missing, ["vae"])
    assert codes.traversal.shape[0] == len(codes.prior) == len(codes.nats) == 0 and codes.tokens.shape == (8, 8)
    (folder / "vq-vae.json").unlink()
    codes = Engine(autoencoder_folder=folder).autoencoder_internals.codes(picture, seed=1)
    assert [out.name for out in codes.missing] == ["vae", "vq-vae"] and codes.tokens.size == 0


def test_the_wiring_goes_without_the_blind_autoencoder_but_not_without_the_conditional(engine, folder):
    *_, wiring = engine.autoencoder_internals.wiring(corrupted(engine))
    assert_said(wiring.missing, ["blind"])
    assert np.isfinite(wiring.conditional).all() and np.isnan(wiring.blind_mse).all() and wiring.round_trip
    (folder / "conditional.safetensors").unlink()
    with pytest.raises(RequestRefused, match="'conditional' is missing"):
        next(Engine(autoencoder_folder=folder).autoencoder_internals.wiring(corrupted(engine)))


def test_generated_pictures_of_the_others_are_made(engine):
    generated = list(engine.autoencoders.generate(GenerateRequest(steps=2)))
    assert [one.name for one in generated] == list(AUTOENCODERS)
    assert_said(
        [one for one in generated if isinstance(one, MissingAutoencoder)],
        [name for name in AUTOENCODERS if name in DAMAGED],
    )


def test_skips_are_measured_with_what_there_is(engine, folder):
    (folder / "unet-bottleneck.safetensors").unlink()
    *_, costs = engine.autoencoder_internals.skip_costs(SeedRequest(0))
    assert costs.titles == (AUTOENCODERS["unet-noskip"].title,) and costs.lost.shape[0] == len(costs.ratio) == 1
    assert [out.name for out in costs.missing] == ["unet-bottleneck"]
    (folder / "unet-noskip.safetensors").unlink()
    with pytest.raises(RequestRefused, match="'unet-noskip' is missing"):
        next(Engine(autoencoder_folder=folder).autoencoder_internals.skip_costs(SeedRequest(0)))


def test_a_file_that_is_put_back_is_taken_at_the_next_question(engine, folder):
    shutil.copy(FOLDER / "vae.safetensors", folder)
    outputs = {output.name: output for output in engine.autoencoders.outputs(corrupted(engine), ["vae", "blind"])}
    assert not isinstance(outputs["vae"], MissingAutoencoder) and isinstance(outputs["blind"], MissingAutoencoder)


def test_without_any_autoencoder_there_is_a_sentence_and_no_picture(tmp_path):
    engine = Engine(autoencoder_folder=tmp_path)
    assert all(isinstance(o, MissingAutoencoder) for o in engine.autoencoders.outputs(corrupted(engine)))
    for asked in (
        engine.autoencoders.level_matrix(SeedRequest(0)),
        engine.autoencoder_internals.skip_costs(SeedRequest(0)),
        engine.autoencoder_internals.wiring(corrupted(engine)),
    ):
        with pytest.raises(RequestRefused, match="card"):
            next(asked)


def test_what_the_skips_carry_is_what_the_claim_measures(folder):
    """The same quantities as C21 over other noises; the share lost per octave is a mean over 18 pictures or more."""
    first, *_, costs = Engine(autoencoder_folder=folder).autoencoder_internals.skip_costs(SeedRequest(3))
    assert np.isfinite(first.ratio).sum() == 2 and np.isfinite(costs.lost).all()
    found = excess(load_autoencoder, small_pictures())
    assert tuple(costs.sigmas) == SIGMAS
    np.testing.assert_allclose(costs.lost[:, 0], found.lost[:, 0], atol=0.05)
    np.testing.assert_allclose(costs.ratio, found.cut.mean(2) / found.with_skips.mean(1), rtol=0.1)
    assert (np.diff(costs.lost[:, 0], axis=1) > 0).all()  # the finer, the more is lost


def test_without_the_quantised_autoencoder_no_bits_are_told(folder):
    (folder / "vq-vae.json").unlink()
    picture = np.zeros((3, 32, 32), np.float32)
    codes = Engine(autoencoder_folder=folder).autoencoder_internals.codes(picture, seed=1)
    assert codes.entries == 0 and codes.bits == 0
