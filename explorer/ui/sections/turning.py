"""The section on U-turns: the run's picture noised to several levels and regenerated, with the size of the change."""

from __future__ import annotations

import gradio as gr
import numpy as np
from gradio.components import Component

from explorer.core.spectra.radial import crossover, feature_size, mean_wavenumbers
from explorer.engine import Engine
from explorer.figures.uturns import uturns_figure
from explorer.schemas import SamplingRequest, UTurnRequest
from explorer.server.blob_store import BlobStore
from explorer.ui.sections.measurement import (
    Measurement,
    SectionText,
    build_plot,
    build_seed,
    measurement_section,
    progress_answer,
)
from explorer.ui.streaming.events import first_run
from explorer.ui.streaming.streams import accumulate

TEXT = SectionText(
    title="U-turns: how far a change reaches, by noise level",
    elem_id="u-turns",
    button="Turn",
    button_id="turn",
    stop_id="stop-turning",
    note="The clean picture of run A is noised to each level and regenerated four times. Where little noise was added "
    "only fine detail changes; the more noise, the larger the things that come out different.",
)


def build(engine: Engine, blobs: BlobStore, requests: gr.State) -> None:
    """Lay out and connect the section. requests: those of the runs in the player."""

    def measure(requests: list[SamplingRequest], levels: float, count: float, seed: float) -> Measurement:
        """Measure the U-turns, shown after every level."""
        request = UTurnRequest(run=first_run(requests), levels=levels, count=count, seed=seed)
        size = request.run.size
        expected, k = engine.models.training_spectrum(size), mean_wavenumbers(size, size)
        visible = [feature_size(crossover(expected, s, k)[0]) for s in request.sigmas]
        show = lambda turns: (uturns_figure(turns, request.sigmas, np.array(visible)),)
        return Measurement(accumulate(engine.u_turns(request)), request.levels, show)

    measurement_section(
        blobs,
        TEXT,
        measure,
        progress_answer("uTurns"),
        controls=_controls,
        results=lambda: [build_plot()],
        states=[requests],
        api_name="u_turns",
    )


def _controls() -> list[Component]:
    default = UTurnRequest()
    return [
        gr.Number(default.levels, label="Levels", precision=0, elem_id="turn-levels"),
        gr.Number(default.count, label="Times each", precision=0, elem_id="turn-count"),
        build_seed(default.seed, "turn-seed"),
    ]
