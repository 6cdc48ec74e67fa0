"""Export: frames that show the run's own numbers, archives and tables that give them back."""

import csv
import hashlib
import io
import json
import re
import tomllib
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

import explorer
from explorer import weights
from explorer.core.denoisers.gaussian_mixture import GaussianMixture
from explorer.core.denoisers.wiener import Wiener
from explorer.core.noise import white, white_batch
from explorer.core.samplers.registry import SAMPLERS
from explorer.core.spectra import radial
from explorer.export import FORMATS, animation_frames, curves_csv, everything_json, zip_of_frames
from explorer.export.formats import stem
from explorer.export.frames import caption, x0_frame, x_frame
from explorer.images import decoder
from explorer.schemas import OctaveMap, SampledStep, SamplingPlan, SamplingRequest
from harness import ROOT

SIZE, STEPS = 64, 12
SIDE = 192  # of a panel: 64 pixels, three times as large
LEFTS = [0, 198, 396, 594]  # of the four panels
K = radial.mean_wavenumbers(SIZE, SIZE)
POWER = 1e-3 / (0.02 + K) ** 2
CARD = weights.card("wiener")


def prior():
    """Two smooth pictures and a little variance around them: everything about the run is known in closed form."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    waves = [np.stack([np.sin(6 * x + c) * np.cos(4 * y) for c in range(3)]), np.stack([np.cos(9 * y - x)] * 3)]
    return GaussianMixture(torch.from_numpy(np.stack(waves)) * 0.7, torch.tensor([0.01, 0.01]))


@pytest.fixture(scope="module")
def run():
    """(plan, steps, octave map) of twelve Heun steps, begun from a picture's name so that the plan has one."""
    request = SamplingRequest(size=SIZE, steps=STEPS, seed=4, start="picture", sigma=80.0)
    picture = np.arange(SIZE**2 * 3).astype(np.uint8).reshape(SIZE, SIZE, 3)
    plan = SamplingPlan(request, request.sigmas, K, POWER, picture)
    x = 80 * white((3, SIZE, SIZE), 4, "sample")[None]
    steps = []
    for step in SAMPLERS["heun"](prior(), x, plan.sigmas):
        pair = torch.stack([step.x[0], step.x0[0]])
        power = radial.rapsd(pair).mean(1).numpy()
        steps.append(SampledStep(step.i, step.sigma, pair[0].numpy(), pair[1].numpy(), power[0], power[1]))
    edges = radial.octave_edges(SIZE, SIZE)
    shares = np.linspace(0, 1, STEPS + 1)[:, None] ** np.arange(1, len(edges))
    passing = np.append(np.full(len(edges) - 2, 7.0), np.nan)
    return plan, steps, OctaveMap(edges, shares, passing, 0.75, np.append(np.inf, np.linspace(32, 1, STEPS)))


@pytest.fixture(scope="module")
def frames(run):
    return animation_frames(run[0], run[1])


def panel(frame, i):
    """Panel i of an animation frame at the run's resolution."""
    return frame[:SIDE:3, LEFTS[i] : LEFTS[i] + SIDE : 3]


def test_panels_show_state_estimate_noise_and_score(run, frames):
    _, steps, _ = run
    for step, frame in zip(steps[:-1], frames, strict=False):
        state = step.x / np.float32(np.sqrt(1 + step.sigma**2))
        np.testing.assert_allclose(panel(frame, 0).astype(int), decoder.from_data(state), atol=1)
        np.testing.assert_array_equal(panel(frame, 1), decoder.from_data(step.x0))
        score = prior().score(torch.from_numpy(step.x)[None].double(), step.sigma)[0].numpy()  # of the density itself
        for i, sign in ((2, -1), (3, 1)):
            expected = decoder.from_data(sign * step.sigma * score / 3)
            # x - x0 is rounded to float32 before it is divided by sigma
            np.testing.assert_allclose(panel(frame, i).astype(int), expected, atol=1)


