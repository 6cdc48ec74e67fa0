"""The engine's answers for the sampling page: the sampler's own states, comparable runs, branches, gains."""

import math

import numpy as np
import pytest
import torch

from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLERS, keyed_noise
from explorer.core.spectra import radial
from explorer.core.spectra.sampler_gain import power_gain
from explorer.engine import Engine, branching
from explorer.engine.cache import Cache
from explorer.engine.sampling import difference as difference_of
from explorer.engine.sampling import nearest_levels, octave_map
from explorer.errors import RequestRefused
from explorer.images import decoder
from explorer.schemas import BranchRequest, NoisingRequest, SamplingRequest, TransferRequest, UTurnRequest

WIENER = SamplingRequest(model="wiener", steps=12)


@pytest.fixture(scope="module")
def engine():
    return Engine()


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_a_run_is_the_samplers_own(engine, sampler):
    request = SamplingRequest(model="wiener", sampler=sampler, steps=5, eta=0.5 if sampler == "ancestral" else 1.0)
    steps = list(engine.sample(engine.plan(request)))
    assert [step.i for step in steps] == list(range(6)) and steps[-1].sigma == 0
    x = float(request.sigmas[0]) * white((3, 64, 64), 0, "sample")[None]
    options = {"eta": 0.5} if sampler == "ancestral" else {}
    denoiser, noise = engine.denoiser(request), keyed_noise((3, 64, 64), 0, [0])
    for step, expected in zip(
        steps, SAMPLERS[sampler](denoiser, x, request.sigmas, noise=noise, **options), strict=True
    ):
        assert np.array_equal(step.x, expected.x[0].numpy()) and np.array_equal(step.x0, expected.x0[0].numpy())
        np.testing.assert_allclose(step.x_spectrum, radial.rapsd(expected.x[0]).mean(0), rtol=1e-4)
        np.testing.assert_allclose(step.x, step.x0 + step.sigma * step.eps, atol=1e-4 * max(1, step.sigma))


def test_a_run_from_the_picture_starts_where_the_first_page_is(engine):
    request = SamplingRequest(model="wiener", steps=4, start="picture", picture="cat", sigma=0.7, seed=3)
    first, *_, last = engine.sample(engine.plan(request))
    noised = engine.noise(NoisingRequest(picture="cat", seed=3, size=64))
    np.testing.assert_allclose(first.x, noised.x0 + 0.7 * noised.eps, atol=1e-5)
    assert first.sigma == 0.7 and last.sigma == 0
    assert np.sqrt(np.mean((last.x0 - noised.x0) ** 2)) < 0.7 / 2  # most of the noise has gone


def test_the_class_and_its_weight_are_heard(engine):
    told = {
        (label, weight): list(
            engine.sample(engine.plan(SamplingRequest(steps=2, sampler="euler", label=label, guidance=weight)))
        )[0]
        for label in ("any", "cat face")
        for weight in (1.0, 3.0)
    }
    assert np.array_equal(told["any", 1.0].x0, told["any", 3.0].x0)  # nothing to be guided away from
    none, one, three = told["any", 1.0].x0, told["cat face", 1.0].x0, told["cat face", 3.0].x0
    np.testing.assert_allclose(three, none + 3 * (one - none), atol=2e-3)
    assert np.abs(one - none).mean() > 1e-3


def test_a_finished_run_is_kept_and_a_step_can_be_had_again(engine):
    run = list(engine.sample(engine.plan(WIENER)))
    assert all(a is b for a, b in zip(run, engine.sample(engine.plan(WIENER)), strict=True))
    other = Engine()
    fresh = other.step(other.plan(WIENER), 5)
    assert np.array_equal(fresh.x, run[5].x)
    with pytest.raises(RequestRefused):
        engine.step(engine.plan(WIENER), 13)


def test_gaussian_runs_fix_octaves_from_coarse_to_fine(engine):
    octaves = octave_map(list(engine.sample(engine.plan(SamplingRequest(model="wiener", steps=40, sampler="euler")))))
    np.testing.assert_allclose(octaves.shares[-1], 1)
    assert octaves.rank_correlation > 0.99 and np.isinf(octaves.decided[0]) and octaves.decided[-1] == 1
    finite = octaves.decided[np.isfinite(octaves.decided)]
    assert (np.diff(finite) <= 1e-9).all()


