"""Private parts of Gradio: none in use is gone, no other module uses one, and sessions hold no copy of the page."""

import ast
from operator import attrgetter
from types import SimpleNamespace

import gradio
import gradio as gr
import pytest
from gradio.block_function import BlockFunction
from gradio.queueing import Event, EventQueue
from gradio.state_holder import SessionState, StateHolder

from explorer.server import gradio_patches
from explorer.server.gradio_patches import GRADIO_VERSION, LeanSessionState, missing_parts
from harness import ROOT

PATCHED = ("state_holder.SessionState", "utils.MatplotlibBackendMananger", "http_server.get_space")


@pytest.fixture
def instances():
    """An object of each class of Gradio that gradio_patches.PRIVATE_PARTS names."""
    with gr.Blocks(analytics_enabled=False) as page:
        upload = gr.UploadButton()
        gr.Number().change(lambda: None)
    (function,) = page.fns.values()
    assert isinstance(function, BlockFunction)
    return {
        "Blocks": page,
        "Queue": page._queue,
        "EventQueue": EventQueue("compute", 4),
        "Event": Event("a", SimpleNamespace(concurrency_id="compute"), None, None),
        "BlockFunction": function,
        "SessionState": SessionState(page),
        "EventData": gr.EventData(None, {}),
        "UploadButton": upload,
    }


def test_no_private_part_is_gone(instances):
    assert missing_parts(instances) == []
    assert set(instances) == set(gradio_patches.PRIVATE_PARTS)


def test_a_private_part_that_is_gone_is_named(instances, monkeypatch):
    del instances["Queue"].active_jobs
    instances["EventData"] = object()
    gone = missing_parts(instances)
    assert len(gone) == 2 and all(sentence.endswith(f"was written for {GRADIO_VERSION}.") for sentence in gone)
    assert gone[0].startswith("Gradio's Queue.active_jobs is gone: ")
    assert gone[1].startswith("Gradio's EventData._data is gone: ")


def test_a_replacement_that_gradio_no_longer_asks_for_is_named(instances, monkeypatch):
    monkeypatch.setitem(gradio_patches.CALL_SITES, gradio.http_server.start_server, "get_place()")
    (moved,) = missing_parts(instances)
    assert moved.startswith("Gradio's start_server no longer says get_place(): ")


def test_the_version_is_the_pinned_one():
    assert f"gradio=={GRADIO_VERSION}\n" in (ROOT / "requirements.txt").read_text()
    assert gradio.__version__ == GRADIO_VERSION, "read what changed, then gradio_patches anew"


def test_a_lean_session_has_what_gradios_has(instances):
    page = instances["Blocks"]
    assert set(vars(LeanSessionState(page))) == {*vars(SessionState(page)), "_page"}


def test_no_other_module_uses_a_private_part():
    """Outside of the module, nothing with a leading underscore is read or set but on self, cls and own modules."""
    paths = [*(ROOT / "explorer" / "server").glob("*.py"), *(ROOT / "explorer" / "ui").rglob("*.py")]
    paths += [ROOT / "explorer" / "serve.py", ROOT / "app.py"]
    for path in paths:
        if path.name == "gradio_patches.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
                assert ast.unparse(node.value) in ("self", "cls"), f"{path.name}: {ast.unparse(node)}"


@pytest.fixture
def held(monkeypatch):
    """A page with a state and a number, its component numbers, and the sessions of its visitors."""
    for name in PATCHED:  # put back what was there
        monkeypatch.setattr(f"gradio.{name}", attrgetter(name)(gradio))
    with gr.Blocks(analytics_enabled=False) as app:
        state, number = gr.State([1]), gr.Number(5)
    gradio_patches.install(app)
    app.state_session_capacity = 10
    holder = StateHolder()
    holder.set_blocks(app)
    return holder, state, number


def test_states_are_each_visitors_own(held):
    holder, state, _ = held
    assert holder["a"][state._id] == [1]
    holder["a"][state._id].append(2)
    holder["b"][state._id] = "else"
    assert holder["a"][state._id] == [1, 2] and holder["b"][state._id] == "else" and holder["c"][state._id] == [1]
    assert state._id in holder["a"] and 10**6 not in holder["a"]


def test_a_changed_component_is_the_visitors_own(held):
    holder, _, number = held
    mine = gr.Number(9)
    holder["a"][number._id] = mine
    assert holder["a"][number._id] is mine and holder["b"][number._id] is number
    assert holder["c"].blocks_config is holder["b"].blocks_config  # until a component changes


def test_the_page_is_not_described_anew(held, monkeypatch):
    holder, _, number = held
    monkeypatch.setattr(gr.Number, "get_config", lambda self: pytest.fail("the page is described for a session"))
    session = holder["a"]
    session._update_value_in_config(number._id, 3)
    session._update_config(number._id)
    session[number._id] = number
    assert not list(session.components)


def test_states_still_expire(held):
    holder, state, _ = held
    holder["a"][state._id] = "old"
    holder["a"].is_closed, holder["a"].STATE_TTL_WHEN_CLOSED = True, -1
    holder.delete_all_expired_state()
    assert state._id not in holder["a"].state_data


def test_no_event_sets_up_matplotlib(held):
    with gradio.utils.MatplotlibBackendMananger() as figures:
        assert figures is None
