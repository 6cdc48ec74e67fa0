"""The folder of temporary files: one for each server, swept when its server has been killed, bounded in use."""

import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest

from explorer.errors import TempDirRefused
from explorer.server.temp_dir import TEMP_DIR_VARIABLE, create_temp_dir
from harness import ROOT
from harness.server_process import free_port
from tests.support.guarded_app import API, png
from tests.support.waiting import wait_until


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv(TEMP_DIR_VARIABLE, str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def folders(place):
    return sorted(place.glob("server-*"))


def test_a_folder_of_its_own_that_python_and_gradio_use(place):
    from gradio.utils import get_upload_folder

    temp_dir = create_temp_dir(place)
    assert folders(place) == [temp_dir.folder] and tempfile.gettempdir() == get_upload_folder() == str(temp_dir.folder)
    (temp_dir.folder / "upload").mkdir()
    temp_dir.close()
    assert not folders(place)


def test_living_servers_keep_theirs_and_dead_ones_are_swept(place):
    (place / "mine.txt").write_text("not a server's")
    living = create_temp_dir(place)
    dead = place / "server-dead"
    (dead / "upload").mkdir(parents=True)
    (dead / "upload" / "holiday.png").write_bytes(b"x" * 1000)
    second = create_temp_dir(place)
    assert second.swept == 1 and not dead.exists()
    assert folders(place) == sorted([living.folder, second.folder]) and (place / "mine.txt").exists()
    second.close()
    living.close()


@pytest.mark.skipif(sys.platform == "win32", reason="its root folder can be written")
def test_without_any_place_it_says_so_in_one_line(place):
    with pytest.raises(TempDirRefused) as refused:
        create_temp_dir(Path("/proc/nowhere"))
    assert len(str(refused.value).splitlines()) == 1 and "/proc" not in str(refused.value)


def started(place, log):
    port = free_port()
    command = [sys.executable, "app.py", "--port", str(port), "--device", "cpu", "--dtype", "float32"]
    running = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"

    def alive():
        assert running.poll() is None, "it does not start"
        try:
            return httpx.get(f"{url}/healthz").is_success
        except httpx.TransportError:
            return False

    wait_until(alive, 120, every=0.1)
    return running, url


TELLING = "gunnhild-eriksdottir-passport"


@pytest.mark.server
def test_a_killed_server_leaves_nothing_for_the_next_and_no_log_names_an_upload(place):
    """Upload under a telling name, good and bad; kill -9; start again; stop. The folder is empty, the log discreet."""
    with (place / "log").open("w") as log:
        running, url = started(place, log)
        session = "0123456789abcdef-telling-session"
        for data in (png(), b"no picture at all"):
            sent = httpx.post(f"{url}{API}/upload", files={"files": (f"{TELLING}.png", data)}, timeout=60)
            file = {"path": sent.json()[0], "orig_name": f"{TELLING}.png", "meta": {"_type": "gradio.FileData"}}
            config = httpx.get(f"{url}/config").json()
            upload = next(d for d in config["dependencies"] if d["api_name"] == "upload")
            body = {"session_hash": session, "fn_index": upload["id"], "trigger_id": upload["targets"][0][0]}
            values = [file, *[None] * (len(upload["inputs"]) - 1)]
            asked = httpx.post(f"{url}{API}/queue/join", json={**body, "data": values}, timeout=60)
            assert asked.status_code == 200, asked.text
            stream = httpx.get(f"{url}{API}/queue/data?session_hash={session}", timeout=60).text
            assert "process_completed" in stream
        httpx.get(f"{url}{API}/file={TELLING}")
        httpx.post(f"{url}{API}/call/{TELLING}", json={"data": [TELLING]})
        (left,) = folders(place)
        assert [path for path in left.rglob("*") if TELLING in path.name]
        running.kill()
        running.wait()
        assert left.exists()
        running, url = started(place, log)
        assert not left.exists() and len(folders(place)) == 1
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0 and not folders(place)
    said = (place / "log").read_text()
    assert "The explorer is at" in said
    for secret in (TELLING, session, left.name):
        assert secret not in said, said
    assert json.dumps(TELLING) not in said