def test_two_runs_are_compared_at_the_same_noise(engine):
    other = SamplingRequest(model="wiener", steps=30, sampler="euler")
    a, b = list(engine.sample(engine.plan(WIENER))), list(engine.sample(engine.plan(other)))
    difference = difference_of(a, b)
    assert np.array_equal(difference.pairs, nearest_levels(WIENER.sigmas, other.sigmas))
    assert difference.pairs[0] == 0 and difference.pairs[-1] == 30 and (np.diff(difference.pairs) >= 0).all()
    for i, j in enumerate(difference.pairs[:-1]):
        ratios = [abs(math.log(s / a[i].sigma)) for s in other.sigmas[:-1]]
        assert ratios[j] == min(ratios)
    change = a[6].x0 - b[difference.pairs[6]].x0
    assert difference.rms[6] == pytest.approx(np.sqrt(np.mean(change**2)), rel=1e-5)
    assert not difference_of(a, a).spectrum.any()


def test_branches_share_the_state_and_agree_on_what_is_coarse(engine):
    late = list(engine.branch(BranchRequest(run=WIENER, step=6, count=4, steps=5)))
    early = list(engine.branch(BranchRequest(run=WIENER, step=3, count=4, steps=5)))
    assert [state.done for state in late] == list(range(6))
    assert np.abs(late[0].siblings - late[0].siblings[0]).max() < 1e-5  # one state, one estimate
    assert np.abs(late[-1].siblings[0] - late[-1].siblings[1]).max() > 0.01  # fresh noise for each
    assert late[-1].agreement[0] > 0.9 > 0.5 > late[-1].agreement[-1]
    assert late[-1].agreement[1] > early[-1].agreement[1]
    np.testing.assert_allclose(late[-1].mean, late[-1].siblings.mean(0), atol=1e-6)
    x0 = list(engine.sample(engine.plan(WIENER)))[6].x0
    np.testing.assert_allclose(late[0].siblings[2], x0, atol=1e-4)


def test_a_u_turn_changes_more_the_more_noise_there_was(engine):
    turns = list(engine.u_turns(UTurnRequest(run=WIENER, levels=4, count=2, steps=6)))
    assert [turn.sigma for turn in turns] == pytest.approx(np.geomspace(0.1, 20, 4))
    assert (np.diff([turn.change for turn in turns]) > 0).all()
    assert turns[-1].correlation_length > turns[0].correlation_length > 0.5


def test_a_u_turn_of_a_persons_picture_starts_from_that_picture(engine):
    run = SamplingRequest(model="wiener", steps=4, start="picture", picture="cat")
    request = BranchRequest(run=run, step=0, origin="picture", count=2, steps=1)
    sigma = request.sigma
    x0 = torch.from_numpy(decoder.to_data(decoder.fit(engine.picture_store.get("cat"), 64)))
    first = next(iter(engine.branch(request)))
    eps = white((3, 64, 64), 0, "branch", 1)
    expected = engine.denoiser(run)((x0 + sigma * eps)[None], sigma)[0]
    np.testing.assert_allclose(first.siblings[1], expected, atol=1e-5)


def test_gains_are_the_closed_form_and_the_models_own_samples(engine):
    request = TransferRequest(samplers=("euler",), step_counts=(6, 12), model="wiener", count=24)
    closed6, closed12, six, twelve = engine.transfer(request)
    assert (closed6.steps, closed12.steps) == (6, 12) and closed6.measured is None
    power = engine.models.training_spectrum(64)
    gain = np.append(0, power_gain(SAMPLERS["euler"], SamplingRequest(steps=6).sigmas, power[1:]))
    expected = radial.octave_means(gain * power, 64, 64) / radial.octave_means(power, 64, 64)
    np.testing.assert_allclose(closed6.closed_form, expected)
    for curve in (six, twelve):  # on Gaussian data the Wiener filter is the model, so both must agree
        fine = slice(2, None)  # the coarse octaves hold few bins, and colours that go together
        assert (np.abs(curve.measured - curve.closed_form)[fine] < 4 * curve.error[fine]).all()


