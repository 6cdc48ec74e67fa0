"""The wiring: how a noise predictor and a denoiser are one network, and what it does when told the wrong level."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from explorer.api.family import LineUpRequest
from explorer.engine import Engine
from explorer.ui.events import COMPUTE, plain_refusals
from explorer.ui.parts import PartStore
from explorer.ui.wiring.wiring import build_wiring, wiring_part

ASK = "(...v) => [...v.slice(0, -1), window.wiringPlayer?.ticket() ?? 0]"


def build(engine: Engine, parts: PartStore, request: gr.State) -> None:
    """Lay out the section. request: that of the line-up, whose picture and seed are taken."""

    def wire(request: LineUpRequest, ticket: float) -> Iterator[dict]:
        """Yield the one answer of the player. Refusals become one sentence."""
        with plain_refusals():
            part = parts.put(wiring_part(engine.wiring(request)))
            yield {"generation": int(ticket), "parts": [part], "state": "done"}

    title = "The wiring: noise predictor and denoiser are one network; and what if it is told the wrong level?"
    with gr.Accordion(title, open=False, elem_id="wiring"):
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Wire it up", size="sm", variant="primary", elem_id="wire")
        player, ticket = build_wiring(), gr.Number(0, precision=0, visible=False)
    button.click(wire, [request, ticket], player, js=ASK, api_visibility="private", **COMPUTE)
