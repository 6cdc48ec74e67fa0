"""Work that steps back: threads whose work takes long go after those that answer people."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

NICENESS = 10  # the page and the server go first


def lower_thread_priority() -> None:
    """Lower the priority of the calling thread for good; only Linux has one for each thread."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):  # not allowed everywhere
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
