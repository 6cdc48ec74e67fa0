"""The family of autoencoders in the engine: one corruption for all, errors that are errors, generation in one loop."""

import math

import numpy as np
import pytest
import torch

from explorer.autoencoders import AUTOENCODERS, load_autoencoder
from explorer.core.denoiser import convert
from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.core.spectra import radial
from explorer.engine import Engine, autoencoder_internals
from explorer.errors import RequestRefused
from explorer.figures.codes import half_power
from explorer.images import decoder
from explorer.schemas.autoencoders import CorruptionRequest, GenerateRequest, SeedRequest


@pytest.fixture(scope="module")
def engine():
    return Engine()


def clean(engine):
    return decoder.to_data(decoder.fit(engine.picture_store.get("mountains"), 32))


def test_the_corruption_is_what_was_asked_for(engine):
    x0 = clean(engine)
    noisy = engine.autoencoders.corrupt(CorruptionRequest(sigma=0.3, seed=4))
    np.testing.assert_allclose(noisy.corrupted, x0 + 0.3 * white((3, 32, 32), 4, "noising").numpy(), atol=1e-6)
    assert noisy.assumed_sigma == pytest.approx(0.3, rel=0.05)
    masked = engine.autoencoders.corrupt(CorruptionRequest(corruption="mask", rate=0.4))
    lost = (masked.corrupted == 0).all(0) & (x0 != 0).any(0)
    assert 0.33 < lost.mean() < 0.47
    assert np.array_equal(masked.corrupted[:, ~lost], x0[:, ~lost])
    untouched = engine.autoencoders.corrupt(CorruptionRequest(corruption="none"))
    assert np.array_equal(untouched.corrupted, x0)


def test_every_autoencoder_answers_and_its_error_is_an_error(engine):
    given = engine.autoencoders.corrupt(CorruptionRequest())
    outputs = list(engine.autoencoders.outputs(given))
    assert [output.name for output in outputs] == list(AUTOENCODERS)
    for output in outputs[::5]:
        alone = load_autoencoder(output.name)(torch.from_numpy(given.corrupted)[None], given.assumed_sigma)[0]
        np.testing.assert_allclose(output.output, alone.detach(), atol=1e-4)
        assert output.mse == pytest.approx(float(np.mean((output.output - given.picture) ** 2)), rel=1e-4)
        error = radial.rapsd(output.output - given.picture).mean(0)
        np.testing.assert_allclose(output.error_spectrum, error, rtol=1e-3, atol=1e-7)


def test_a_larger_code_lets_finer_details_out(engine):
    given = engine.autoencoders.corrupt(CorruptionRequest(corruption="none"))
    exact = [output for output in engine.autoencoders.outputs(given) if output.name.startswith("pca")]
    frequencies = [half_power(given, output) for output in sorted(exact, key=lambda output: output.numbers)]
    assert frequencies == sorted(frequencies) and frequencies[-1] > frequencies[0]
    assert [o.mse for o in exact] == sorted((o.mse for o in exact), reverse=True)


def test_specialists_are_best_near_their_own_level(engine):
    *_, matrix = engine.autoencoders.level_matrix(SeedRequest(0))
    assert np.isfinite(matrix.mse).all() and (matrix.relative >= 1).all()
    assert math.isnan(matrix.trained[-1]) and math.isnan(matrix.trained[-2])
    tested = np.log(matrix.sigmas)
    for trained, row in zip(matrix.trained[:-2], matrix.relative[:-2], strict=True):
        best = matrix.sigmas[row.argmin()]
        assert abs(np.log(best / trained)) <= np.diff(tested).max() + 1e-9, (trained, best)


def test_the_wiring_is_the_conditional_model_told_right_and_wrong(engine):
    request = CorruptionRequest(seed=2)
    *_, wiring = engine.autoencoder_internals.wiring(engine.autoencoders.corrupt(request))
    k, f, true = 8, 5, wiring.ratios.tolist().index(1.0)
    x = torch.from_numpy(wiring.picture + wiring.sigmas[k] * wiring.eps).float()[None]
    told = load_autoencoder("conditional")(x, float(wiring.sigmas[k] * wiring.ratios[f]))[0].detach()
    np.testing.assert_allclose(wiring.conditional[k, f], told, atol=1e-4)
    assert (wiring.conditional_mse[k] >= wiring.conditional_mse[k, true] - 1e-9).all()
    for kind, errors in wiring.round_trip.items():
        assert errors.shape == wiring.sigmas.shape and errors.max() < 1e-5, kind


