"""The buttons that save run A as an animation, frames, curves, or one JSON file with all data."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from explorer.engine import Engine, sampling
from explorer.export.formats import FORMATS
from explorer.schemas import SamplingRequest
from explorer.server.blob_store import BlobStore, pack_blob
from explorer.server.error_handling import show_user_errors
from explorer.ui.players.file_download.component import build_file_download
from explorer.ui.streaming.events import COMPUTE, first_run

BUTTON_LABELS = {"gif": "GIF", "mp4": "Video", "zip": "Frames", "csv": "Curves (CSV)", "json": "Everything (JSON)"}


def build(engine: Engine, blobs: BlobStore, requests: gr.State) -> None:
    """Lay out and connect the row of buttons. requests: those of the runs in the player."""
    with gr.Row(elem_id="export", elem_classes="controls line"):
        gr.HTML("<span class='label'>Save run A as</span>")
        buttons = {name: gr.Button(BUTTON_LABELS[name], size="sm", elem_id=f"export-{name}") for name in FORMATS}
        download = build_file_download("taker")
    for name, button in buttons.items():
        button.click(
            _exporter(engine, blobs, name), requests, download, api_visibility="private", trigger_mode="once", **COMPUTE
        )


def _exporter(engine: Engine, blobs: BlobStore, name: str):  # noqa: ANN202 - a handler
    def export(requests: list[SamplingRequest]) -> Iterator[dict]:
        """Yield {"part": name of the blob with the file}. Raise gr.Error when the request is refused."""
        with show_user_errors():
            plan = engine.plan(first_run(requests))
            steps, card = list(engine.sample(plan)), engine.models.card_of(plan.request.model)
            made = FORMATS[name].make(plan, steps, sampling.octave_map(steps), card)
            yield {"part": blobs.put(pack_blob({"filename": made.filename, "mime": made.mime}, made.data))}

    return export
