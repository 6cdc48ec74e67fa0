"""How often one address may ask for work: a bucket of tokens for each, filled again at a steady rate.

The address is the one that uvicorn has put into the request's scope: the peer's own, or what X-Forwarded-For says where
the peer is a trusted proxy (FORWARDED_ALLOW_IPS). Nobody else can choose it.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

MAX_ADDRESSES = 10_000  # addresses
LOOPBACK_ADDRESSES = (
    "127.0.0.1",
    "::1",
)  # this machine; a proxy that does not say for whom it asks is not told apart from it
TOO_MANY_REQUESTS_MESSAGE = "Too many requests come from your address; please wait a few seconds."


@dataclass(frozen=True)
class Rate:
    """Tokens in a full bucket, and how many come back in a second."""

    burst: float
    per_second: float


WORK_RATE = Rate(200, 20)  # a class of thirty behind one address clicks less often than that
LOGIN_RATE = Rate(40, 0.5)


class RateLimiter:
    """Buckets by address; safe to use from many threads."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when they were counted
        self._lock = threading.Lock()

    @property
    def remembered(self) -> int:
        """How many addresses."""
        return len(self._buckets)

    def admit(self, address: str) -> bool:
        """Take one token from the bucket of this address; False when it is empty. This machine is always let in."""
        if address in LOOPBACK_ADDRESSES:
            return True
        owner, now = client_network(address), self._clock()
        with self._lock:
            tokens, counted = self._buckets.get(owner, (self._rate.burst, now))
            tokens = min(self._rate.burst, tokens + (now - counted) * self._rate.per_second)
            admitted = tokens >= 1
            self._buckets[owner] = (tokens - admitted, now)
            self._buckets.move_to_end(owner)
            self._let_go(now)
        return admitted

    def _let_go(self, now: float) -> None:
        """Forget who has not asked for so long that their bucket is full again, and the oldest of too many."""
        refilled = now - self._rate.burst / self._rate.per_second
        while next(iter(self._buckets.values()))[1] <= refilled or len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)


def client_network(address: str) -> str:
    """Whose address it is: of IPv6, where everybody has very many, the first 64 bits count."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return str(ip_network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)
