"""All questions that programs may ask, and their way into the page's server."""

from __future__ import annotations

import gradio as gr

from explorer.api import BranchRequest, NoisingRequest, SamplingRequest, TransferRequest, UTurnRequest
from explorer.api.family import GenerateRequest, LineUpRequest
from explorer.api.planar import LearnRequest, WalkRequest
from explorer.engine import Engine
from explorer.ui.calls import family, pictures, plane
from explorer.ui.calls.family import SeedRequest
from explorer.ui.calls.making import Call, handler
from explorer.ui.events import COMPUTE
from explorer.ui.parts import PartStore
from explorer.ui.uploads import read_picture, upload_button

CALLS = (
    Call(
        NoisingRequest, pictures.noising,
        "mean squared error, crossover (pixels) and spectra at each of sigmas; arrays x0, eps, denoised",
    ),
    Call(
        SamplingRequest, pictures.sampling,
        "sigmas, spectra and which octaves are settled when; arrays picture, estimates (one per step)",
    ),
    Call(BranchRequest, pictures.branch, "agreement per octave; arrays siblings, mean, disagreement"),
    Call(UTurnRequest, pictures.u_turns, "change, correlation length (pixels) and agreement per octave at each sigma"),
    Call(TransferRequest, pictures.transfer, "for each sampler and number of steps the gain per octave"),
    Call(LineUpRequest, family.line_up, "error and spectra of each member; arrays picture, corrupted, one a member"),
    Call(GenerateRequest, family.generate, "contrast of each member's picture; arrays of frames, one a member"),
    Call(SeedRequest, family.level_matrix, "mean squared error by denoiser and test level"),
    Call(SeedRequest, family.skip_costs, "error ratio and share of detail lost, by network, level and octave"),
    Call(LineUpRequest, family.codes, "nats of each number of the code, tokens, bits; arrays traversal, prior"),
    Call(LineUpRequest, family.wiring, "errors by level and told over true level; arrays picture, eps, told, blind"),
    Call(WalkRequest, plane.walk, "distance from the density's weights over time; arrays single, annealed"),
    Call(LearnRequest, plane.learn_score, "losses and errors while it learns; array field"),
)  # fmt: skip


def add_calls(engine: Engine, parts: PartStore) -> None:
    """Give the page that is being built these functions; they share the queue of its own computations.

    They come first in the page, so that no event of a view takes their names.
    """
    queue = {name: COMPUTE[name] for name in ("concurrency_id", "concurrency_limit")}
    for call in CALLS:
        gr.api(handler(call, engine, parts), api_name=call.name, api_description=call.words, **queue)
    file, name = upload_button("picture", visible=False), gr.Textbox(label="name", visible=False)

    def add_picture(picture: bytes | None) -> str:
        """Take in a PNG, JPEG or WebP picture, which is kept for a while.

        Parameters:
            picture: the file
        Returns:
            its name, for the parameter picture of the others
        """
        return engine.add_picture(read_picture(picture))

    # not among the tools: Gradio would take a path or an address from whoever calls one, and open it here
    file.upload(add_picture, file, name, api_name="add_picture", api_visibility="undocumented", show_progress="hidden")
