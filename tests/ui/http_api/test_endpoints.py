"""What programs may ask: by gradio_client in three lines, each question by its name, and refusals in one sentence."""

import io
import re
from dataclasses import fields

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from explorer.schemas import NoisingRequest, SamplingRequest
from explorer.server.error_handling import is_plain
from explorer.ui.http_api import ENDPOINTS
from explorer.ui.http_api.parameter_docs import PARAMETER_DOCS
from explorer.ui.http_api.responses import to_json
from harness import ROOT
from harness.http_client import CHEAP_ARGUMENTS
from tests.support.guarded_app import API, png

LINES = """
from gradio_client import Client

client = Client("http://127.0.0.1:7860")
run = client.predict(sampler="heun", steps=18, seed=3, api_name="/sampling")
"""


@pytest.fixture(scope="module")
def client(server):
    return Client(server, verbose=False)


def arrays(client, answer):
    file = httpx.get(client.src + answer["arrays"].lstrip("/")).raise_for_status().content
    with np.load(io.BytesIO(file)) as found:
        return dict(found)


def test_the_three_lines_of_the_readme(server, engine):
    lines = LINES.replace("http://127.0.0.1:7860", server)
    found = {}
    exec(lines, found)
    *_, last = engine.sample(engine.plan(SamplingRequest(sampler="heun", steps=18, seed=3)))
    assert len(found["run"]["sigmas"]) == 19 and found["run"]["sigmas"][-1] == 0
    pictures = arrays(found["client"], found["run"])
    assert np.abs(pictures["picture"] - last.x0).max() < 1e-3 and pictures["estimates"].shape == (19, 3, 64, 64)


@pytest.mark.parametrize("call", ENDPOINTS, ids=lambda call: call.name)
def test_every_question_is_answered_with_numbers(client, call):
    *told, answer = client.submit(**CHEAP_ARGUMENTS[call.name], api_name=f"/{call.name}")
    assert all(set(word) == {"done", "of"} and word["done"] <= word["of"] for word in told)
    assert "done" not in answer and answer
    if "arrays" in answer:
        found = arrays(client, answer)
        assert {name: list(array.shape) for name, array in found.items()} == answer["shapes"]
        assert all(np.isfinite(array).all() and array.size for array in found.values())


def test_what_is_told_of_a_picture_is_what_the_engine_finds(client, engine):
    request = NoisingRequest(model="wiener", size=64, levels=4)
    answer = client.predict(**CHEAP_ARGUMENTS["noising"], api_name="/noising")
    noised = engine.noise(request)
    parts = list(engine.denoise(noised))
    order = np.argsort(np.concatenate([part.indices for part in parts]))
    assert np.allclose(answer["mse"], np.concatenate([part.mse for part in parts])[order], rtol=1e-4)
    found = arrays(client, answer)
    assert np.array_equal(found["eps"], noised.eps) and np.array_equal(found["x0"], noised.x0)
    assert np.allclose(((found["denoised"].astype(float) - noised.x0) ** 2).mean((1, 2, 3)), answer["mse"], rtol=0.02)


def test_a_picture_of_ones_own(client, tmp_path):
    (tmp_path / "mine.png").write_bytes(png(64, 64))
    name = client.predict(handle_file(tmp_path / "mine.png"), api_name="/add_picture")
    answer = client.predict(picture=name, **CHEAP_ARGUMENTS["noising"], api_name="/noising")
    x0 = arrays(client, answer)["x0"]
    assert np.allclose(x0[0], 1, atol=0.02) and np.allclose(x0[1:], -1, atol=0.02)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sampling", {"steps": 0}), ("sampling", {"seed": "a"}), ("sampling", {"picture": ["x"]}),
        ("noising", {"picture": "/etc/passwd"}), ("noising", {"size": 512}), ("branch", {"run": {"strange": 1}}),
        ("branch", {"run": 3}), ("branch", {"run": {"run": {}}}), ("walk", {"plane": {"density": "none"}}),
        ("walk", {"plane": {"density": "drawn", "points": [[1]]}}), ("transfer", {"samplers": {}}),
        ("transfer", {"step_counts": None}), ("level_matrix", {"seed": -1}), ("line_up", {"sigma": 1e300}),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_one_sentence(client, name, values):
    with pytest.raises(AppError) as refused:
        client.predict(**values, api_name=f"/{name}")
    assert is_plain(str(refused.value)), str(refused.value)


def test_names_parameters_and_defaults_are_those_of_the_requests(server):
    described = httpx.get(f"{server}{API}/info").json()["named_endpoints"]
    assert set(described) == {f"/{call.name}" for call in ENDPOINTS}  # helper events and the page's own are private
    for call in ENDPOINTS:
        parameters = described[f"/{call.name}"]["parameters"]
        assert [p["parameter_name"] for p in parameters] == [field.name for field in fields(call.request)]
        assert all(p["parameter_has_default"] for p in parameters)
        words = described[f"/{call.name}"]["description"]
        assert words.startswith(call.answer.__doc__) and words.endswith(call.gives)
        assert all(f"    {p['parameter_name']}: {PARAMETER_DOCS[p['parameter_name']]}\n" in words for p in parameters)


def test_the_page_on_calls_names_all_of_them_and_shows_the_three_lines():
    text = (ROOT / "docs" / "api.md").read_text()
    assert LINES in text and all(f"`/{call.name}`" in text for call in ENDPOINTS)


def test_private_events_are_out_of_reach_of_the_client(server, client):
    private = [d["api_name"] for d in client.config["dependencies"] if d["api_visibility"] == "private"]
    assert "page_sampling" in private
    for name in private:
        with pytest.raises(ValueError, match="Cannot find a function"):
            client.predict(api_name=f"/{name}")
    said = [d["api_name"] for d in client.config["dependencies"] if d["api_visibility"] == "public"]
    assert not [name for name in said if re.search(r"_\d+$", name)]  # no event of the page has taken a name


def test_json_has_no_number_that_is_not_finite():
    value = {"a": np.array([1.0, np.inf]), "b": (float("nan"), 2), "c": np.float32(3), "d": "text", "e": None}
    assert to_json(value) == {"a": [1.0, None], "b": [None, 2], "c": 3.0, "d": "text", "e": None}
