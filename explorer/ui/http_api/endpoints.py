"""The list of all API endpoints, and their registration with the page."""

from __future__ import annotations

import gradio as gr

from explorer.engine import Engine
from explorer.schemas import BranchRequest, NoisingRequest, SamplingRequest, TransferRequest, UTurnRequest
from explorer.schemas.autoencoders import CorruptionRequest, GenerateRequest, SeedRequest
from explorer.schemas.score_field import LearnRequest, WalkRequest
from explorer.server.blob_store import BlobStore
from explorer.server.picture_upload import read_picture, upload_button
from explorer.ui.http_api import autoencoders, pictures, score_field
from explorer.ui.http_api.endpoint import Endpoint, handler
from explorer.ui.streaming.events import COMPUTE

ENDPOINTS = (
    Endpoint(
        NoisingRequest,
        pictures.noising,
        "mean squared error, crossover (pixels) and spectra at each of sigmas; arrays x0, eps, denoised",
    ),
    Endpoint(
        SamplingRequest,
        pictures.sampling,
        "sigmas, spectra and which octaves are settled when; arrays picture, estimates (one per step)",
    ),
    Endpoint(BranchRequest, pictures.branch, "agreement per octave; arrays siblings, mean, disagreement"),
    Endpoint(
        UTurnRequest, pictures.u_turns, "change, correlation length (pixels) and agreement per octave at each sigma"
    ),
    Endpoint(TransferRequest, pictures.transfer, "for each sampler and number of steps the gain per octave"),
    Endpoint(
        CorruptionRequest, autoencoders.line_up, "error and spectra of each member; arrays picture, corrupted, members"
    ),
    Endpoint(
        GenerateRequest, autoencoders.generate, "contrast of each member's picture; arrays of frames, one a member"
    ),
    Endpoint(SeedRequest, autoencoders.level_matrix, "mean squared error by denoiser and test level"),
    Endpoint(
        SeedRequest, autoencoders.skip_costs, "error ratio and share of detail lost, by network, level and octave"
    ),
    Endpoint(
        CorruptionRequest, autoencoders.codes, "nats of each number of the code, tokens, bits; arrays traversal, prior"
    ),
    Endpoint(
        CorruptionRequest,
        autoencoders.wiring,
        "errors by level and told / true level; arrays picture, eps, told, blind",
    ),
    Endpoint(WalkRequest, score_field.walk, "distance from the density's weights over time; arrays single, annealed"),
    Endpoint(LearnRequest, score_field.learn_score, "losses and errors while it learns; array field"),
)


def add_endpoints(engine: Engine, blobs: BlobStore) -> None:
    """Add the endpoints to the page that is being built, in the queue of its own computations.

    Call before the views are built, so that none of their events takes the name of an endpoint.
    """
    queue = {name: COMPUTE[name] for name in ("concurrency_id", "concurrency_limit")}
    for call in ENDPOINTS:
        gr.api(handler(call, engine, blobs), api_name=call.name, api_description=call.words, **queue)
    file, name = upload_button("picture", visible=False), gr.Textbox(label="name", visible=False)

    def add_picture(picture: bytes | None) -> str:
        """Take in a PNG, JPEG or WebP picture, which is kept for a while.

        Parameters:
            picture: the file
        Returns:
            its name, for the parameter picture of the others
        """
        return engine.picture_store.add(read_picture(picture))

    # not among the tools: Gradio would open a path or URL from the caller of a tool on this machine
    file.upload(add_picture, file, name, api_name="add_picture", api_visibility="undocumented", show_progress="hidden")
