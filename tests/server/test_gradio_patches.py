"""A session holds what its visitor has chosen, apart from all others, and no copy of the page."""

import inspect
from operator import attrgetter

import gradio
import gradio as gr
import pytest
from gradio.state_holder import StateHolder

from explorer.server import gradio_patches


@pytest.fixture
def held(monkeypatch):
    """A page with a state and a number, its component numbers, and the sessions of its visitors."""
    for name in ("state_holder.SessionState", "utils.MatplotlibBackendMananger"):  # put back what was there
        monkeypatch.setattr(f"gradio.{name}", attrgetter(name)(gradio))
    with gr.Blocks(analytics_enabled=False) as app:
        state, number = gr.State([1]), gr.Number(5)
    gradio_patches.install(app._queue)
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
    assert "Matplotlib" in inspect.getsource(gradio.route_utils.call_process_api)  # Gradio still asks for it there
