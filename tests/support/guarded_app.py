"""A small real Gradio app behind the guard, and how to talk to it; shared by the tests of the guard."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import gradio as gr
import httpx
import pytest
from PIL import Image

from explorer.server.config import Hosting
from explorer.server.error_handling import ErrorHandlingBlocks, is_plain
from explorer.server.launch_options import launch_options
from explorer.server.picture_upload import read_picture
from explorer.ui.widgets.upload import build_upload
from harness.server_process import free_port

API = "/gradio_api"
received: list[object] = []  # what has reached the functions


def make_app() -> gr.Blocks:
    with ErrorHandlingBlocks(analytics_enabled=False) as app:
        upload, picture, number, answer = build_upload(), gr.Image(), gr.Number(), gr.Textbox()
        slider, radio = gr.Slider(0, 1), gr.Radio(["a", "b"])

        def measure(data: bytes | None) -> str:
            received.append(data)
            return "x".join(map(str, read_picture(data).shape))

        def note(value: object) -> str:
            received.append(value)
            return repr(value)

        def broken(value: object) -> str:
            raise FileNotFoundError("/srv/secret/place is missing\nsecond line")

        upload.upload(measure, upload, answer, api_name="measure")
        for component, name in ((number, "number"), (slider, "slider"), (radio, "radio"), (picture, "picture")):
            component.change(note, component, answer, api_name=name)
        number.blur(broken, number, answer, api_name="broken")
    return app


@pytest.fixture(name="app", scope="module")
def guarded_app(tmp_path_factory) -> Iterator[gr.Blocks]:
    patch = pytest.MonkeyPatch()
    patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
    running = make_app()
    running.launch(**launch_options(Hosting(port=free_port())), prevent_thread_lock=True, quiet=True)
    yield running
    running.close(verbose=False)
    patch.undo()


@pytest.fixture(name="client")
def guarded_client(app) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app.local_url, timeout=20) as connection:
        yield connection


def png(width: int = 30, height: int = 20) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(buffer, "PNG")
    return buffer.getvalue()


def call(client: httpx.Client, name: str, *data: object, raw: str | None = None) -> httpx.Response:
    """Ask an event to be run; raw replaces the JSON of its data."""
    body = raw if raw is not None else json.dumps(list(data))
    headers = {"content-type": "application/json"}
    return client.post(f"{API}/call/{name}", content='{"data": ' + body + "}", headers=headers)


def outcome(client: httpx.Client, name: str, *data: object, raw: str | None = None) -> tuple[str, object]:
    """("complete", outputs) or ("error", sentence) of an event, or ("refused", sentence) by the guard."""
    asked = call(client, name, *data, raw=raw)
    if asked.status_code != 200:
        return "refused", asked.json()["detail"]
    stream = client.get(f"{API}/call/{name}/{asked.json()['event_id']}").text
    event, line = stream.strip().split("\n\n")[-1].split("\n")
    content = json.loads(line.removeprefix("data: "))
    kind = event.removeprefix("event: ")
    return kind, content["error"] if kind == "error" and isinstance(content, dict) else content


def uploaded(client: httpx.Client, data: bytes, name: str = "a.png") -> dict:
    answer = client.post(f"{API}/upload", files={"files": (name, data)})
    assert answer.status_code == 200, answer.text
    return {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}}


def plain(sentence: object) -> bool:
    return is_plain(sentence) and sentence.endswith(".")