def test_the_last_frame_is_the_picture_without_noise(run, frames):
    last = decoder.from_data(run[1][-1].x)
    for i in (0, 1):
        np.testing.assert_array_equal(panel(frames[-1], i), last)
    for i in (2, 3):
        assert np.all(panel(frames[-1], i) == 128)
    np.testing.assert_array_equal(x_frame(run[1][-1]), x0_frame(run[1][-1]))


@pytest.mark.parametrize("size, scale", [(64, 3), (128, 2), (256, 1), (512, 1)])
def test_pixels_become_squares_of_a_whole_number(size, scale):
    request = SamplingRequest(size=size, steps=2)
    x = white((3, size, size), 1, "picture").numpy()
    step = SampledStep(1, 0.5, x, 0.5 * x, np.ones(2), np.ones(2))
    (frame,) = animation_frames(SamplingPlan(request, request.sigmas, np.ones(2), np.ones(2), None), [step])
    blocks = frame[: size * scale, : size * scale].reshape(size, scale, size, scale, 3)
    assert np.all(blocks == x_frame(step)[:, None, :, None])
    assert frame.shape[0] % 2 == frame.shape[1] % 2 == 0 and frame.shape[1] >= 4 * size * scale


def test_captions_name_panels_step_and_level(run, frames):
    plan, steps, _ = run
    assert caption(plan, steps[0]) == "step 0 of 12   sigma 80"
    assert caption(plan, steps[-1]) == "step 12 of 12   sigma 0"
    names, level = frames[:, SIDE : SIDE + 20], frames[:, SIDE + 20 :]
    assert np.all(names == names[0]) and len({line.tobytes() for line in level}) == STEPS + 1
    for left in LEFTS:
        assert names[0, :, left : left + SIDE].min() < 100  # dark letters on white
    assert level[:, :, 400:].min() == 255


@pytest.mark.parametrize("steps, scale", [(0, None), (2, 0), (2, -1)])
def test_no_steps_and_no_scale_are_refused(run, steps, scale):
    with pytest.raises(ValueError, match="at least one step"):
        animation_frames(run[0], run[1][:steps], scale)


def test_the_archive_has_every_state_and_the_request(run):
    plan, steps, _ = run
    data = zip_of_frames(plan, steps, CARD)
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = archive.namelist()
    assert archive.testzip() is None and data == zip_of_frames(plan, steps, CARD)
    assert names[:3] == ["README.txt", "request.json", "picture.png"]
    assert names[3:5] == ["step-000-sigma-80.0-x.png", "step-000-sigma-80.0-x0.png"]
    assert names[-3:] == ["step-011-sigma-0.002-x0.png", "step-012-sigma-0.0-x.png", "step-012-sigma-0.0-x0.png"]
    assert len(names) == 3 + 2 * (STEPS + 1)
    pictures = [np.asarray(Image.open(archive.open(name))) for name in names if name.endswith(".png")]
    np.testing.assert_array_equal(pictures[0], plan.picture)
    for step, x0 in zip(steps, pictures[2::2], strict=True):
        np.testing.assert_array_equal(x0, decoder.from_data(step.x0))
    np.testing.assert_array_equal(pictures[-2], decoder.from_data(steps[-1].x))
    assert SamplingRequest(**json.loads(archive.read("request.json"))["request"]) == plan.request


def table(run):
    """The CSV's columns by name, (steps, annuli) each, nan where a field is empty."""
    rows = list(csv.DictReader(io.StringIO(curves_csv(*run))))
    column = lambda name: np.array([float(row[name] or "nan") for row in rows]).reshape(STEPS + 1, len(K))
    return {name: column(name) for name in rows[0]}


def test_the_table_has_the_spectra_of_every_step(run):
    plan, steps, _ = run
    columns = table(run)
    np.testing.assert_array_equal(columns["step"][:, 0], range(STEPS + 1))
    np.testing.assert_array_equal(columns["sigma"][:, 3], plan.sigmas)
    np.testing.assert_array_equal(columns["cycles_per_pixel"][5], K)
    np.testing.assert_allclose(columns["feature_size_px"][2, 1:] * K[1:], 0.5)
    for name, pick in (("x", lambda step: step.x), ("x0_estimate", lambda step: step.x0)):
        expected = [radial.rapsd(pick(step).astype(np.float64)).mean(0) for step in steps]
        np.testing.assert_allclose(columns[name][:, 1:], np.stack(expected)[:, 1:], rtol=1e-3, atol=1e-9)


