"""The scripts of the page as modules: what they import is there, and a browser may keep what it has fetched."""

import gzip

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explorer.ui.players.shared.modules import DIGEST, MODULES, closure, digest, imported, mount, preload, route

FIRST = "players/noise_slider/controls.js"


@pytest.fixture(scope="module")
def client():
    return TestClient(Starlette(routes=[route()]))


@pytest.mark.parametrize("path", MODULES)
def test_what_a_module_imports_is_there(path):
    assert set(imported(path)) <= set(MODULES)


@pytest.mark.parametrize("path", MODULES)
def test_a_module_comes_as_it_is_for_ever(client, path):
    answer = client.get(f"/modules/{DIGEST}/{path}", headers={"accept-encoding": "identity"})
    assert answer.content == MODULES[path] and "content-encoding" not in answer.headers
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"] and "public" in answer.headers["cache-control"]


def test_a_browser_gets_it_packed(client):
    with client.stream("GET", f"/modules/{DIGEST}/{FIRST}", headers={"accept-encoding": "gzip, br"}) as answer:
        assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "accept-encoding"
        assert gzip.decompress(b"".join(answer.iter_raw())) == MODULES[FIRST]


@pytest.mark.parametrize(
    "path", [f"{'0' * len(DIGEST)}/{FIRST}", f"{DIGEST}/players/none.js", f"{DIGEST}/../app.py", f"{DIGEST}/app.py"]
)
def test_nothing_else_is_there(client, path):
    answer = client.get(f"/modules/{path}")
    assert answer.status_code == 404 and "immutable" not in answer.headers.get("cache-control", "")


def test_the_hash_follows_names_and_contents():
    tree = {"a.js": b"1", "b.js": b"2"}
    others = [{"a.js": b"1", "b.js": b"3"}, {"a.js": b"1", "c.js": b"2"}, {"a.js": b"12", "b.js": b""}, {"a.js": b"1"}]
    assert digest(tree) == digest(dict(reversed(tree.items())))
    assert len({digest(each) for each in [tree, *others]}) == 5


def test_a_closure_has_every_module_once():
    found = closure([FIRST])
    assert len(found) == len(set(found)) and set(found) <= set(MODULES)
    assert {FIRST, "players/shared/exchange.js", "players/shared/vendor/d3.js"} <= set(found)
    assert not any("score_field" in path for path in found)


def test_what_gradio_runs_imports_and_mounts():
    script = mount(FIRST, {"text": 'a "b" ε'})
    assert f"/modules/{DIGEST}/{FIRST}" in script and '{"text": "a \\"b\\" ε"}' in script
    with pytest.raises(KeyError):
        mount("players/none.js")


def test_the_head_fetches_what_is_shown_first():
    head = preload([FIRST])
    assert "modulepreload" in head and "players/shared/exchange.js" in head and DIGEST in head
