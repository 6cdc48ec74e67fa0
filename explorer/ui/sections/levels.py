"""Train at one noise level, test at another: what the one conditional model must match."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import numpy as np
import plotly.graph_objects as go

from explorer.engine import Engine
from explorer.figures.levels import matrix_figure
from explorer.ui.events import COMPUTE, plain_refusals

NOTE = (
    "Each row is one denoiser, each column a noise level of the test on the example pictures. 1.00 is the best at "
    "that level. A specialist is good at its own level; the conditional one, told the level, should match them all."
)


def build(engine: Engine) -> None:
    """Lay out the section."""

    def measure(seed: float) -> Iterator[tuple[go.Figure, str]]:
        """Yield the matrix after every row, and how far it has come. Refusals become one sentence."""
        with plain_refusals():
            for matrix in engine.level_matrix(seed):
                done = int(np.isfinite(matrix.mse).all(1).sum())
                state = "ready" if done == len(matrix.rows) else f"{done} of {len(matrix.rows)} rows"
                yield matrix_figure(matrix), state

    with gr.Accordion("Train at one noise level, test at another", open=False, elem_id="levels"):
        gr.HTML(f"<p class='note'>{NOTE}</p>")
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Measure", size="sm", variant="primary", elem_id="measure-levels")
            seed = gr.Number(0, label="Seed of the noise", precision=0)
            state = gr.HTML("", elem_classes="section-state")
        plot = gr.Plot(show_label=False, container=False, elem_classes="plot")
    button.click(measure, seed, [plot, state], api_name="level_matrix", **COMPUTE)


