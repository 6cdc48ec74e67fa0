"""One thread that runs the network for everybody, in turns, without taking the machine from those who watch."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")
NICENESS = 10  # of the network's threads: the page and the server go first


class Worker:
    """Calls functions one after another, in the order in which they were asked for.

    Two forward passes at once on one device only slow each other down; in turns, the batches of many visitors
    interleave. On Linux the thread, and with it the threads that torch starts from it, has a lower priority, so that
    the first picture is on the page while the network is already computing.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="network", initializer=_yield_to_others)

    def __call__(self, function: Callable[..., Result], *arguments: object) -> Result:
        """The function's result, or its exception, once its turn has come."""
        return self._pool.submit(function, *arguments).result()


def _yield_to_others() -> None:
    if sys.platform == "linux":  # elsewhere a thread's priority is not its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
