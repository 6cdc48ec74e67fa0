"""The section on generation: each autoencoder as the denoiser of the same sampling loop, from the same noise."""

from __future__ import annotations

from itertools import count

import gradio as gr
from gradio.components import Component

from explorer.autoencoders import AUTOENCODERS
from explorer.engine import Engine
from explorer.schemas.autoencoders import GeneratedFrames, GenerateRequest, MissingAutoencoder
from explorer.server.blob_store import BlobStore
from explorer.ui.players.gallery.component import Row, missing_row, rows_part
from explorer.ui.sections.measurement import Measurement, SectionText, build_seed, gallery_answer, measurement_section

TEXT = SectionText(
    title="Can it generate?",
    elem_id="generating",
    button="Generate",
    button_id="generate",
    stop_id="stop-generating",
    note="Heun's sampler starts from the same noise and asks each member in turn what the clean picture is. A sampler "
    "needs an answer that is right at every noise level; most of the family were never asked at most of them.",
)


def build(engine: Engine, blobs: BlobStore) -> None:
    """Lay out and connect the section."""

    def measure(seed: float, steps: float) -> Measurement[GeneratedFrames | MissingAutoencoder]:
        """Measure the rows of the gallery, one per autoencoder."""
        rows, place = engine.autoencoders.generate(GenerateRequest(seed=seed, steps=steps)), count()
        encode = lambda generated: [rows_part([generated_row(generated)], next(place))]
        return Measurement(rows, len(AUTOENCODERS), encode=encode)

    measurement_section(blobs, TEXT, measure, gallery_answer("generated"), controls=_controls, api_name="generate")


def _controls() -> list[Component]:
    default = GenerateRequest()
    return [
        build_seed(default.seed, "generate-seed", label="Seed"),
        gr.Number(default.steps, label="Steps", precision=0, elem_id="generate-steps"),
    ]


def generated_row(generated: GeneratedFrames | MissingAutoencoder) -> Row:
    """Return the row of an autoencoder: its estimates as the noise falls, or the reason why it is missing."""
    if isinstance(generated, MissingAutoencoder):
        return missing_row(generated)
    at = [f"σ {sigma:.2g}" if sigma else "end" for sigma in generated.sigmas]
    return Row(generated.title, f"contrast {generated.rms:.2g} (pictures: about 0.5)", generated.frames, at)
