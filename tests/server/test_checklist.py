"""What a server on the open internet must have, item by item: which test proves each, and the proofs of the rest."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import gradio as gr
import httpx
import pytest

from explorer.engine import Engine
from explorer.serve import prepare
from explorer.server.config import AUTH_VARIABLE, Hosting
from explorer.server.launch_options import BLOCKED_FOLDERS, MAX_QUEUED_VISITORS, MAX_SESSIONS, ROOT
from harness.server_process import free_port
from tests.support.warm_start import run_warm

CHECKLIST = {
    "1 versions pinned, none known to be bad": ("test_requirements.py",),
    "2 a bounded queue, one group for all that needs the model": (
        "server/test_checklist.py::test_the_queue_is_bounded",
    ),
    "3 nothing open in launch()": (
        "server/test_checklist.py::test_launch_leaves_nothing_open",
        "server/test_routes.py",
    ),
    "4 bodies bounded, no URL fetched, headers on every answer": (
        "server/test_middleware.py::test_uploads_are_bounded_with_and_without_a_length",
        "server/test_middleware.py::test_data_urls_are_refused_at_once",
        "server/test_middleware.py::test_headers_are_on_every_answer",
        "server/test_path_traversal.py::test_no_path_or_url_gives_away_a_file",
    ),
    "5 one decoder, three formats, 24 megapixels": (
        "images/test_hostile_files.py::test_hostile_file",
        "images/test_decoder.py::test_what_is_too_large_is_refused_from_its_header",
        "server/test_checklist.py::test_components_that_take_paths_are_not_used",
    ),
    "6 no number that is not finite": (
        "server/test_middleware.py::test_no_number_that_is_not_finite_reaches_a_function",
        "server/test_raw_calls.py::test_numbers_of_a_run_that_make_no_sense",
    ),
    "7 generators end, free what they held, and share no random numbers": (
        "ui/streaming/test_leaving.py::test_a_client_that_goes_away_ends_its_run",
        "ui/streaming/test_leaving.py::test_what_an_abandoned_run_held_is_let_go",
        "server/test_checklist.py::test_nobody_uses_the_random_numbers_of_all",
    ),
    "8 temporary files bounded and swept, nothing reported home": (
        "server/test_temp_dir.py",
        "server/test_checklist.py::test_old_uploads_are_deleted_and_nothing_is_reported",
    ),
    "9 helper events private, no path from a client in a file component": (
        "server/test_checklist.py::test_private_events_cannot_be_called_by_name",
        "ui/http_api/test_endpoints.py::test_private_events_are_out_of_reach_of_the_client",
        "server/test_checklist.py::test_components_that_take_paths_are_not_used",
    ),
    "10 health, readiness, metrics, a graceful end": (
        "server/test_health.py::test_ready_after_a_warm_up_run_and_counted",
        "server/test_health.py::test_told_to_stop_it_lets_the_running_end_and_begins_nothing",
    ),
    "11 a share link says who gets in, and a password can be asked for": (
        "server/test_checklist.py::test_sharing_says_what_it_does",
        "server/test_config.py::test_who_has_no_password_gets_nothing",
    ),
    "12 limits for an address and for a session": ("server/test_limits.py", "server/test_orphaned_events.py"),
    "13 a container without rights": ("server/test_container.py",),
    "14 weights: safetensors, hash, never from a request": (
        "test_weights.py::test_pickle_never_runs",
        "test_weights.py::test_changed_byte",
        "hub/test_download.py::test_anything_but_a_name_and_a_full_hash_is_refused",
    ),
}
UI = sorted((ROOT / "explorer" / "ui").rglob("*.py"))
PATH_TAKERS = {"File", "FileExplorer", "DownloadButton", "Code", "load", "Video", "Audio", "Gallery", "Interface"}


@pytest.fixture(scope="module")
def built():
    return prepare(Engine(), Hosting(port=free_port()))


@pytest.mark.parametrize("item", CHECKLIST)
def test_what_proves_each_item_is_there(item):
    for proof in CHECKLIST[item]:
        path, _, name = proof.partition("::")
        tree = ast.parse((ROOT / "tests" / path).read_text())
        tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
        assert (name in tests) if name else tests, proof


def test_the_queue_is_bounded(built):
    app, _, _ = built
    assert app._queue.max_size == MAX_QUEUED_VISITORS <= 32
    limits = {fn.concurrency_id: fn.concurrency_limit for fn in app.fns.values() if fn.queue and fn.fn is not None}
    assert limits["compute"] == 4 and limits["figure"] == 2
    assert all(limit == "default" for name, limit in limits.items() if name not in ("compute", "figure"))
    assert app._queue.default_concurrency_limit == 1


def test_launch_leaves_nothing_open(built):
    options = built[1]
    closed = ("share", "show_error", "enable_monitoring", "run_history", "mcp_server", "ssr_mode", "inbrowser")
    assert not any(options[name] for name in closed)
    assert options["server_name"] == "127.0.0.1" and options["strict_cors"] is True and options["auth"] is None
    assert options["max_file_size"] <= 10 * 2**20 and options["state_session_capacity"] == MAX_SESSIONS <= 500
    assert options["allowed_paths"] == [] and options["footer_links"] == []
    blocked = {str(Path(path).relative_to(ROOT)) for path in options["blocked_paths"]}
    assert blocked == set(BLOCKED_FOLDERS) >= {"weights", "explorer/_weights", ".git", ".env"}
    assert [options["app_kwargs"][name] for name in ("openapi_url", "docs_url", "redoc_url")] == [None] * 3
    assert [middleware.cls.__name__ for middleware in options["app_kwargs"]["middleware"]] == [
        "RequestFilterMiddleware"
    ]


def test_what_is_blocked_holds_no_upload_and_no_example(built):
    """Blocked paths beat all others, so a parent of what must be served would break it."""
    needed = [Path(gr.utils.get_upload_folder()).resolve(), ROOT / "explorer" / "examples"]
    for blocked in built[1]["blocked_paths"]:
        assert not any(path.is_relative_to(blocked) for path in needed)


def test_old_uploads_are_deleted_and_nothing_is_reported(built):
    app = built[0]
    every, age = app.delete_cache
    assert every <= 300 and age >= 3600  # longer than anybody waits in the queue and runs
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False" and app.analytics_enabled is False
    assert float(os.environ["GRADIO_HEARTBEAT_INTERVAL"]) <= 5 and "GRADIO_VIBE_MODE" not in os.environ


def test_components_that_take_paths_are_not_used():
    for path in UI:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "gr":
                assert node.attr not in PATH_TAKERS, f"{path.name}: gr.{node.attr}"


def test_nobody_uses_the_random_numbers_of_all():
    """Requests run in many threads; what they draw comes from generators of their own."""
    shared = {"manual_seed", "seed", "set_rng_state"}
    drawn = {"rand", "randn", "randint", "randperm", "normal", "randn_like", "rand_like", "multinomial", "bernoulli"}
    offline = {"train", "evaluate"}
    paths = [p for p in (ROOT / "explorer").rglob("*.py") if not offline & set(p.relative_to(ROOT).parts)]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner, name = ast.unparse(node.func.value), node.func.attr
            assert not (owner in ("torch", "random", "np.random") and name in shared), f"{path.name}: {owner}.{name}"
            if owner == "torch" and name in drawn and not in_constructor(path, node):
                assert any(word.arg == "generator" for word in node.keywords), f"{path.name}: torch.{name}"


def in_constructor(path: Path, call: ast.Call) -> bool:
    """Whether the number is the start of a network's parameter, which loading overwrites."""
    lines = path.read_text().splitlines()
    return "nn.Parameter" in lines[call.lineno - 1]


