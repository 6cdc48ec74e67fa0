"""The section on skip connections: the detail a U-Net loses without them, by noise level and octave."""

from __future__ import annotations

import plotly.graph_objects as go

from explorer.engine import Engine
from explorer.figures.skips import skips_figure, skips_sentence
from explorer.schemas.autoencoder_internals import SkipCosts
from explorer.schemas.autoencoders import TEST_SIGMAS, SeedRequest
from explorer.server.blob_store import BlobStore
from explorer.ui.sections.measurement import (
    Measurement,
    SectionText,
    build_plot_with_text,
    build_seed,
    measurement_section,
    progress_answer,
)
from explorer.ui.widgets.notes import missing_note

TEXT = SectionText(
    title="Is a bottleneck needed, or does it harm?",
    elem_id="skips",
    button="Cut the skips",
    button_id="cut-skips",
    stop_id="stop-skips",
    note="The two texts disagree. Text A: a bottleneck would do “more harm than good”. Text B takes the U-Net for an "
    "autoencoder, “with residual connections”. Cut these connections, or put a bottleneck in: each number is the share "
    "of what the example pictures hold at that size of detail that is lost beyond what the noise hides anyway.",
)


def build(engine: Engine, blobs: BlobStore) -> None:
    """Lay out and connect the section."""

    def measure(seed: float) -> Measurement[SkipCosts]:
        """Measure the lost shares, shown after every noise level with a sentence on them."""
        return Measurement(engine.autoencoder_internals.skip_costs(SeedRequest(seed)), len(TEST_SIGMAS), _show)

    measurement_section(
        blobs,
        TEXT,
        measure,
        progress_answer("skipCosts"),
        controls=lambda: [build_seed(0, "skips-seed")],
        results=build_plot_with_text,
        api_name="skip_costs",
    )


def _show(costs: SkipCosts) -> tuple[go.Figure, str]:
    return skips_figure(costs), f"<p class='said'>{skips_sentence(costs)}</p>{missing_note(costs.missing)}"
