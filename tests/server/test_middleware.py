"""The guard in front of a real Gradio app: what passes, what is refused and how."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import httpx
import pytest

from explorer.images.decoder import MAX_UPLOAD_BYTES
from explorer.server import middleware
from explorer.server.config import Hosting
from explorer.server.error_handling import MAX_MESSAGE_CHARS, UNEXPECTED_ERROR_MESSAGE
from explorer.server.launch_options import MAX_SESSIONS, launch_options
from explorer.server.request_body import MAX_JSON_BYTES
from explorer.server.upload_cleanup import sweep_uploads
from tests.support.guarded_app import API, call, outcome, plain, png, received, uploaded
from tests.support.waiting import wait_until


def test_an_upload_reaches_its_function(client, app):
    file = uploaded(client, png())
    assert outcome(client, "measure", file) == ("complete", ["20x20x3"])
    own = {**file, "url": f"{app.local_url}gradio_api/file={file['path']}", "orig_name": "a.png"}  # as browsers send it
    assert outcome(client, "measure", own) == ("complete", ["20x20x3"])
    assert received[-1] == png()


def test_gradio_client_works(app):
    from gradio_client import Client

    assert Client(app.local_url, verbose=False).predict(0.25, api_name="/number") == "0.25"


def test_a_picture_that_cannot_be_used_gets_its_sentence(client):
    assert outcome(client, "measure", uploaded(client, b"GIF89a", "fine.png")) == (
        "error", "This file is GIF, not a PNG, JPEG or WebP picture.",
    )  # fmt: skip
    assert outcome(client, "measure", None) == ("error", "The file is empty.")


@pytest.mark.parametrize("name", ["../../../tmp/pwn.png", "..", "", "a\0b.png", "a\nb.png", "x" * 5000, "é.png"])
def test_the_name_of_an_upload_cannot_hurt(client, name):
    answer = client.post(f"{API}/upload", files={"files": (name, png())})
    assert answer.status_code in (200, 400, 413)
    if answer.status_code == 200 and answer.json():
        path = Path(answer.json()[0])
        assert path.is_relative_to(Path(gr.utils.get_upload_folder())) and ".." not in path.parts
    assert not Path("/tmp/pwn.png").exists()


def test_uploads_are_bounded_with_and_without_a_length(client):
    limit_plus = bytes(MAX_UPLOAD_BYTES + 1)
    assert client.post(f"{API}/upload", files={"files": ("a.png", limit_plus)}).status_code == 413
    assert client.post(f"{API}/upload", files=[("files", ("a.png", limit_plus[: 2**22]))] * 3).status_code == 413

    def stream() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        for _ in range(12):
            yield bytes(2**20)

    before = {path.name for path in Path(gr.utils.get_upload_folder()).iterdir()}
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post(f"{API}/upload", content=stream(), headers=headers)
    assert answer.status_code == 413 and plain(answer.text)
    assert {path.name for path in Path(gr.utils.get_upload_folder()).iterdir()} == before
    parts = [("files", (f"{i}.png", b"x")) for i in range(10_000)]
    assert client.post(f"{API}/upload", files=parts).status_code in (400, 413)


def test_failed_uploads_leave_nothing_behind(client):
    folder = Path(gr.utils.get_upload_folder())
    client.post(f"{API}/upload", files={"files": ("..", png())})
    client.post(f"{API}/upload", files={"other": ("a.png", png())})
    assert sweep_uploads() == []  # still young
    sweep_uploads(retention_s=0)
    assert not [path for path in folder.iterdir() if path.is_file()]


def test_an_upload_that_was_read_is_deleted_unless_it_was_sent_again(client):
    file = uploaded(client, png(7, 5))
    path = Path(file["path"])
    assert outcome(client, "measure", file)[0] == "complete" and path.exists()
    sweep_uploads()
    assert path.exists(), "another may have sent the same bytes and wait"
    assert uploaded(client, png(7, 5)) == file
    sweep_uploads(retention_s=0)
    assert path.exists(), "the second one has not been read"
    assert outcome(client, "measure", file)[0] == "complete"
    sweep_uploads(retention_s=0)
    assert not path.exists()
    kind, sentence = outcome(client, "measure", file)
    assert kind == "error" and sentence == "This upload is no longer here; please send it again."


def test_uploads_that_were_deleted_are_on_no_list(app, client, monkeypatch):
    file, other = uploaded(client, png(7, 6)), uploaded(client, png(6, 7))
    listed = lambda file: [names for names in app.temp_file_sets if file["path"] in names]
    assert outcome(client, "measure", file)[0] == "complete" and len(listed(file)) >= 2
    monkeypatch.setattr(middleware, "sweep_uploads", lambda: sweep_uploads(retention_s=0))
    uploaded(client, png(5, 7))
    wait_until(lambda: not Path(file["path"]).exists() and not listed(file))  # the sweep ends after the answer
    assert Path(other["path"]).exists() and listed(other)


def test_a_chunked_upload_passes(client):
    body = httpx.Request("POST", "http://x", files={"files": ("a.png", png())})
    answer = client.post(
        f"{API}/upload", content=iter([body.read()]), headers={"content-type": body.headers["content-type"]}
    )
    assert answer.status_code == 200 and Path(answer.json()[0]).read_bytes() == png()


def test_data_urls_are_refused_at_once(client):
    url = "data:image/png;base64," + "A" * 60_000_000
    begun = time.monotonic()
    answer = call(client, "picture", {"url": url, "meta": {"_type": "gradio.FileData"}})
    assert answer.status_code == 413 and plain(answer.json()["detail"]) and time.monotonic() - begun < 5
    small = call(client, "picture", {"url": "data:image/png;base64,AAAA", "meta": {"_type": "gradio.FileData"}})
    assert small.status_code == 400 and "uploading" in small.json()["detail"]


def test_large_json_is_refused_also_in_chunks(client):
    body = json.dumps({"data": ["x" * 2**20]}).encode()
    headers = {"content-type": "application/json"}
    for content in (body, iter([body[:1000], body[1000:]])):
        answer = client.post(f"{API}/queue/join", content=content, headers=headers)
        assert answer.status_code == 413 and plain(answer.json()["detail"])
    assert call(client, "number", "x" * (MAX_JSON_BYTES - 100)).status_code == 200


def test_only_json_is_taken_as_json(client):
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = client.post(f"{API}/call/number", content='{"data": [1]}', headers={"content-type": kind})
        assert answer.status_code == 400
    for body in (b"", b"{", b"\xff\xfe\xfd", b"[" * 60_000, b'{"data": [' + b"9" * 5000 + b"]}"):
        answer = client.post(f"{API}/call/number", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400 and plain(answer.json()["detail"])


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", str(10**30)])
def test_no_number_that_is_not_finite_reaches_a_function(client, number):
    before = len(received)
    for name in ("number", "slider"):
        kind, sentence = outcome(client, name, raw=f"[{number}]")
        assert kind == "refused" and plain(sentence)
    assert len(received) == before


@pytest.mark.parametrize("value", [None, "abc", [1], {}, True, -1, 1e308, 2.5, "NaN", {"path": "/etc/passwd"}])
@pytest.mark.parametrize("name", ["slider", "radio", "measure"])
def test_a_wrong_value_gets_a_sentence_or_a_finite_answer(client, name, value):
    kind, content = outcome(client, name, value)
    assert kind == "complete" or plain(content)
    assert kind != "complete" or not {"nan", "inf", "-inf"} & {str(item) for item in content}


def test_an_error_inside_is_told_plainly_and_without_its_path(client):
    assert outcome(client, "broken", 1) == ("error", UNEXPECTED_ERROR_MESSAGE)
    assert plain(UNEXPECTED_ERROR_MESSAGE) and len(UNEXPECTED_ERROR_MESSAGE) <= MAX_MESSAGE_CHARS


@pytest.mark.parametrize(
    "path",
    ["/monitoring", "/monitoring/summary", "/openapi.json", "/docs", "/redoc", "/gradio_api/openapi.json"]
    + ["/gradio_api/runs", "/gradio_api/vibe-code", "/gradio_api/dev/reload", "/gradio_api/deep_link?session_hash=a"]
    + ["/gradio_api/proxy=http://127.0.0.1/", "/gradio_api/mcp", "/gradio_api/custom_component/1/client/c/x.js"],
)
def test_what_the_page_does_not_need_is_closed(client, path):
    for method in ("GET", "HEAD", "POST"):
        assert client.request(method, path, json={} if method == "POST" else None).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_closed(client, method):
    assert client.request(method, "/config").status_code == 404


@pytest.mark.parametrize("path", ["/component_server", "/process_recording", "/stream/x", "/api/number", "/vibe-edit"])
def test_other_calls_are_closed(client, path):
    assert client.post(API + path, json={"data": []}).status_code == 404


@pytest.mark.parametrize("path", ["/", "/config", "/theme.css", "/gradio_api/info", "/nothing", "/gradio_api/upload"])
def test_headers_are_on_every_answer(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
    assert headers["content-security-policy"] == "frame-ancestors 'self'"


def test_an_uploaded_page_cannot_run(client):
    path = uploaded(client, b"<script>alert(1)</script>", "a.html")["path"]
    answer = client.get(f"{API}/file={path}")
    assert answer.status_code == 200 and "sandbox" in answer.headers["content-security-policy"]
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_many_at_once_get_their_own_answers(client, app):
    wrong: list[int] = []

    def work(i: int) -> None:
        with httpx.Client(base_url=app.local_url, timeout=30) as own:
            if outcome(own, "number", i) != ("complete", [repr(i)]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert wrong == []


def test_launch_options_are_what_gradio_was_given(app):
    assert app.max_file_size == MAX_UPLOAD_BYTES and app.state_session_capacity == MAX_SESSIONS
    assert app.enable_monitoring is False and app.run_history is False and app.show_error is False
    options = launch_options(Hosting())
    assert options["server_name"] == "127.0.0.1" and options["share"] is False and options["auth"] is None
