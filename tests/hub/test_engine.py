"""A model of the Hub in the engine: it samples, is told its classes, and cannot be guided without an 'any'."""

from functools import partial

import pytest

from explorer import hub
from explorer.engine import Engine
from explorer.errors import RequestRefused
from explorer.schemas import NoisingRequest, SamplingRequest
from explorer.ui.app import describe
from tests.support.hub_stub import SPEC, saved, serving


@pytest.fixture
def engine_of(tmp_path, monkeypatch):
    """Makes an engine around a small model that is served from this machine."""

    def make(**network):
        saved(tmp_path / "model", **network)
        with serving(tmp_path / "model") as served:
            load = partial(hub.load, cache=tmp_path / "cache", endpoint=served.url)
            monkeypatch.setattr("explorer.engine.loading.hub.load", load)
            return Engine(SPEC)

    return make


def test_an_unconditional_model_samples_and_denoises(engine_of):
    engine = engine_of()
    assert engine.models.classes == ("any",) and "somebody/tiny" in describe(engine)
    *_, last = engine.sample(engine.plan(SamplingRequest(steps=3, sampler="euler")))
    assert last.x0.shape == (3, 64, 64)
    assert len(next(engine.denoise(engine.noise(NoisingRequest(size=64, levels=3)))).mse) > 0


def test_a_class_conditional_model_is_told_its_first_class_where_none_is_named(engine_of):
    engine = engine_of(num_class_embeds=3)
    assert engine.models.classes == ("class 0", "class 1", "class 2")
    ask = lambda **settings: next(engine.sample(engine.plan(SamplingRequest(steps=2, **settings)))).x0
    assert (ask() == ask(label="class 0")).all() and (ask() != ask(label="class 2")).any()
    with pytest.raises(RequestRefused):
        ask(label="class 2", guidance=2.0)
    with pytest.raises(RequestRefused):
        ask(label="dragon")
