"""Can it generate? Each member as the denoiser of the same sampling loop, from the same noise."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from explorer.api.family import GenerateRequest
from explorer.engine import Engine
from explorer.family import MEMBERS
from explorer.ui.events import COMPUTE, plain_refusals
from explorer.ui.gallery.gallery import Row, build_gallery, rows_part
from explorer.ui.parts import PartStore

NOTE = (
    "Heun's sampler starts from the same noise and asks each member in turn what the clean picture is. A sampler needs "
    "an answer that is right at every noise level; most of the family were never asked at most of them."
)
ASK = "(...v) => [...v.slice(0, -1), window.galleries?.films?.ticket() ?? 0]"


def build(engine: Engine, parts: PartStore) -> None:
    """Lay out the section."""

    def generate(seed: float, steps: float, ticket: float) -> Iterator[dict]:
        """Yield the rows of the gallery, one per member, as they are computed. Refusals become one sentence."""
        with plain_refusals():
            names = []
            for film in engine.films(GenerateRequest(seed=seed, steps=steps)):
                at = [f"σ {sigma:.2g}" if sigma else "end" for sigma in film.sigmas]
                row = Row(film.title, f"contrast {film.rms:.2g} (pictures: about 0.5)", film.frames, at)
                names.append(parts.put(rows_part([row], len(names))))
                state = "done" if len(names) == len(MEMBERS) else "running"
                yield {"generation": int(ticket), "parts": list(names), "state": state, "rows": len(MEMBERS)}

    default = GenerateRequest()
    with gr.Accordion("Can it generate?", open=False, elem_id="generating"):
        gr.HTML(f"<p class='note'>{NOTE}</p>")
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Generate", size="sm", variant="primary", elem_id="generate")
            seed = gr.Number(default.seed, label="Seed", precision=0)
            steps = gr.Number(default.steps, label="Steps", precision=0)
        gallery, ticket = build_gallery("films"), gr.Number(0, precision=0, visible=False)
    button.click(generate, [seed, steps, ticket], gallery, js=ASK, api_name="generate", **COMPUTE)