def test_private_events_cannot_be_called_by_name(built):
    app = built[0]
    private = [fn for fn in app.fns.values() if fn.api_visibility == "private"]
    public = [fn.api_name for fn in app.fns.values() if fn.api_visibility == "public" and fn.api_name]
    described = app.get_api_info()["named_endpoints"]
    assert private and {f"/{name}" for name in public} == set(described) and not described.get("/load")
    assert all(f"/{fn.api_name}" not in described for fn in private if fn.api_name not in public)


@pytest.mark.server
def test_sharing_says_what_it_does():
    """Either the link with who gets in, or one line that there is none; the page is served here in both cases."""
    port = free_port()
    command = [sys.executable, "app.py", "--port", str(port), "--share", "--device", "cpu", "--dtype", "float32"]
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=without_network()
    )
    try:
        said = [running.stdout.readline() for _ in range(2)]
        assert said[0] == f"The explorer is at http://127.0.0.1:{port}/\n", said
        assert said[1].startswith("A public link could not be made") and said[1].endswith("this machine.\n")
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    finally:
        running.terminate()
        assert running.wait(30) == 0
    assert running.stdout.read() == "Stopping: what runs may end, nothing new begins.\n"


def without_network() -> dict[str, str]:
    """An environment in which every request to another host ends at a port where nobody listens."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    proxies = {name: nowhere for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")}
    return {k: v for k, v in os.environ.items() if k != AUTH_VARIABLE} | proxies | {"NO_PROXY": "127.0.0.1,localhost"}


def test_help_says_where_a_password_belongs():
    said = run_warm("app.py", "--help").stdout
    for word in (AUTH_VARIABLE, "--root-path", "--no-browser", "anyone who has it gets in"):
        assert word in " ".join(said.split())


def test_a_password_without_a_user_ends_in_one_line_that_does_not_repeat_it():
    said = run_warm("app.py", "--auth", ":hunter2")
    assert said.returncode == 2 and "hunter2" not in said.stderr and len(said.stderr.strip().splitlines()) == 1
