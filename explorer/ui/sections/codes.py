"""What the code holds: spectra by its size, a walk through the variational one, its prior, a map of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import gradio as gr
import numpy as np
import plotly.graph_objects as go

from explorer.autoencoders import AUTOENCODERS
from explorer.engine import Engine
from explorer.figures.codes import codes_figure, half_power
from explorer.schemas.autoencoder_internals import Codes
from explorer.schemas.autoencoders import AutoencoderOutput, CorruptedPicture, CorruptionRequest, MissingAutoencoder
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.ui.players.gallery.component import Row, build_gallery, missing_row, rows_part
from explorer.ui.streaming.streams import Streams
from explorer.ui.widgets.notes import missing_note

NOTE = (
    "A small code can only hold coarse things. Solid: trained linear bottlenecks; dotted: principal components, the "
    "exact best linear code; dashed: convolutional bottlenecks. From blue to violet the code grows."
)
PLAYER = "codes"
BOTTLENECKS = [name for name, info in AUTOENCODERS.items() if info.group in ("linear", "convolutional")]


def build(engine: Engine, blobs: BlobStore, request: gr.State) -> None:
    """Lay out the section. request: that of the line-up, whose picture and seed are taken."""
    streams = Streams(blobs)

    def look(request: CorruptionRequest, ticket: float, visitor: gr.Request) -> Iterator[tuple[go.Figure, str, dict]]:
        """Yield curves, half-power sizes in words, and at last the rows of pictures. Refusals become one sentence."""
        with show_user_errors():
            clean = CorruptionRequest(picture=request.picture, corruption="none", seed=request.seed)
            given, session = engine.autoencoders.corrupt(clean), visitor.session_hash or ""
            encode = lambda look: [rows_part(code_rows(look[1]), 0)] if look[1] else []
            about = {"of": len(BOTTLENECKS) + 1}
            for answer, (outputs, _) in streams.answers(_looks(engine, given), ticket, session, encode, **about):
                found = [output for output in outputs if isinstance(output, AutoencoderOutput)]
                missing = missing_note([output for output in outputs if isinstance(output, MissingAutoencoder)])
                yield codes_figure(given, found), _sizes(given, found) + missing, answer

    with gr.Accordion("What the code holds", open=False, elem_id="what-codes-hold"):
        gr.HTML(f"<p class='note'>{NOTE}</p>")
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Look inside", size="sm", variant="primary", elem_id="look-inside")
            stop = gr.Button("Stop", size="sm", elem_id="stop-codes")
        plot = gr.Plot(show_label=False, container=False, elem_classes="plot")
        words, gallery = gr.HTML(""), build_gallery(PLAYER)
    streams.connect(button, stop, look, [request], [plot, words, gallery], PLAYER)


def _looks(
    engine: Engine, given: CorruptedPicture
) -> Iterator[tuple[list[AutoencoderOutput | MissingAutoencoder], Codes | None]]:
    """One bottleneck more each time, and in the end the codes."""
    outputs: list[AutoencoderOutput | MissingAutoencoder] = []
    for output in engine.autoencoders.outputs(given, BOTTLENECKS):
        outputs.append(output)
        yield outputs, None
    yield outputs, engine.autoencoder_internals.codes(given.picture, given.request.seed)


def _sizes(given: CorruptedPicture, outputs: Sequence[AutoencoderOutput]) -> str:
    found = {o.title: half_power(given, o) for o in outputs}
    sizes = ", ".join(f"{title}: {0.5 / k:.1f} px" if k else f"{title}: nowhere" for title, k in found.items())
    return f"<p class='note'>Half power comes out down to: {sizes}.</p>"


def code_rows(codes: Codes) -> list[Row]:
    """The rows of the gallery: each direction of the variational code, its prior, the map of tokens."""
    at = [f"{value:g}" for value in codes.values]
    rows = [
        Row(f"Variational, number {number}", f"{codes.nats[number]:.1f} nats; moved from −3 to 3", pictures, at)
        for number, pictures in zip(codes.directions, codes.traversal, strict=True)
    ]
    if len(codes.prior):
        prior = f"decoded from N(0, I); {codes.nats.sum():.0f} nats in this picture"
        rows.append(Row("From its prior", prior, codes.prior))
    if codes.tokens.size:
        tokens = f"8×8 tokens of {codes.entries}, {codes.bits:.0f} bits"
        rows.append(Row("Vector-quantised", tokens, token_map(codes)[None]))
    return [*rows, *map(missing_row, codes.missing)]


def token_map(codes: Codes) -> np.ndarray:
    """The code map as a picture (3, 32, 32): one colour per token, far apart for neighbouring numbers."""
    hue = (codes.tokens * 0.61803398875) % 1.0  # golden ratio
    channels = [np.cos(2 * np.pi * (hue + shift)) for shift in (0, 1 / 3, 2 / 3)]
    return np.stack([np.kron(channel, np.ones((4, 4))) for channel in channels]).astype(np.float32) * 0.8
