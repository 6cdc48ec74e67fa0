"""Settings of glibc's allocator and of the garbage collector that limit the memory of a long-running server.

Every request allocates and frees large arrays on several threads. By default glibc has a heap per thread, and free
memory between live blocks stays in it, so that a server with 100 MB of live data takes several times that.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import time

M_ARENA_MAX = -8  # from glibc's malloc.h
MAX_ARENAS = 1  # with more, the resident size varies more from minute to minute
TRIM_INTERVAL_S = 1.0  # one trim takes a few milliseconds


def trim_periodically(period: float = TRIM_INTERVAL_S) -> bool:
    """Start a thread that returns free memory to the system every `period` seconds; return False without glibc.

    Call once, before other threads start: the limit on heaps has no effect on threads that already have one.
    """
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    library.mallopt(M_ARENA_MAX, MAX_ARENAS)

    def give_back() -> None:
        while True:
            time.sleep(period)
            library.malloc_trim(0)

    threading.Thread(target=give_back, name="memory", daemon=True).start()
    return True


def freeze_startup_objects() -> None:
    """Exclude all objects that exist now from garbage collection; call once the server has started.

    Python runs a full collection less often the more long-lived objects there are. With the half a million of this
    server, uncollected reference cycles of requests and their bodies grew to about 15 MB.
    """
    gc.collect()
    gc.freeze()
