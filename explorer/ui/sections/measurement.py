"""The layout that most sections share: an accordion with a note, two buttons, controls and streamed results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import gradio as gr
from gradio.components import Component

from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.ui.players.gallery.component import build_gallery
from explorer.ui.players.progress.component import build_progress
from explorer.ui.streaming.events import private_event
from explorer.ui.streaming.streams import Streams

T = TypeVar("T")


@dataclass(frozen=True)
class SectionText:
    """The texts of a section, and the element ids of its accordion and its buttons."""

    title: str
    elem_id: str
    button: str
    button_id: str
    stop_id: str
    note: str = ""


@dataclass(frozen=True)
class AnswerPlayer:
    """The component that shows the progress and the parts of an answer."""

    name: str  # of the player in the page
    build: Callable[[], gr.HTML]
    beside_controls: bool = False  # else below the results


@dataclass(frozen=True)
class Measurement(Generic[T]):
    """One run of a measurement: its items, their number, and how each is shown."""

    items: Iterable[T]
    total: int
    show: Callable[[T], tuple] = lambda item: ()  # the values of the results after this item
    encode: Callable[[T], Iterable[bytes]] = lambda item: ()  # the blobs that this item adds to the answer


def progress_answer(elem_id: str) -> AnswerPlayer:
    """Return the player of answers without parts: a line of progress beside the controls."""
    return AnswerPlayer(elem_id, lambda: build_progress(elem_id), beside_controls=True)


def gallery_answer(elem_id: str) -> AnswerPlayer:
    """Return the player of answers whose parts are rows of pictures."""
    return AnswerPlayer(elem_id, lambda: build_gallery(elem_id))


def build_plot() -> gr.Plot:
    """Return the plot of a section."""
    return gr.Plot(show_label=False, container=False, elem_classes="plot")


def build_plot_with_text() -> tuple[gr.Plot, gr.HTML]:
    """Return a plot below an initially empty text."""
    text = gr.HTML("")
    return build_plot(), text


def build_seed(value: int, elem_id: str, label: str = "Seed of the noise") -> gr.Number:
    """Return the number field of a seed."""
    return gr.Number(value, label=label, precision=0, elem_id=elem_id)


def measurement_section(
    blobs: BlobStore,
    text: SectionText,
    measure: Callable[..., Measurement],
    answer: AnswerPlayer,
    controls: Callable[[], Sequence[Component]] = tuple,
    results: Callable[[], Sequence[Component]] = tuple,
    states: Sequence[gr.State] = (),
    api_name: str | None = None,
) -> None:
    """Lay out a section and connect its buttons.

    measure: takes the values of states and controls, in this order; may raise UserError
    controls, results: return the components in the row of the buttons and below it, created in the current context
    api_name: the name of the API endpoint for the same computation, None if there is none
    """
    streams = Streams(blobs)

    def run(visitor: gr.Request, *values: Any) -> Iterator[tuple | dict]:  # noqa: ANN401 - of any control
        """Yield the results and the answer after each item. Raise gr.Error when the request is refused."""
        *inputs, ticket = values
        with show_user_errors():
            made = measure(*inputs)
            session = visitor.session_hash or ""
            for progress, item in streams.answers(made.items, ticket, session, made.encode, of=made.total):
                shown = made.show(item)
                yield (*shown, progress) if shown else progress  # Gradio expects a single output without tuple

    run.__name__ = measure.__name__  # Gradio names an event after its function
    with gr.Accordion(text.title, open=False, elem_id=text.elem_id):
        if text.note:
            gr.HTML(f"<p class='note'>{text.note}</p>")
        with gr.Row(elem_classes="controls line"):
            button = gr.Button(text.button, size="sm", variant="primary", elem_id=text.button_id)
            stop = gr.Button("Stop", size="sm", elem_id=text.stop_id)
            inputs = [*states, *controls()]
            player = answer.build() if answer.beside_controls else None
        outputs = list(results())
        player = player or answer.build()
    event = private_event(api_name) if api_name else {}
    streams.connect(button, stop, run, inputs, [*outputs, player], answer.name, **event)
