"""The first tab: a picture, a noise level, and the sizes of detail that survive it."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from explorer.engine import Engine
from explorer.figures.spectra import spectra_figure
from explorer.schemas import SIZES, DenoisedLevels, NoisedPicture, NoisingRequest
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.server.gradio_patches import event_values
from explorer.server.picture_upload import read_picture
from explorer.ui.players.noise_slider.component import build_noise_slider
from explorer.ui.players.noise_slider.payload import base_part, levels_part
from explorer.ui.streaming.events import COMPUTE, clear_waiting_js, private_event, with_ticket_js
from explorer.ui.streaming.streams import Streams
from explorer.ui.widgets.picture_picker import build_picture_picker, chosen_name
from explorer.ui.widgets.sampling_controls import MODEL_TITLES, radio_or_dropdown
from explorer.ui.widgets.upload import build_upload

LABEL = "Noise & scale"
TIMEOUT_MESSAGE = "This took too long here and was stopped; a smaller size is faster."
PLAYER = "noise_slider"


class NoiseScaleView:
    """The event handlers of the tab; they convert inputs to requests and results to blobs."""

    def __init__(self, engine: Engine, blobs: BlobStore) -> None:
        self.engine, self.streams = engine, Streams(blobs, TIMEOUT_MESSAGE)

    def prepare(
        self, picture: str, model: str, label: str, seed: float, size: float, ticket: float, visitor: gr.Request
    ) -> Iterator[tuple[dict, NoisingRequest]]:
        """Yield (growing answer, request). Raise gr.Error when the request is refused."""
        with show_user_errors():
            request = NoisingRequest(picture=picture, model=model, label=label, seed=seed, size=size)
            items, session = self._items(request), visitor.session_hash or ""
            for answer, _ in self.streams.answers(items, ticket, session, _encoded):
                yield answer, request

    def upload(
        self, data: bytes | None, model: str, label: str, seed: float, size: float, ticket: float, visitor: gr.Request
    ) -> Iterator[tuple[dict, NoisingRequest, str]]:
        """Store an uploaded picture and yield as `prepare`, with its id. Raise gr.Error when it is refused."""
        picture = self.engine.picture_store.add(read_picture(data))
        for answer, request in self.prepare(picture, model, label, seed, size, ticket, visitor):
            yield answer, request, picture

    def choose(
        self, event: gr.EventData, model: str, label: str, seed: float, size: float, ticket: float, visitor: gr.Request
    ) -> Iterator[tuple[dict, NoisingRequest, str]]:
        """Yield as `prepare` for the example picture that was clicked, with its name."""
        name = chosen_name(event)
        for answer, request in self.prepare(name, model, label, seed, size, ticket, visitor):
            yield answer, request, name

    def figure(self, request: NoisingRequest | None, event: gr.EventData):  # noqa: ANN201 - a Plotly figure
        """Return the figure of the spectra at the level of the slider. Raise gr.Error for an unknown level."""
        level = event_values(event).get("level")
        if request is None or type(level) is not int or not 0 <= level < request.levels:
            raise gr.Error("This noise level has not been computed.", print_exception=False)
        noised = self.engine.noise(request)
        return spectra_figure(noised, list(self.engine.denoise(noised)), level)

    def _items(self, request: NoisingRequest) -> Iterator[NoisedPicture | DenoisedLevels]:
        """Yield the noised picture, which needs no model, then the model's estimates as they are computed."""
        noised = self.engine.noise(request)
        yield noised
        yield from self.engine.denoise(noised)


def _encoded(item: NoisedPicture | DenoisedLevels) -> list[bytes]:
    return [base_part(item) if isinstance(item, NoisedPicture) else levels_part(item)]


def build(engine: Engine, blobs: BlobStore, picture: gr.State) -> None:
    """Lay out the view in the current context, its tab, and connect it. picture: the picture's name in the engine."""
    view, default, request = NoiseScaleView(engine, blobs), NoisingRequest(), gr.State(None)
    player = build_noise_slider()
    with gr.Row(elem_id="chooser", elem_classes="chooser"):
        examples = build_picture_picker(default.picture)
        upload = build_upload()
    with gr.Row(elem_id="controls", elem_classes="controls line"):
        sizes = [size for size in SIZES if size <= engine.largest_side]
        model = gr.Radio(MODEL_TITLES, value=default.model, label="Model", elem_id="model")
        size = gr.Radio(sizes, value=default.size, label="Size, pixels", elem_id="size")
        seed = gr.Number(default.seed, label="Seed", precision=0, minimum=0, elem_id="seed")
        classes = [(name, name) for name in engine.models.classes]
        label = radio_or_dropdown(classes, default.label, "Class the model is told", "class")
        begin = gr.Button("Run", elem_id="noise-begin", elem_classes="unseen")
    with gr.Accordion("The spectra in full, at the level where you let go", open=True, elem_id="full"):
        plot = gr.Plot(show_label=False, elem_id="full-spectra", container=False)
        download = gr.Button("Download these curves as CSV", size="sm", elem_id="full-csv")
        download.click(fn=None, js="() => { document.querySelector('#csv').click(); }")

    ticket = gr.Number(0, precision=0, visible=False)
    controls, outputs = [model, label, seed, size, ticket], [player, request]
    run = {"js": with_ticket_js(PLAYER), **COMPUTE}
    private = {**run, "api_visibility": "private"}
    moved, every = [control.input for control in controls[:-1]], {"trigger_mode": "multiple"}
    events = (
        gr.on(moved, view.prepare, [picture, *controls], outputs, **private_event("noising"), **every, **run),
        begin.click(view.prepare, [picture, *controls], outputs, **private),
        upload.upload(view.upload, [upload, *controls], [*outputs, picture], **every, **private),
        examples.select(view.choose, controls, [*outputs, picture], **every, **private),
    )
    for event in events:
        event.failure(fn=None, js=clear_waiting_js(PLAYER))
    player.release(
        view.figure, [request], plot, show_progress="hidden", trigger_mode="always_last", api_visibility="private",
        concurrency_id="figure", concurrency_limit=2,
    )  # fmt: skip
