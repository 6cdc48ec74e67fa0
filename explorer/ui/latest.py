"""Which computation of a visitor is the newest, so that older ones can stop at their next step."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict

KEPT = 4096  # visitors


class Latest:
    """Hands out rising generation numbers per visitor; safe to use from many threads."""

    def __init__(self) -> None:
        self._numbers: OrderedDict[str, int] = OrderedDict()
        self._counter = itertools.count(1)
        self._lock = threading.Lock()

    def begin(self, visitor: str) -> int:
        """A new generation for this visitor, larger than every earlier one; all earlier ones are now stale."""
        with self._lock:
            number = next(self._counter)
            self._numbers[visitor] = number
            self._numbers.move_to_end(visitor)
            while len(self._numbers) > KEPT:
                self._numbers.popitem(last=False)
            return number

    def is_current(self, visitor: str, generation: int) -> bool:
        """Whether nothing newer has begun for this visitor."""
        with self._lock:
            return self._numbers.get(visitor, generation) == generation
