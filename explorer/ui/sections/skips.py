"""Is a bottleneck needed, or does it harm? What a U-Net loses without its skips, by noise level and octave."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import plotly.graph_objects as go

from explorer.engine import Engine
from explorer.figures.skips import skips_figure, skips_sentence
from explorer.schemas.autoencoders import TEST_SIGMAS, SeedRequest
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.ui.players.progress.component import build_progress
from explorer.ui.streaming.events import private_event
from explorer.ui.streaming.streams import Streams
from explorer.ui.widgets.notes import missing_note

NOTE = (
    "The two texts disagree. Text A: a bottleneck would do “more harm than good”. Text B takes the U-Net for an "
    "autoencoder, “with residual connections”. Cut these connections, or put a bottleneck in: each number is the share "
    "of what the example pictures hold at that size of detail that is lost beyond what the noise hides anyway."
)
PLAYER = "skipCosts"


def build(engine: Engine, blobs: BlobStore) -> None:
    """Lay out the section."""
    streams = Streams(blobs)

    def cut(seed: float, ticket: float, visitor: gr.Request) -> Iterator[tuple[go.Figure, str, dict]]:
        """Yield the shares lost after every noise level, what they say, and how far it has come."""
        with show_user_errors():
            costs = engine.autoencoder_internals.skip_costs(SeedRequest(seed))
            for answer, cost in streams.answers(costs, ticket, visitor.session_hash or "", of=len(TEST_SIGMAS)):
                said = f"<p class='said'>{skips_sentence(cost)}</p>{missing_note(cost.missing)}"
                yield skips_figure(cost), said, answer

    with gr.Accordion("Is a bottleneck needed, or does it harm?", open=False, elem_id="skips"):
        gr.HTML(f"<p class='note'>{NOTE}</p>")
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Cut the skips", size="sm", variant="primary", elem_id="cut-skips")
            stop = gr.Button("Stop", size="sm", elem_id="stop-skips")
            seed = gr.Number(0, label="Seed of the noise", precision=0, elem_id="skips-seed")
            progress = build_progress(PLAYER)
        words = gr.HTML("")
        plot = gr.Plot(show_label=False, container=False, elem_classes="plot")
    streams.connect(button, stop, cut, [seed], [plot, words, progress], PLAYER, **private_event("skip_costs"))