def test_the_expectations_are_what_wiener_estimates_of_gaussian_pictures_average_to(run):
    columns, wiener = table(run), Wiener(POWER)
    x0 = wiener.sample(white_batch((3, SIZE, SIZE), 5, "prior", range(40)))
    eps = white_batch((3, SIZE, SIZE), 5, "noising", range(40))
    for i in (0, 6, 9, STEPS):
        sigma = run[0].sigmas[i]
        x = x0 + sigma * eps
        for name, pictures in (("x", x), ("x0", wiener(x, sigma))):
            measured = radial.rapsd(pictures).mean((0, 1)).numpy()
            np.testing.assert_allclose(columns[f"wiener_expectation_{name}"][i, 3:], measured[3:], rtol=0.15)
            assert np.mean(columns[f"wiener_expectation_{name}"][i, 8:] / measured[8:]) == pytest.approx(1, abs=0.01)


def test_shares_are_those_of_the_octave_around_a_frequency(run):
    shares, octaves = table(run)["octave_share"], run[2]
    assert np.isnan(shares[:, 0]).all()  # brightness is in no octave
    for r in range(1, len(K)):
        alone = np.zeros(len(K))
        alone[r] = 1
        octave = np.flatnonzero(radial.octave_means(alone, SIZE, SIZE))
        np.testing.assert_array_equal(shares[:, r], octaves.shares[:, octave[0]])


def refuse(constant):
    raise AssertionError(f"{constant} is not JSON")


def test_the_json_gives_everything_back(run):
    plan, steps, octaves = run
    content = json.loads(everything_json(*run, CARD), parse_constant=refuse)
    assert SamplingRequest(**content["request"]) == plan.request
    np.testing.assert_array_equal(content["sigmas"], plan.sigmas)
    np.testing.assert_array_equal(content["training_power"], plan.expected)
    assert [step["sigma"] for step in content["steps"]] == plan.sigmas.tolist()
    for row, step in zip(content["steps"], steps, strict=True):
        np.testing.assert_array_equal(np.float32(row["x_power"]), step.x_spectrum)
        np.testing.assert_array_equal(np.float32(row["x0_power"]), step.x0_spectrum)
    np.testing.assert_array_equal(content["octaves"]["shares"], octaves.shares)
    assert content["octaves"]["passing_step"][-2:] == [7.0, None]
    assert content["octaves"]["decided_size_px"][:2] == [None, 32.0]


def test_the_origin_of_a_run_is_named(run):
    content = json.loads(everything_json(*run, CARD))
    assert content["version"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert content["version"] == explorer.__version__
    file = (weights.FOLDER / "wiener.safetensors").read_bytes()
    assert content["model"]["name"] == "wiener"
    assert content["model"]["sha256"] == hashlib.sha256(file).hexdigest()
    assert content["platform"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert json.loads(everything_json(*run, {"name": "ideal"}))["model"]["sha256"] is None


SIGNATURES = {
    "gif": b"GIF89a",
    "webp": b"RIFF",
    "mp4": b"\0\0\0",
    "zip": b"PK\3\4",
    "csv": b"step,sigma,",
    "json": b"{",
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_makes_a_file_of_its_kind(name, run):
    export = FORMATS[name].make(*run, CARD)
    base, extension = export.filename.rsplit(".", 1)
    assert base == "noise-scale-heun-12-seed-4" and extension in FORMATS[name].extensions
    assert export.data.startswith(SIGNATURES[extension])
    assert export.mime.split("/")[1] == extension
    with pytest.raises(ValueError, match="nothing to export"):
        FORMATS[name].make(run[0], [], run[2], CARD)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_file_names_are_safe_everywhere(sampler):
    name = stem(SamplingRequest(sampler=sampler, seed=2**53, label="../cat face", picture="<b>\0"))
    assert re.fullmatch(r"[a-z0-9-]{1,80}", name)
