"""The wiring: how a noise predictor and a denoiser are one network, and what it does when told the wrong level."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from explorer.engine import Engine
from explorer.schemas.autoencoder_internals import WIRING_STEPS
from explorer.schemas.autoencoders import CorruptionRequest
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.ui.players.wiring.component import build_wiring
from explorer.ui.players.wiring.payload import wiring_part
from explorer.ui.streaming.streams import Streams

PLAYER = "wiring"


def build(engine: Engine, blobs: BlobStore, request: gr.State) -> None:
    """Lay out the section. request: that of the line-up, whose picture and seed are taken."""
    streams = Streams(blobs)

    def wire(request: CorruptionRequest, ticket: float, visitor: gr.Request) -> Iterator[dict]:
        """Yield how far it has come, and in the end the one part of the player. Refusals become one sentence."""
        with show_user_errors():
            encode = lambda wiring: [wiring_part(wiring)] if wiring.round_trip else []
            corrupted = engine.autoencoders.corrupt(request)
            steps, session = engine.autoencoder_internals.wiring(corrupted), visitor.session_hash or ""
            for answer, _ in streams.answers(steps, ticket, session, encode, of=WIRING_STEPS):
                yield answer

    title = "The wiring: noise predictor and denoiser are one network; and what if it is told the wrong level?"
    with gr.Accordion(title, open=False, elem_id="wiring"):
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Wire it up", size="sm", variant="primary", elem_id="wire")
            stop = gr.Button("Stop", size="sm", elem_id="stop-wiring")
        player = build_wiring()
    streams.connect(button, stop, wire, [request], [player], PLAYER)
