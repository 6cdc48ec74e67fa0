"""Endpoints of the family of autoencoders on one picture, and of the internals of each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.autoencoders import AUTOENCODERS
from explorer.engine import Engine
from explorer.engine.autoencoders import MATRIX_ROWS
from explorer.schemas.autoencoder_internals import WIRING_STEPS
from explorer.schemas.autoencoders import (
    TEST_SIGMAS,
    CorruptionRequest,
    GenerateRequest,
    MissingAutoencoder,
    SeedRequest,
)
from explorer.ui.http_api.responses import Answer, Progress, missing_reasons, report_progress

Responses = Iterator[Progress | Answer]


def line_up(engine: Engine, request: CorruptionRequest) -> Responses:
    """One picture through every autoencoder."""
    given, outputs, out = engine.autoencoders.corrupt(request), [], []
    for output in engine.autoencoders.outputs(given):
        (out if isinstance(output, MissingAutoencoder) else outputs).append(output)
        yield Progress(len(outputs) + len(out), len(AUTOENCODERS))
    names = ("name", "title", "group", "code", "numbers", "mse", "spectrum", "error_spectrum")
    numbers = {
        "members": [{name: getattr(output, name) for name in names} for output in outputs],
        "told": given.assumed_sigma,
        "wavenumber": given.wavenumber,
        "clean_spectrum": given.clean,
        "corrupted_spectrum": given.corrupted_spectrum,
        "left_out": missing_reasons(out),
    }
    arrays = {"picture": given.picture, "corrupted": given.corrupted}
    yield Answer(numbers, arrays | {output.name: output.output for output in outputs})


def generate(engine: Engine, request: GenerateRequest) -> Responses:
    """Every autoencoder as the denoiser of one sampling loop, from the same noise."""
    found, out = [], []
    for generated in engine.autoencoders.generate(request):
        (out if isinstance(generated, MissingAutoencoder) else found).append(generated)
        yield Progress(len(found) + len(out), len(AUTOENCODERS))
    rows = [{name: getattr(generated, name) for name in ("name", "title", "sigmas", "rms")} for generated in found]
    arrays = {generated.name: generated.frames for generated in found}
    yield Answer({"members": rows, "left_out": missing_reasons(out)}, arrays)


def level_matrix(engine: Engine, request: SeedRequest) -> Responses:
    """Denoisers trained at one noise level, tested at all."""
    matrix = yield from report_progress(engine.autoencoders.level_matrix(request), len(MATRIX_ROWS))
    names = ("names", "rows", "trained", "sigmas", "mse", "relative")
    yield Answer({name: getattr(matrix, name) for name in names} | {"left_out": missing_reasons(matrix.missing)})


def skip_costs(engine: Engine, request: SeedRequest) -> Responses:
    """What a U-Net loses without its skip connections, by noise level and octave."""
    costs = yield from report_progress(engine.autoencoder_internals.skip_costs(request), len(TEST_SIGMAS))
    names = ("titles", "sigmas", "edges", "ratio", "lost")
    yield Answer({name: getattr(costs, name) for name in names} | {"left_out": missing_reasons(costs.missing)})


def codes(engine: Engine, request: CorruptionRequest) -> Responses:
    """What the variational and the vector-quantised code of a picture hold."""
    yield Progress(0, 1)
    picture = engine.autoencoders.corrupt(request).picture
    found = engine.autoencoder_internals.codes(picture, request.seed)
    names = ("values", "directions", "nats", "tokens", "entries", "bits")
    numbers = {name: getattr(found, name) for name in names} | {"left_out": missing_reasons(found.missing)}
    yield Answer(numbers, {"traversal": found.traversal, "prior": found.prior})


def wiring(engine: Engine, request: CorruptionRequest) -> Responses:
    """One network as noise predictor and as denoiser, told right and wrong noise levels."""
    corrupted = engine.autoencoders.corrupt(request)
    found = yield from report_progress(engine.autoencoder_internals.wiring(corrupted), WIRING_STEPS)
    numbers = {
        "sigmas": found.sigmas,
        "factors": found.ratios,
        "told_mse": found.conditional_mse,
        "blind_mse": found.blind_mse,
        "round_trip": found.round_trip,
        "left_out": missing_reasons(found.missing),
    }
    estimates = {"told": found.conditional.astype(np.float16), "blind": found.blind.astype(np.float16)}
    yield Answer(numbers, {"picture": found.picture, "eps": found.eps, **estimates})
