"""What the code holds: spectra by its size, a walk through the variational one, its prior, a map of tokens."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import numpy as np
import plotly.graph_objects as go

from explorer.api.family import Codes, LineUpRequest
from explorer.engine import Engine
from explorer.figures.codes import codes_figure, half_power
from explorer.ui.events import COMPUTE, plain_refusals
from explorer.ui.gallery.gallery import Row, build_gallery, rows_part
from explorer.ui.parts import PartStore

NOTE = (
    "A small code can only hold coarse things. Solid: trained linear bottlenecks; dotted: principal components, the "
    "exact best linear code; dashed: convolutional bottlenecks. Darker is a larger code."
)
ASK = "(...v) => [...v.slice(0, -1), window.galleries?.codes?.ticket() ?? 0]"


def build(engine: Engine, parts: PartStore, request: gr.State) -> None:
    """Lay out the section. request: that of the line-up, whose picture and seed are taken."""

    def look(request: LineUpRequest, ticket: float) -> Iterator[tuple[go.Figure, str, dict]]:
        """Yield the curves, the half-power sizes in words, and the rows of pictures. Refusals become one sentence."""
        with plain_refusals():
            clean = LineUpRequest(picture=request.picture, corruption="none")
            given = engine.corrupt(clean)
            outputs = [output for output in engine.line_up(given) if output.numbers and output.group in BOTTLENECKS]
            words = ", ".join(f"{o.title}: {0.5 / max(half_power(given, o), 1e-9):.1f} px" for o in outputs)
            rows = code_rows(engine.codes(clean, request.seed))
            part = parts.put(rows_part(rows, 0))
            answer = {"generation": int(ticket), "parts": [part], "state": "done", "rows": len(rows)}
            yield codes_figure(given, outputs), f"<p class='note'>Half power comes out down to: {words}.</p>", answer

    with gr.Accordion("What the code holds", open=False, elem_id="what-codes-hold"):
        gr.HTML(f"<p class='note'>{NOTE}</p>")
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Look inside", size="sm", variant="primary", elem_id="look-inside")
        plot = gr.Plot(show_label=False, container=False, elem_classes="plot")
        words, gallery, ticket = gr.HTML(""), build_gallery("codes"), gr.Number(0, precision=0, visible=False)
    button.click(look, [request, ticket], [plot, words, gallery], js=ASK, api_visibility="private", **COMPUTE)


BOTTLENECKS = ("linear", "convolutional")


def code_rows(codes: Codes) -> list[Row]:
    """The rows of the gallery: each direction of the variational code, its prior, the map of tokens."""
    at = [f"{value:g}" for value in codes.values]
    rows = [
        Row(f"Variational, number {number}", f"{codes.nats[number]:.1f} nats; moved from −3 to 3", pictures, at)
        for number, pictures in zip(codes.directions, codes.traversal, strict=True)
    ]
    prior = f"decoded from N(0, I); {codes.nats.sum():.0f} nats in this picture"
    tokens = f"8×8 tokens of {codes.entries}, {codes.bits:.0f} bits"
    rows.append(Row("From its prior", prior, codes.prior))
    return [*rows, Row("Vector-quantised", tokens, token_map(codes)[None])]


def token_map(codes: Codes) -> np.ndarray:
    """The code map as a picture (3, 32, 32): one colour per token, far apart for neighbouring numbers."""
    hue = (codes.tokens * 0.61803398875) % 1.0  # golden ratio
    channels = [np.cos(2 * np.pi * (hue + shift)) for shift in (0, 1 / 3, 2 / 3)]
    return np.stack([np.kron(channel, np.ones((4, 4))) for channel in channels]).astype(np.float32) * 0.8
