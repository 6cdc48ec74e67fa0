"""Train at one noise level, test at another: what the one conditional model must match."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import plotly.graph_objects as go

from explorer.engine import Engine
from explorer.engine.autoencoders import MATRIX_ROWS
from explorer.figures.levels import matrix_figure
from explorer.schemas.autoencoders import SeedRequest
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.ui.players.progress.component import build_progress
from explorer.ui.streaming.events import private_event
from explorer.ui.streaming.streams import Streams
from explorer.ui.widgets.notes import missing_note

NOTE = (
    "Each row is one denoiser, each column a noise level of the test on the example pictures. 1.00 is the best at "
    "that level. A specialist is good at its own level; the conditional one, told the level, should match them all."
)
PLAYER = "matrix"


def build(engine: Engine, blobs: BlobStore) -> None:
    """Lay out the section."""
    streams = Streams(blobs)

    def measure(seed: float, ticket: float, visitor: gr.Request) -> Iterator[tuple[go.Figure, str, dict]]:
        """Yield the matrix after every row, who is left out, and how far it has come. Refusals become one sentence."""
        with show_user_errors():
            matrices = engine.autoencoders.level_matrix(SeedRequest(seed))
            for answer, matrix in streams.answers(matrices, ticket, visitor.session_hash or "", of=len(MATRIX_ROWS)):
                yield matrix_figure(matrix), missing_note(matrix.missing), answer

    with gr.Accordion("Train at one noise level, test at another", open=False, elem_id="levels"):
        gr.HTML(f"<p class='note'>{NOTE}</p>")
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Measure", size="sm", variant="primary", elem_id="measure-levels")
            stop = gr.Button("Stop", size="sm", elem_id="stop-levels")
            seed = gr.Number(0, label="Seed of the noise", precision=0, elem_id="levels-seed")
            progress = build_progress(PLAYER)
        missing = gr.HTML("")
        plot = gr.Plot(show_label=False, container=False, elem_classes="plot")
    streams.connect(button, stop, measure, [seed], [plot, missing, progress], PLAYER, **private_event("level_matrix"))
