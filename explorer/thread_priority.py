"""Scheduling priority of worker threads: long computations run behind the threads that answer requests."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

WORKER_NICENESS = 10  # on the Unix scale from -20 (first) to 19 (last); the server and the page run at 0


def lower_thread_priority() -> None:
    """Set the niceness of the calling thread to WORKER_NICENESS for the rest of its life.

    Does nothing outside Linux, where niceness belongs to the whole process, and where the system forbids it.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), WORKER_NICENESS)
