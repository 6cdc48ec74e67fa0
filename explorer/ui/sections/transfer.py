"""The section on gains per octave: samplers by number of steps, in closed form and measured with the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import gradio as gr
from gradio.components import Component

from explorer.core.samplers.registry import SAMPLER_INFO
from explorer.engine import Engine
from explorer.errors import RequestRefused
from explorer.figures.transfer import transfer_figure
from explorer.schemas import SamplingRequest, TransferRequest
from explorer.schemas.transfer import NONLINEAR, TransferCurve
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

TEXT = SectionText(
    title="Gain per octave: what a number of steps does",
    elem_id="transfer",
    button="Measure",
    button_id="measure",
    stop_id="stop-transfer",
    note="A sampler with few steps is an equaliser: it gives each octave too much or too little power. Lines: exact, "
    "for Gaussian pictures with the training pictures' spectrum. Points: samples of run A's model, mean and standard "
    "error.",
)
SAMPLER_CHOICES = [(info.title, name) for name, info in SAMPLER_INFO.items() if name not in NONLINEAR]


def build(engine: Engine, blobs: BlobStore, requests: gr.State) -> None:
    """Lay out and connect the section, which uses the model, class, guidance and schedule of run A.

    requests: those of the runs in the player
    """

    def measure(
        requests: list[SamplingRequest], samplers: list[str], steps: str, seed: float
    ) -> Measurement[list[TransferCurve]]:
        """Measure the gains, shown with the closed forms first, then after every measured curve."""
        run = first_run(requests)
        request = TransferRequest(
            samplers=tuple(samplers), step_counts=step_counts(steps), seed=seed,
            model=run.model, label=run.label, guidance=run.guidance, schedule=run.schedule,
        )  # fmt: skip
        curve_count = len(request.samplers) * len(request.step_counts)
        curves = complete_curve_sets(engine.transfer(request), curve_count)
        return Measurement(curves, curve_count + 1, lambda curves: (transfer_figure(request, curves),))

    measurement_section(
        blobs,
        TEXT,
        measure,
        progress_answer("transferGains"),
        controls=_controls,
        results=lambda: [build_plot()],
        states=[requests],
        api_name="transfer",
    )


def _controls() -> list[Component]:
    default = TransferRequest()
    samplers, steps = list(default.samplers), ", ".join(map(str, default.step_counts))
    return [
        gr.CheckboxGroup(SAMPLER_CHOICES, value=samplers, label="Samplers, at most three", elem_id="transfer-samplers"),
        gr.Textbox(steps, label="Steps", elem_id="step-counts"),
        build_seed(default.seed, "transfer-seed", label="Seed"),
    ]


def complete_curve_sets(curves: Iterable[TransferCurve], total: int) -> Iterator[list[TransferCurve]]:
    """Yield the list of all `total` curves once each has its closed form, and after each one that is measured."""
    known: dict[tuple[str, int], TransferCurve] = {}
    for curve in curves:
        known[curve.sampler, curve.steps] = curve
        if len(known) == total:
            yield list(known.values())


def step_counts(text: object) -> tuple[int, ...]:
    """Return the numbers in a text such as "5, 10, 20". Raise RequestRefused for any other text."""
    words = str(text).replace(",", " ").split()[:8]
    if not words or not all(word.isdecimal() and len(word) < 6 for word in words):
        raise RequestRefused("Write the numbers of steps as in: 5, 10, 20.")
    return tuple(sorted({int(word) for word in words}))
