"""The third tab: the family of autoencoders that diffusion grew out of, on one picture and on common axes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

import gradio as gr

from explorer.autoencoders import AUTOENCODERS
from explorer.engine import Engine
from explorer.schemas.autoencoders import AutoencoderOutput, CorruptedPicture, CorruptionRequest, MissingAutoencoder
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.server.picture_upload import read_picture
from explorer.ui.players.lineup.component import build_lineup
from explorer.ui.players.lineup.payload import autoencoders_part, given_part
from explorer.ui.sections import codes, generating, levels, score_field, skips, wiring
from explorer.ui.streaming.events import COMPUTE, clear_waiting_js, private_event, with_ticket_js
from explorer.ui.streaming.streams import Streams, batch_by_time
from explorer.ui.widgets.picture_picker import build_picture_picker, chosen_name
from explorer.ui.widgets.upload import build_upload

LABEL = "Autoencoders"
LEAD = "One picture through the whole family: what does each kind of autoencoder keep of it?"
PLAYER = "lineup"
FIRST_AUTOENCODERS = 9  # autoencoders that are sent with the picture: one row of the page
MESSAGE_INTERVAL_S = 0.1  # between two messages after the first
CORRUPTIONS = (("nothing", "none"), ("Gaussian noise", "gaussian"), ("masked pixels", "mask"))


class LineUpView:
    """The event handlers of the line-up."""

    def __init__(self, engine: Engine, blobs: BlobStore) -> None:
        self.engine, self.streams = engine, Streams(blobs)

    def line_up(
        self, picture: str, corruption: str, sigma: float, rate: float, seed: float, ticket: float, visitor: gr.Request
    ) -> Iterator[tuple[dict, CorruptionRequest]]:
        """Yield (growing answer, request) as the members are computed. Raise gr.Error when the request is refused."""
        with show_user_errors():
            request = CorruptionRequest(picture=picture, corruption=corruption, sigma=sigma, rate=rate, seed=seed)
            given = self.engine.autoencoders.corrupt(request)
            outputs = self.engine.autoencoders.outputs(given)
            items = chain(
                [[given, *islice(outputs, FIRST_AUTOENCODERS)]],
                batch_by_time(outputs, MESSAGE_INTERVAL_S, at_once=False),
            )
            about = {"autoencoders": len(AUTOENCODERS)}
            for answer, _ in self.streams.answers(items, ticket, visitor.session_hash or "", _encoded, **about):
                yield answer, request

    def upload(self, data: bytes | None) -> str:
        """Store an uploaded picture and return its id. Raise gr.Error when it is refused."""
        return self.engine.picture_store.add(read_picture(data))


def _encoded(some: list[CorruptedPicture | AutoencoderOutput | MissingAutoencoder]) -> list[bytes]:
    """Return the blobs of these items: that of the picture, if it is the first, and that of the autoencoders."""
    if isinstance(some[0], CorruptedPicture):
        return [given_part(some[0]), autoencoders_part(some[1:])]
    return [autoencoders_part(some)]


def build(engine: Engine, blobs: BlobStore, picture: gr.State) -> None:
    """Lay out the view in the current context, its tab, and connect it. picture: the picture's name in the engine."""
    view, default = LineUpView(engine, blobs), CorruptionRequest()
    request, ticket = gr.State(default), gr.Number(0, precision=0, visible=False)
    gr.HTML(f"<p class='lead'>{LEAD}</p>")
    with gr.Column(elem_id="lineup-controls", elem_classes="controls"):
        with gr.Row(elem_classes="line"):
            corruption = gr.Radio(
                CORRUPTIONS, value=default.corruption, label="Give them the picture with", elem_id="corruption"
            )
            sigma = gr.Number(default.sigma, label="Noise, sigma", elem_id="lineup-sigma")
            rate = gr.Number(default.rate, label="Masked share", elem_id="lineup-rate")
            seed = gr.Number(default.seed, label="Seed", precision=0, elem_id="lineup-seed")
            begin = gr.Button("Run", elem_id="lineup-begin", elem_classes="unseen")
        with gr.Row(elem_classes="chooser"):
            examples = build_picture_picker(default.picture, "lineup-examples")
            upload = build_upload(elem_id="lineup-upload")

    player = build_lineup()
    inputs = [picture, corruption, sigma, rate, seed, ticket]
    run = {"fn": view.line_up, "inputs": inputs, "outputs": [player, request], "js": with_ticket_js(PLAYER), **COMPUTE}
    private, quiet = {**run, "api_visibility": "private"}, {"show_progress": "hidden", "api_visibility": "private"}
    moved = [control.input for control in (corruption, sigma, rate, seed)]
    chosen = examples.select(chosen_name, None, picture, **quiet)
    uploaded = upload.upload(view.upload, upload, picture, **quiet)
    events = [
        gr.on(moved, **run, trigger_mode="multiple", **private_event("line_up")),
        begin.click(**private),
        chosen.success(**private),
        uploaded,
        uploaded.success(**private),
    ]
    for event in events:
        event.failure(fn=None, js=clear_waiting_js(PLAYER))
    wiring.build(engine, blobs, request)
    levels.build(engine, blobs)
    skips.build(engine, blobs)
    codes.build(engine, blobs, request)
    generating.build(engine, blobs)
    score_field.build(engine, blobs)
