"""Memory that was used for a moment is given back to the system."""

import subprocess
import sys

import pytest

from harness import ROOT

PROGRAM = """
import time
from explorer.server import malloc as memory
assert memory.trim_periodically(period=0.05)
def held():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20
before = held()
blocks = [bytearray(60_000) for _ in range(2000)]  # too small for pages of their own
kept = blocks[::200]
full = held()
del blocks
deadline = time.monotonic() + 30
while held() - before >= 20 and time.monotonic() < deadline:
    time.sleep(0.05)  # between two looks
assert full - before > 100 and held() - before < 20, (before, full, held())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux")
def test_what_is_free_goes_back():
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-300:]


def test_what_is_kept_for_good_is_no_longer_looked_through():
    program = "import gc; from explorer.server import malloc as memory; memory.freeze_startup_objects(); "
    program += "assert gc.get_freeze_count() > 1000; assert len(gc.get_objects()) < 100"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-300:]
