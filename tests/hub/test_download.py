"""Which models of the Hub are fetched and how; everything that can go wrong gets one plain line, and soon."""

import json
import os
import pickle
import shutil
import socket

import pytest
import torch
from safetensors.torch import load_file, save_file

from explorer import hub
from explorer.errors import HubRefused, WeightsRefused
from explorer.hub import time_budget
from tests.support.hub_stub import REVISION, SPEC, WEIGHTS, saved, serving


@pytest.fixture
def stub(tmp_path):
    saved(tmp_path / "files")
    with serving(tmp_path / "files") as stub:
        yield stub


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def error_message(stub, cache, spec=SPEC):
    with pytest.raises(WeightsRefused) as caught:
        hub.load(spec, cache=cache, endpoint=stub if isinstance(stub, str) else stub.url)
    text = str(caught.value)
    assert len(text.splitlines()) == 1 and len(text) <= 160 and text.endswith(".")
    assert str(cache) not in text and "http" not in text
    return text


def edit(path, **fields):
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.mark.parametrize(
    "spec",
    ["", "scenes", "hub:", "hub:tiny", f"hub:tiny@{REVISION}", f"hub:a/b/c@{REVISION}", f"hub:../b@{REVISION}",
     f"hub:a/..@{REVISION}", f"hub:a/b c@{REVISION}", f"hub:a/b?c@{REVISION}", f"hub:a/b%2e@{REVISION}",
     f"hub:é/b@{REVISION}", f"hub:a\n/b@{REVISION}", f"hub:-a/b@{REVISION}", f"hub:a/{'b' * 200}@{REVISION}",
     "hub:a/b", "hub:a/b@", "hub:a/b@main", "hub:a/b@0123abc", f"hub:a/b@{REVISION.upper()}", f"hub:a/b@{REVISION}0",
     f"hub:a/b@{REVISION}\n", f"hub:a/b@../{REVISION[3:]}", f"a/b@{REVISION}", f"https://huggingface.co/a/b@{REVISION}"],
)  # fmt: skip
def test_anything_but_a_name_and_a_full_hash_is_refused(spec):
    with pytest.raises(HubRefused) as caught:
        hub.parse(spec)
    assert len(str(caught.value).splitlines()) == 1 and len(str(caught.value)) <= 160


def test_a_branch_is_told_apart_from_a_bad_name():
    with pytest.raises(HubRefused, match="branch"):
        hub.parse("hub:google/ddpm-cat-256@main")
    model = hub.parse(f"hub:google/ddpm-cifar10_32.v1@{REVISION}")
    assert (model.owner, model.name, model.revision) == ("google", "ddpm-cifar10_32.v1", REVISION)


def test_only_json_and_safetensors_are_asked_for(stub, cache):
    (stub.folder / "unet/diffusion_pytorch_model.bin").write_bytes(b"pickle")
    (stub.folder / "unet/model.py").write_text("raise SystemExit")
    _, card = hub.load(SPEC, cache=cache, endpoint=stub.url)
    files = {path.partition(REVISION)[2] for path in stub.asked}
    wanted = {"/model_index.json", "/unet/config.json", "/scheduler/scheduler_config.json", f"/{WEIGHTS}"}
    assert files == {"", *wanted}
    assert card["sha256"] == stub.etag(WEIGHTS) and card["revision"] == REVISION and card["name"] == "somebody/tiny"
    assert card["bytes"] == (stub.folder / WEIGHTS).stat().st_size and "images_seen" not in card["training"]


def test_what_the_cache_holds_needs_no_network(stub, cache, monkeypatch):
    first, card = hub.load(SPEC, cache=cache, endpoint=stub.url)
    stub.asked.clear()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    again, kept = hub.load(SPEC, cache=cache, endpoint=stub.url)
    x = torch.linspace(-1, 1, 768).reshape(1, 3, 16, 16)
    assert not stub.asked and kept == card and torch.equal(first(x, 0.5), again(x, 0.5))
    assert "HF_HUB_OFFLINE" in error_message(stub, cache, SPEC.replace("tiny", "other"))
    assert not stub.asked


def test_a_changed_cache_is_noticed(stub, cache):
    hub.load(SPEC, cache=cache, endpoint=stub.url)
    blob = next(path for path in cache.rglob("blobs/*") if len(path.name) == 64)
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1
    blob.write_bytes(bytes(data))
    assert "hash" in error_message(stub, cache)


def test_a_network_alone_at_the_root(stub, cache):
    for name in ("config.json", "diffusion_pytorch_model.safetensors"):
        shutil.move(stub.folder / "unet" / name, stub.folder / name)
    shutil.move(stub.folder / "scheduler/scheduler_config.json", stub.folder / "scheduler_config.json")
    (stub.folder / "model_index.json").unlink()
    assert hub.load(SPEC, cache=cache, endpoint=stub.url)[1]["parameters"] > 10_000


@pytest.mark.timeout(10)
def test_a_redirect_to_another_place_is_followed(stub, cache):
    stub.fault = "moved"
    assert hub.load(SPEC, cache=cache, endpoint=stub.url)[1]["sha256"] == stub.etag(WEIGHTS)


@pytest.mark.timeout(10)  # T24 of the reliability list: the shipped model serves 10 seconds after start
@pytest.mark.parametrize("fault", ["stall", "stalled weights", "short", "loop", "bare 404", "no JSON"])
def test_a_hub_that_misbehaves(stub, cache, fault):
    assert time_budget.BASE_BUDGET_S <= 8
    stub.fault = fault
    assert "fetched" in error_message(stub, cache)


