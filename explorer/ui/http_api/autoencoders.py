"""The family of autoencoders on one picture, and what is inside its members."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.autoencoders import AUTOENCODERS
from explorer.engine import Engine
from explorer.engine.autoencoder_internals import SKIP_LEVELS, WIRING_STEPS
from explorer.engine.autoencoders import ROWS
from explorer.schemas.autoencoders import CorruptionRequest, GenerateRequest, MissingAutoencoder, SeedRequest
from explorer.ui.http_api.responses import Answer, Progress, missing_reasons, report_progress

Responses = Iterator[Progress | Answer]


def line_up(engine: Engine, request: CorruptionRequest) -> Responses:
    """One picture through every member of the family of autoencoders."""
    given, outputs, out = engine.corrupt(request), [], []
    for output in engine.line_up(given):
        (out if isinstance(output, MissingAutoencoder) else outputs).append(output)
        yield Progress(len(outputs) + len(out), len(AUTOENCODERS))
    names = ("name", "title", "group", "code", "numbers", "mse", "spectrum", "error_spectrum")
    numbers = {
        "members": [{name: getattr(output, name) for name in names} for output in outputs],
        "told": given.told,
        "wavenumber": given.wavenumber,
        "clean_spectrum": given.clean,
        "corrupted_spectrum": given.corrupted_spectrum,
        "left_out": missing_reasons(out),
    }
    arrays = {"picture": given.picture, "corrupted": given.corrupted}
    yield Answer(numbers, arrays | {output.name: output.output for output in outputs})


def generate(engine: Engine, request: GenerateRequest) -> Responses:
    """Every member of the family as the denoiser of one sampling loop, from the same noise."""
    films, out = [], []
    for film in engine.films(request):
        (out if isinstance(film, MissingAutoencoder) else films).append(film)
        yield Progress(len(films) + len(out), len(AUTOENCODERS))
    members = [{"name": film.name, "title": film.title, "sigmas": film.sigmas, "rms": film.rms} for film in films]
    yield Answer({"members": members, "left_out": missing_reasons(out)}, {film.name: film.frames for film in films})


def level_matrix(engine: Engine, request: SeedRequest) -> Responses:
    """Denoisers trained at one noise level, tested at all."""
    matrix = yield from report_progress(engine.level_matrix(request), len(ROWS))
    names = ("names", "rows", "trained", "sigmas", "mse", "relative")
    yield Answer({name: getattr(matrix, name) for name in names} | {"left_out": missing_reasons(matrix.missing)})


def skip_costs(engine: Engine, request: SeedRequest) -> Responses:
    """What a U-Net loses without its skip connections, by noise level and octave."""
    costs = yield from report_progress(engine.skip_costs(request), len(SKIP_LEVELS))
    names = ("titles", "sigmas", "edges", "ratio", "lost")
    yield Answer({name: getattr(costs, name) for name in names} | {"left_out": missing_reasons(costs.missing)})


def codes(engine: Engine, request: CorruptionRequest) -> Responses:
    """What the variational and the vector-quantised code of a picture hold."""
    yield Progress(0, 1)
    found = engine.codes(request, request.seed)
    names = ("values", "directions", "nats", "tokens", "entries", "bits")
    numbers = {name: getattr(found, name) for name in names} | {"left_out": missing_reasons(found.missing)}
    yield Answer(numbers, {"traversal": found.traversal, "prior": found.prior})


def wiring(engine: Engine, request: CorruptionRequest) -> Responses:
    """One network as noise predictor and as denoiser, told right and wrong noise levels."""
    found = yield from report_progress(engine.wiring(request), WIRING_STEPS)
    names = ("sigmas", "factors", "told_mse", "blind_mse", "round_trip")
    numbers = {name: getattr(found, name) for name in names} | {"left_out": missing_reasons(found.missing)}
    half = {"told": found.told.astype(np.float16), "blind": found.blind.astype(np.float16)}
    yield Answer(numbers, {"picture": found.picture, "eps": found.eps, **half})
