"""The page: masthead, the views, and what is running underneath."""

from __future__ import annotations

import html

import gradio as gr

from explorer.engine import Engine
from explorer.examples import EXAMPLES
from explorer.schemas import NoisingRequest
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import ErrorHandlingBlocks
from explorer.ui.http_api import add_endpoints
from explorer.ui.permalinks.masthead import build_masthead, connect
from explorer.ui.tabs import autoencoders, noise_scale, sampling

TITLE = "Noise & Scale Explorer"
DEVICES = {"cpu": "the CPU", "cuda": "a GPU (CUDA)", "mps": "Apple's GPU (MPS)"}


def build_app(engine: Engine, blobs: BlobStore) -> gr.Blocks:
    """All views around one engine, large answers going through `parts`.

    launch() gets theme and style sheet from explorer.ui.theme.
    """
    with ErrorHandlingBlocks(title=TITLE, analytics_enabled=False, delete_cache=(300, 3600)) as app:
        add_endpoints(engine, blobs)
        masthead = build_masthead(TITLE)
        picture = gr.State(NoisingRequest().picture)  # one picture for all views
        with gr.Tabs(elem_id="views") as tabs:
            with gr.Tab(noise_scale.LABEL, id="noise-scale"):
                noise_scale.build(engine, blobs, picture)
            with gr.Tab(sampling.LABEL, id="sampling"):
                sampling.build(engine, blobs, picture)
            with gr.Tab(autoencoders.LABEL, id="autoencoders"):
                autoencoders.build(engine, blobs, picture)
        gr.HTML(f"<footer id='footnote'><p>{describe(engine)}</p><p>{attribution()}</p></footer>")
        connect(app, masthead, tabs, picture)
    return app


def describe(engine: Engine) -> str:
    """One line: model, size, training, hash, device, number type and pictures at once."""
    card = engine.models.card
    return (
        f"Model <b>{card['name']}</b>, {card['parameters'] / 1e6:.1f} million parameters, "
        f"{training(card)}, sha256 {card['sha256'][:12]}; "
        f"computing on {DEVICES.get(engine.models.device.type, engine.models.device.type)} in "
        f"{str(engine.models.dtype).removeprefix('torch.')}, {at_once(engine.chunk)}. "
        "Data range −1 to 1; pictures are clipped for display, spectra are not."
    )


def at_once(chunk: int) -> str:
    """How many pictures share a pass of the network, in words."""
    return "one picture of 128×128 at a time" if chunk == 1 else f"up to {chunk} pictures of 128×128 at once"


def training(card: dict) -> str:
    """What is known of a model's training."""
    seen = card.get("training", {}).get("images_seen")
    if seen is not None:
        return f"{seen:,} training pictures seen"
    return f"revision {card['revision'][:12]}, training pictures not stated"


def attribution() -> str:
    """Who made the example pictures, and under which licences they may be shown."""
    credits = (f"{html.escape(e.title)} by {html.escape(e.author)} ({html.escape(e.licence)})" for e in EXAMPLES)
    return f"Example pictures, cropped: {'; '.join(credits)}."
