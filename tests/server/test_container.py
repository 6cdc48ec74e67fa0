"""The claims of the Dockerfile that can be tried without Docker: another user, a read-only root, one place to write."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from harness import ROOT
from harness.server_process import free_port
from tests.support.guarded_app import API, png
from tests.support.waiting import wait_until

DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORED = (ROOT / ".dockerignore").read_text()
NOBODY = 65534
# In a mount namespace of its own: Python where others may read it, one small tmpfs to write to, all else read-only.
SCRIPT = """
set -e
mkdir -p "$1/python" "$1/scratch"
mount --bind "$2" "$1/python"
case "$2" in /root/*) mount -t tmpfs -o mode=755 none /root; mkdir -p "$2"; mount --bind "$1/python" "$2";; esac
mount -t tmpfs -o size=64m,mode=700,uid=65534,gid=65534 none "$1/scratch"
for place in /tmp /var/tmp /dev/shm "$3" /; do mount --rbind "$place" "$place"; mount -o remount,bind,ro "$place"; done
exec chroot --userspec=65534:65534 --groups= / env -i PATH="$PATH" HOME="$1/scratch" TMPDIR="$1/scratch" \
  GRADIO_TEMP_DIR="$1/scratch" \
  SYSTEM=spaces SPACE_ID=somebody/explorer PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
  sh -c 'for place in "$0" /tmp /var/tmp /dev/shm; do ! touch "$place/new" 2>/dev/null || exit 99; done
         cd "$0" && exec "$1" app.py --port "$2" --device cpu --dtype float32' "$3" "$4" "$5"
"""
TRY = "mount --rbind /var/tmp /var/tmp && mount -o remount,bind,ro /var/tmp"


def allowed() -> bool:
    """Whether this user may make a mount namespace and become somebody else."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("chroot"):
        return False
    return subprocess.run(["unshare", "-m", "sh", "-c", TRY], capture_output=True).returncode == 0


def health(running: subprocess.Popen, url: str) -> str | None:
    """What the server says of its health; None while nobody listens."""
    assert running.poll() is None, running.stdout.read().decode()
    try:
        return httpx.get(f"{url}/healthz").text
    except httpx.TransportError:
        return None


@pytest.mark.server
@pytest.mark.skipif(not allowed(), reason="needs root and a mount namespace")
def test_it_runs_as_nobody_on_a_read_only_root_and_writes_to_one_place(tmp_path_factory):
    base, port = Path(tmp_path_factory.mktemp("container")), free_port()
    for parent in [base, *base.parents][:4]:
        parent.chmod(0o755)
    home = Path(sys.base_prefix)
    command = ["unshare", "-m", "sh", "-c", SCRIPT, "sh", str(base), str(home), str(ROOT), sys.executable, str(port)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        assert wait_until(lambda: health(running, url), 120, every=0.1) == "ok\n"
        status = Path(f"/proc/{running.pid}/status").read_text()
        assert re.search(rf"^Uid:\t{NOBODY}\t{NOBODY}", status, re.M) and re.search(r"^CapEff:\t0+$", status, re.M)
        assert httpx.get(url).headers["content-security-policy"].endswith("https://*.hf.space")
        assert re.search(rf"^ *\d+: 00000000:{port:04X} ", Path("/proc/net/tcp").read_text(), re.M)  # all addresses
        sent = httpx.post(f"{url}{API}/upload", files={"files": ("a.png", png())}, timeout=30)
        assert sent.status_code == 200 and sent.json()[0].startswith(f"{base}/scratch/server-")
        large = httpx.post(f"{url}{API}/upload", files={"files": ("a.png", bytes(3 * 2**20))}, timeout=30)
        assert large.status_code == 200  # longer than what is held in memory on the way
        asked = httpx.post(f"{url}{API}/call/page_noising", json={"data": ["wiener", "any", 0, 64, 0]}, timeout=60)
        answer = httpx.get(f"{url}{API}/call/page_noising/{asked.json()['event_id']}", timeout=120).text
        assert "event: complete" in answer, answer[-500:]
        running.terminate()
        assert running.wait(30) == 0, running.stdout.read().decode()
    finally:
        running.kill()
    said = running.stdout.read().decode()
    assert "Traceback" not in said and "RELOAD" not in said, said


def test_the_image_runs_as_nobody_special_with_a_health_check():
    instructions = dict(re.findall(r"^([A-Z]+) (.+?)(?<!\\)$", DOCKERFILE, re.M | re.S))
    assert instructions["USER"] == "1000:1000" and "slim" in instructions["FROM"]
    assert "/healthz" in instructions["HEALTHCHECK"] and "curl" not in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE and "whl/cpu" in instructions["ARG"]
    assert "--read-only" in DOCKERFILE and "--memory" in DOCKERFILE and "--cap-drop ALL" in DOCKERFILE


def test_the_image_holds_only_what_it_needs():
    kept = {line[1:] for line in IGNORED.splitlines() if line.startswith("!")}
    copied = set(re.findall(r"[\w.]+(?= )", " ".join(re.findall(r"^COPY (.+)$", DOCKERFILE, re.M))))
    assert IGNORED.splitlines()[1] == "*" and copied == kept and all((ROOT / name).exists() for name in kept)


def test_the_health_check_tells_living_from_dead(tmp_path):
    code = re.search(r'HEALTHCHECK.*?CMD \["python", "-c", "(.+?)"\]', DOCKERFILE, re.S)[1]
    dead = subprocess.run([sys.executable, "-c", code.replace("7860", str(free_port()))], capture_output=True)
    assert dead.returncode != 0
