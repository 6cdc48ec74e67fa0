"""Answers and pictures that are kept for a while, up to a number of bytes or of things; safe from many threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Cache(Generic[Value]):
    """The values used last, as long as their sizes together stay below a limit; the newest one always.

    What is put for good is not counted and never let go.
    """

    def __init__(self, limit: int, size: Callable[[Value], int] = lambda value: 1) -> None:
        self._limit, self._size = limit, size
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._for_good: dict[Hashable, Value] = {}
        self._total = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """The value, which counts as used now, or None."""
        with self._lock:
            if key not in self._values:
                return self._for_good.get(key)
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value, letting go of those that were not used for longest."""
        with self._lock:
            if key in self._values:
                self._total -= self._size(self._values.pop(key))
            self._values[key] = value
            self._total += self._size(value)
            while self._total > self._limit and len(self._values) > 1:
                self._total -= self._size(self._values.popitem(last=False)[1])

    def put_for_good(self, key: Hashable, value: Value) -> None:
        """Keep a value, whatever else comes."""
        with self._lock:
            if key in self._values:
                self._total -= self._size(self._values.pop(key))
            self._for_good[key] = value