def test_a_transfer_without_end_is_ended():
    """A broken transfer is taken up again; what comes over and over, or after the person was told, is too much."""
    budget = time_budget.TimeBudget(hub.parse(SPEC))
    budget.expect(100)
    bar = budget.progress_bar()(total=100)
    for _ in range(time_budget.MAX_TRANSFER_RATIO):
        bar.update(100)
    with pytest.raises(HubRefused):
        bar.update(1)
    left = time_budget.TimeBudget(hub.parse(SPEC))
    left.expect(100)
    left.expired = True
    with pytest.raises(HubRefused):
        left.progress_bar()().update(1)


@pytest.mark.timeout(10)
def test_nobody_listens(cache):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert "fetched" in error_message(f"http://127.0.0.1:{closed.getsockname()[1]}", cache)


def test_unknown_model_and_revision(stub, cache):
    assert "no open model" in error_message(stub, cache, SPEC.replace("tiny", "other"))
    assert "no revision" in error_message(stub, cache, SPEC.replace(REVISION, REVISION[::-1]))


def test_another_commit_than_the_one_asked_for(stub, cache):
    stub.fault = "another commit"
    assert "at this revision" in error_message(stub, cache)
    assert len(stub.asked) == 1


def test_pickled_weights_alone_are_refused(stub, cache):
    (stub.folder / WEIGHTS).rename(stub.folder / WEIGHTS.replace(".safetensors", ".bin"))
    assert "pickled" in error_message(stub, cache)
    assert not [path for path in stub.asked if path.endswith(".bin")]


def test_pickle_under_another_name_never_runs(stub, cache, tmp_path):
    canary = tmp_path / "canary"

    class Bomb:
        def __reduce__(self):
            return os.system, (f"touch {canary}",)

    (stub.folder / WEIGHTS).write_bytes(pickle.dumps(Bomb()))
    assert "safetensors" in error_message(stub, cache) and not canary.exists()


def test_bytes_other_than_those_listed(stub, cache):
    stub.stated_sha256 = "0" * 64
    assert "hash" in error_message(stub, cache)


@pytest.mark.parametrize("change", ["extra", "missing", "shape", "nan", "integers", "truncated", "empty"])
def test_weights_that_do_not_fit(stub, cache, change):
    path, key = stub.folder / WEIGHTS, "conv_in.bias"
    tensors = load_file(path)
    match change:
        case "extra":
            tensors["more"] = torch.zeros(1)
        case "missing":
            del tensors[key]
        case "shape":
            tensors[key] = torch.zeros(9)
        case "nan":
            tensors[key][0] = float("nan")
        case "integers":
            tensors[key] = tensors[key].to(torch.int8)
    save_file(tensors, path)
    if change in ("truncated", "empty"):
        path.write_bytes(path.read_bytes()[: -100 if change == "truncated" else 0])
    assert "weight" in error_message(stub, cache)


@pytest.mark.parametrize(
    ("name", "fields"),
    [("unet/config.json", {"_class_name": "UNet2DConditionModel"}),
     ("unet/config.json", {"in_channels": 4, "out_channels": 4}),
     ("unet/config.json", {"out_channels": 1}),
     ("unet/config.json", {"time_embedding_type": "fourier"}),
     ("unet/config.json", {"class_embed_type": "timestep"}),
     ("unet/config.json", {"num_class_embeds": 10**9}),
     ("unet/config.json", {"block_out_channels": [8, 10**9]}),
     ("unet/config.json", {"block_out_channels": "many"}),
     ("unet/config.json", {"layers_per_block": 10**9}),
     ("unet/config.json", {"norm_num_groups": 0}),
     ("unet/config.json", {"act_fn": "__import__"}),
     ("unet/config.json", {"down_block_types": ["DownBlock2D", "Nonsense"]}),
     ("scheduler/scheduler_config.json", {"_class_name": "FlowMatchEulerDiscreteScheduler"}),
     ("scheduler/scheduler_config.json", {"_class_name": ["DDPMScheduler"]}),
     ("scheduler/scheduler_config.json", {"prediction_type": "flow_prediction"}),
     ("scheduler/scheduler_config.json", {"prediction_type": {}}),
     ("scheduler/scheduler_config.json", {"beta_schedule": "sigmoid"}),
     ("scheduler/scheduler_config.json", {"beta_end": 1.0}),
     ("scheduler/scheduler_config.json", {"beta_start": float("nan")}),
     ("scheduler/scheduler_config.json", {"num_train_timesteps": 10**9}),
     ("scheduler/scheduler_config.json", {"trained_betas": [0.1, 0.2]}),
     ("scheduler/scheduler_config.json", {"rescale_betas_zero_snr": True}),
     ("model_index.json", {"vqvae": ["diffusers", "VQModel"]})],
)  # fmt: skip
def test_configs_that_are_not_understood(stub, cache, name, fields):
    edit(stub.folder / name, **fields)
    assert error_message(stub, cache).startswith(("This model", "The "))


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "\udcff", '"' + "x" * 2**21 + '"'])
def test_configs_that_cannot_be_read(stub, cache, text):
    (stub.folder / "unet/config.json").write_bytes(text.encode(errors="surrogateescape"))
    error_message(stub, cache)
    assert not [path for path in stub.asked if path.endswith(".safetensors")]


@pytest.mark.parametrize("limit", ["MAX_WEIGHTS_BYTES", "MAX_JSON_BYTES"])
def test_files_that_are_too_large_are_not_fetched(stub, cache, monkeypatch, limit):
    monkeypatch.setattr(f"explorer.hub.download.{limit}", 100)
    assert "too large" in error_message(stub, cache)
    assert len(stub.asked) == 1


def test_without_diffusers_one_line_says_what_to_install(stub, cache, monkeypatch):
    monkeypatch.setattr(hub, "find_spec", lambda name: None if name == "diffusers" else object())
    assert "'.[hub]' adds it" in error_message(stub, cache) and not stub.asked
