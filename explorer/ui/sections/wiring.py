"""The section on wiring: one network as noise predictor and as denoiser, also when given a wrong noise level."""

from __future__ import annotations

import gradio as gr

from explorer.engine import Engine
from explorer.schemas.autoencoder_internals import WIRING_STEPS, Wiring
from explorer.schemas.autoencoders import CorruptionRequest
from explorer.server.blob_store import BlobStore
from explorer.ui.players.wiring.component import build_wiring
from explorer.ui.players.wiring.payload import wiring_part
from explorer.ui.sections.measurement import AnswerPlayer, Measurement, SectionText, measurement_section

TEXT = SectionText(
    title="The wiring: noise predictor and denoiser are one network; and what if it is told the wrong level?",
    elem_id="wiring",
    button="Wire it up",
    button_id="wire",
    stop_id="stop-wiring",
)
PLAYER = AnswerPlayer("wiring", build_wiring)


def build(engine: Engine, blobs: BlobStore, request: gr.State) -> None:
    """Lay out and connect the section. request: that of the line-up, for its picture and seed."""

    def wire(request: CorruptionRequest) -> Measurement[Wiring]:
        """Measure the wiring; the last item has the only part of the player."""
        corrupted = engine.autoencoders.corrupt(request)
        encode = lambda wiring: [wiring_part(wiring)] if wiring.round_trip else []
        return Measurement(engine.autoencoder_internals.wiring(corrupted), WIRING_STEPS, encode=encode)

    measurement_section(blobs, TEXT, wire, PLAYER, states=[request])
