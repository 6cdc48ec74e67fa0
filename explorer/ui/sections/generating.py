"""Can it generate? Each member as the denoiser of the same sampling loop, from the same noise."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import gradio as gr

from explorer.autoencoders import AUTOENCODERS
from explorer.engine import Engine
from explorer.schemas.autoencoders import GeneratedFrames, GenerateRequest, MissingAutoencoder
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.ui.players.gallery.component import Row, build_gallery, missing_row, rows_part
from explorer.ui.streaming.events import private_event
from explorer.ui.streaming.streams import Streams

NOTE = (
    "Heun's sampler starts from the same noise and asks each member in turn what the clean picture is. A sampler needs "
    "an answer that is right at every noise level; most of the family were never asked at most of them."
)
PLAYER = "generated"


def build(engine: Engine, blobs: BlobStore) -> None:
    """Lay out the section."""
    streams = Streams(blobs)

    def generate(seed: float, steps: float, ticket: float, visitor: gr.Request) -> Iterator[dict]:
        """Yield the rows of the gallery, one per member, as they are computed. Refusals become one sentence."""
        with show_user_errors():
            rows, place = engine.autoencoders.generate(GenerateRequest(seed=seed, steps=steps)), count()
            encode = lambda generated: [rows_part([generated_row(generated)], next(place))]
            for answer, _ in streams.answers(rows, ticket, visitor.session_hash or "", encode, of=len(AUTOENCODERS)):
                yield answer

    default = GenerateRequest()
    with gr.Accordion("Can it generate?", open=False, elem_id="generating"):
        gr.HTML(f"<p class='note'>{NOTE}</p>")
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Generate", size="sm", variant="primary", elem_id="generate")
            stop = gr.Button("Stop", size="sm", elem_id="stop-generating")
            seed = gr.Number(default.seed, label="Seed", precision=0, elem_id="generate-seed")
            steps = gr.Number(default.steps, label="Steps", precision=0, elem_id="generate-steps")
        gallery = build_gallery(PLAYER)
    streams.connect(button, stop, generate, [seed, steps], [gallery], PLAYER, **private_event("generate"))


def generated_row(generated: GeneratedFrames | MissingAutoencoder) -> Row:
    """Return the row of an autoencoder: its estimates as the noise falls, or why there are none."""
    if isinstance(generated, MissingAutoencoder):
        return missing_row(generated)
    at = [f"σ {sigma:.2g}" if sigma else "end" for sigma in generated.sigmas]
    return Row(generated.title, f"contrast {generated.rms:.2g} (pictures: about 0.5)", generated.frames, at)