def test_the_codes_are_those_of_the_autoencoders(engine):
    codes = engine.autoencoder_internals.codes(clean(engine), seed=1)
    vae, x0 = load_autoencoder("vae"), torch.from_numpy(clean(engine))[None]
    code = vae.encode(x0)
    moved = code.clone()
    moved[0, codes.directions[0]] = float(codes.values[-1])
    np.testing.assert_allclose(codes.traversal[0, -1], vae.decode(moved)[0].detach(), atol=1e-5)
    assert codes.nats[codes.directions[0]] == codes.nats.max() and (codes.nats >= -1e-6).all()
    assert np.array_equal(codes.tokens, load_autoencoder("vq-vae").tokens(x0)[0])
    assert codes.bits == codes.tokens.size * math.log2(codes.entries)


def test_generated_pictures_come_from_one_loop_and_one_noise(engine):
    request = GenerateRequest(seed=3, steps=4)
    generated = {one.name: one for one in engine.autoencoders.generate(request)}
    assert list(generated) == list(AUTOENCODERS)
    sigmas = SCHEDULES["karras"].sigmas(4)
    x = float(sigmas[0]) * white((3, 32, 32), 3, "sample")[None]
    *_, last = SAMPLERS["heun"](load_autoencoder("conditional"), x, sigmas)
    np.testing.assert_allclose(generated["conditional"].frames[-1], last.x0[0].detach(), atol=1e-3)
    assert generated["ae-identity"].rms > 20  # what copies its input never takes any noise away
    assert 0.2 < generated["conditional"].rms < 1.2


WRONG = [math.nan, math.inf, -1, "abc", None, True, [], 10**400]


@pytest.mark.parametrize("field", ["corruption", "sigma", "rate", "seed", "picture"])
@pytest.mark.parametrize("value", WRONG, ids=lambda value: str(value)[:12])
def test_wrong_settings_are_refused_with_a_sentence(field, value):
    if field == "picture" and value == "abc":
        pytest.skip("a text; whether it exists is the engine's to say")
    with pytest.raises(RequestRefused) as caught:
        CorruptionRequest(**{field: value})
    assert str(caught.value).endswith(".") and len(str(caught.value)) <= 160


def test_what_is_not_there_is_refused(engine):
    with pytest.raises(RequestRefused):
        engine.autoencoders.corrupt(CorruptionRequest(picture="gone"))
    with pytest.raises(RequestRefused):
        next(engine.autoencoders.level_matrix(SeedRequest(math.nan)))
    for settings in ({"steps": 1}, {"steps": 61}, {"seed": -1}):
        with pytest.raises(RequestRefused):
            GenerateRequest(**settings)


def test_the_rms_of_what_is_generated_is_not_about_its_mean(engine):
    for one in engine.autoencoders.generate(GenerateRequest(steps=2)):
        assert one.rms == pytest.approx(np.sqrt((one.frames[-1].astype(np.float64) ** 2).mean()), rel=1e-5)


def test_round_trips_are_between_numbers_of_one_family(monkeypatch):
    """v is defined for a^2 + s^2 = 1 and x_t = a x; the others for a = 1."""
    seen = {}

    def recorded(value, source, target, x_t, a, s):
        seen[source if target == "x0" else target] = x_t, a, s
        return convert(value, source, target, x_t, a, s)

    monkeypatch.setattr(autoencoder_internals, "convert", recorded)
    sigma = torch.tensor([0.5, 2.0])
    x0, x = white((2, 3, 8, 8), 0, "x0"), white((2, 3, 8, 8), 0, "x")
    errors = autoencoder_internals._round_trips(x0, x, sigma)
    x_t, a, s = seen["v"]
    assert (a.square() + s.square()).flatten().tolist() == pytest.approx([1, 1])
    assert (s / a).flatten().tolist() == pytest.approx([0.5, 2.0]) and torch.equal(x_t, a * x)
    for kind in ("eps", "score"):
        x_t, a, s = seen[kind]
        assert torch.equal(x_t, x) and a == 1 and s.flatten().tolist() == [0.5, 2.0]
    assert set(errors) == {"eps", "score", "v"} and max(error.max() for error in errors.values()) < 1e-5
