"""The section on codes: spectra by size of the code, a traversal of the variational one, its prior, a map of tokens."""

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
from explorer.ui.players.gallery.component import Row, missing_row, rows_part
from explorer.ui.sections.measurement import Measurement, SectionText, build_plot, gallery_answer, measurement_section
from explorer.ui.widgets.notes import missing_note

TEXT = SectionText(
    title="What the code holds",
    elem_id="what-codes-hold",
    button="Look inside",
    button_id="look-inside",
    stop_id="stop-codes",
    note="A small code can only hold coarse things. Solid: trained linear bottlenecks; dotted: principal components, "
    "the exact best linear code; dashed: convolutional bottlenecks. From blue to violet the code grows.",
)
BOTTLENECKS = [name for name, info in AUTOENCODERS.items() if info.group in ("linear", "convolutional")]


def build(engine: Engine, blobs: BlobStore, request: gr.State) -> None:
    """Lay out and connect the section. request: that of the line-up, for its picture and seed."""

    def measure(request: CorruptionRequest) -> Measurement:
        """Measure the curves and half-power sizes after every bottleneck, and at last the rows of pictures."""
        clean = CorruptionRequest(picture=request.picture, corruption="none", seed=request.seed)
        given = engine.autoencoders.corrupt(clean)

        def show(step: tuple[Sequence[AutoencoderOutput | MissingAutoencoder], Codes | None]) -> tuple[go.Figure, str]:
            outputs = [output for output in step[0] if isinstance(output, AutoencoderOutput)]
            missing = missing_note([output for output in step[0] if isinstance(output, MissingAutoencoder)])
            return codes_figure(given, outputs), _sizes(given, outputs) + missing

        encode = lambda step: [rows_part(code_rows(step[1]), 0)] if step[1] else []
        return Measurement(_steps(engine, given), len(BOTTLENECKS) + 1, show, encode)

    results = lambda: [build_plot(), gr.HTML("")]
    measurement_section(blobs, TEXT, measure, gallery_answer("codes"), results=results, states=[request])


def _steps(
    engine: Engine, given: CorruptedPicture
) -> Iterator[tuple[list[AutoencoderOutput | MissingAutoencoder], Codes | None]]:
    """Yield (outputs so far, None) after each bottleneck, and at last the codes with all outputs."""
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
    """Return the rows of the gallery: each direction of the variational code, its prior, the map of tokens."""
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
    """Return the code map as a picture (3, 32, 32), -0.8 to 0.8: one colour per token, distinct for close numbers."""
    hue = (codes.tokens * 0.61803398875) % 1.0  # golden ratio
    channels = [np.cos(2 * np.pi * (hue + shift)) for shift in (0, 1 / 3, 2 / 3)]
    return np.stack([np.kron(channel, np.ones((4, 4))) for channel in channels]).astype(np.float32) * 0.8