def test_values_are_kept_up_to_a_number_of_bytes():
    kept = Cache(10, len)
    for name in "abc":
        kept.put(name, name * 4)
    assert kept.get("a") is None and kept.get("b") == "bbbb" and kept.get("c") == "cccc"
    kept.put("b", "b" * 50)
    assert kept.get("b") == "b" * 50 and kept.get("c") is None


WRONG = [math.nan, math.inf, -math.inf, 1e308, -1, 2.5, True, None, "abc", [], {}, 10**400]


@pytest.mark.parametrize("field", ["steps", "seed", "size", "model", "sampler", "schedule", "start"])
@pytest.mark.parametrize("value", WRONG, ids=lambda v: str(v)[:20])
def test_wrong_settings_are_refused_with_a_sentence(field, value):
    with pytest.raises(RequestRefused) as caught:
        SamplingRequest(**{field: value})
    text = str(caught.value)
    assert text.endswith(".") and len(text) <= 160 and "\n" not in text


@pytest.mark.parametrize("field, high", [("guidance", 20.1), ("eta", 1.1), ("sigma", 81)])
@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, True, None, "abc", [], 10**400], ids=lambda v: str(v)[:20])
def test_wrong_numbers_are_refused_with_a_sentence(field, high, value):
    for wrong in (value, high):
        with pytest.raises(RequestRefused):
            SamplingRequest(**{field: wrong})


@pytest.mark.parametrize(
    "make",
    [
        lambda: SamplingRequest(steps=60, size=512),  # too much to keep
        lambda: BranchRequest(run=WIENER, step=12),  # the last step has no noise left
        lambda: BranchRequest(run=WIENER, count=1),
        lambda: BranchRequest(run=None),
        lambda: UTurnRequest(run=WIENER, low=2.0, high=1.0),
        lambda: TransferRequest(samplers=("pc",)),
        lambda: TransferRequest(samplers=()),
        lambda: TransferRequest(step_counts=(5, 1)),
    ],
)
def test_what_cannot_be_done_is_refused(make):
    with pytest.raises(RequestRefused):
        make()


def test_what_the_engine_does_not_have_is_refused(engine):
    for request in (
        SamplingRequest(label="dragon"),
        SamplingRequest(size=512, steps=4),
        SamplingRequest(start="picture", picture="gone"),
    ):
        with pytest.raises(RequestRefused):
            next(engine.sample(engine.plan(request)))


def test_steps_are_paired_by_the_ratio_of_their_levels():
    a, b = np.array([1.0, 0.3, 0.0]), np.array([5.0, 0.1, 0.0])
    assert nearest_levels(a, b).tolist() == [0, 1, 2]  # 1 is 5 times below 5, and 10 times above 0.1


@pytest.mark.parametrize("name", ["ancestral", "pc"])
def test_the_amount_of_fresh_noise_is_the_requests(engine, name):
    request = SamplingRequest(model="wiener", sampler=name, steps=3, eta=0.3)
    x, noise = request.sigmas[0] * white((3, 64, 64), 0, "sample")[None], keyed_noise((3, 64, 64), 0, [0])
    *_, expected = SAMPLERS[name](engine.denoiser(request), x.float(), request.sigmas, noise=noise, eta=0.3)
    *_, last = engine.sample(engine.plan(request))
    np.testing.assert_allclose(last.x, expected.x[0], atol=1e-5)


def test_a_u_turn_of_a_run_starts_from_its_last_picture(engine):
    request = UTurnRequest(run=WIENER, levels=2, low=0.05, high=0.2, count=2, steps=1)
    last = engine.step(engine.plan(WIENER), WIENER.steps).x0
    expected = branching.u_turns(request, torch.from_numpy(last), engine.denoiser(WIENER))
    for mine, theirs in zip(engine.u_turns(request), expected, strict=True):
        assert mine.change == pytest.approx(theirs.change, rel=1e-5)


def test_siblings_of_the_last_picture_start_from_it(engine):
    request = BranchRequest(run=WIENER, step=9, origin="picture", count=2, steps=1)
    last = engine.step(engine.plan(WIENER), WIENER.steps).x0
    first = next(iter(branching.branches(request, torch.from_numpy(last), engine.denoiser(WIENER))))
    np.testing.assert_allclose(next(iter(engine.branch(request))).siblings, first.siblings, atol=1e-5)
