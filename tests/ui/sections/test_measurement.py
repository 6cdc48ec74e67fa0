"""The shape that sections share: what is measured reaches the page item by item, and an error as its sentence."""

from types import SimpleNamespace

import gradio as gr
import pytest

from explorer.errors import RequestRefused
from explorer.server.blob_store import BlobStore
from explorer.ui.sections.measurement import (
    Measurement,
    SectionText,
    build_seed,
    gallery_answer,
    measurement_section,
    progress_answer,
)

TEXT = SectionText("Squares", "squares", "Square", "square", "stop-squares", note="Numbers times themselves.")
VISITOR = SimpleNamespace(session_hash="somebody")


def section(measure, **arguments):
    """The handler of a section's first button, the page, and the blobs of its answers."""
    blobs = BlobStore()
    with gr.Blocks(analytics_enabled=False) as page:
        measurement_section(blobs, TEXT, measure, controls=lambda: [build_seed(3, "seed")], **arguments)
    return next(iter(page.fns.values())), page, blobs


def squares(seed):
    if seed < 0:
        raise RequestRefused("The seed must not be negative.")
    items = range(1, int(seed) + 1)
    return Measurement(items, len(items), lambda item: (str(item**2),), lambda item: [bytes(item)])


def test_results_and_progress_follow_each_item():
    begin, page, blobs = section(squares, answer=progress_answer("squares"), results=lambda: [gr.HTML("")])
    *steps, (text, last) = list(begin.fn(VISITOR, 3, 7))
    assert [shown for shown, _ in steps] == ["1", "4", "9"] and text == "9"
    assert [progress["done"] for _, progress in steps] == [1, 2, 3]
    assert last["state"] == "done" and last["of"] == 3 and last["generation"] == 7
    assert [blobs.get(name) for name in last["parts"]] == [bytes(1), bytes(2), bytes(3)]


def test_a_section_without_results_yields_the_answer_alone():
    measure = lambda seed: Measurement(range(2), 2)
    begin, _, _ = section(measure, answer=gallery_answer("squares"))
    assert [answer["done"] for answer in begin.fn(VISITOR, 0, 1)] == [1, 2, 2] and len(begin.outputs) == 1


def test_an_error_becomes_its_sentence():
    begin, _, _ = section(squares, answer=progress_answer("squares"), results=lambda: [gr.HTML("")])
    with pytest.raises(gr.Error, match="The seed must not be negative."):
        list(begin.fn(VISITOR, -1, 1))


def test_the_layout_has_the_text_and_the_element_ids():
    _, page, _ = section(squares, answer=progress_answer("squares"), results=lambda: [gr.HTML("")], api_name="squares")
    ids = {block.elem_id: block for block in page.blocks.values() if block.elem_id}
    assert {"squares", "square", "stop-squares", "seed"} <= set(ids)
    assert any(TEXT.note in str(getattr(block, "value", "")) for block in page.blocks.values())
    assert [fn.api_name for fn in page.fns.values() if fn.api_name][0] == "page_squares"
