"""Memory that is no longer used goes back to the system; the C library would keep it, in as many heaps as threads.

Large arrays come and go with every visitor, on many threads. Each thread's heap then keeps room between what is still
needed, and a server that holds 100 MB of answers comes to take several times that.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import time

M_ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h
MAX_ARENAS = 1  # with more, what is held wanders more from minute to minute
TRIM_INTERVAL_S = 1.0  # seconds; giving back takes a few milliseconds


def trim_periodically(period: float = TRIM_INTERVAL_S) -> bool:
    """From now on give back what is free every so many seconds; False where the C library is not glibc.

    To be called once and early: threads that have a heap already keep it.
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
    """To be called once the server has all that it keeps for good: looking for garbage then passes over all of that.

    The more objects last, the more seldom Python looks; beside half a million of them, what requests leave behind in
    circles, their bodies with them, came to some 15 MB.
    """
    gc.collect()
    gc.freeze()
