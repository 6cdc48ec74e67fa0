"""Bounded caches for finished answers, uploaded pictures and trained networks, shared by all threads of the server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

Value = TypeVar("Value")


class Cache(Generic[Value]):
    """Least recently used cache with a lock, and with pinned entries that are never evicted; thread-safe."""

    def __init__(self, max_size: int, size_of: Callable[[Value], int] | None = None) -> None:
        """Bound the sum of size_of(value), such as bytes, by max_size; without size_of, the number of values.

        A value that is larger than max_size evicts all others and is cached alone, so that the newest one is always
        there.
        """

        def bounded_size(value: Value) -> int:
            return 1 if size_of is None else min(size_of(value), max_size)

        self._evictable: LRUCache[Hashable, Value] = LRUCache(max_size, bounded_size)
        self._pinned: dict[Hashable, Value] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """Return the value and mark it as just used, or None where there is none."""
        with self._lock:
            return self._evictable[key] if key in self._evictable else self._pinned.get(key)

    def put(self, key: Hashable, value: Value) -> None:
        """Cache a value and evict the least recently used ones beyond the bound."""
        with self._lock:
            self._evictable[key] = value

    def pin(self, key: Hashable, value: Value) -> None:
        """Cache a value for the life of the cache; it does not count towards the bound."""
        with self._lock:
            self._evictable.pop(key, None)
            self._pinned[key] = value
