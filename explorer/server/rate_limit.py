"""A rate limit per client address: token buckets that refill at a constant rate.

The address is the one in the request's scope, set by uvicorn: the peer's, or that of X-Forwarded-For if the peer is a
trusted proxy (FORWARDED_ALLOW_IPS). Other clients cannot forge it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from cachetools import TTLCache

MAX_ADDRESSES = 10_000
LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")  # also those of a local proxy without X-Forwarded-For
TOO_MANY_REQUESTS_MESSAGE = "Too many requests come from your address; please wait a few seconds."
IPV6_NETWORK_BITS = 64  # leading bits of an address, which one customer shares


@dataclass(frozen=True)
class Rate:
    """The tokens of a full bucket, and the tokens added per second."""

    burst: float
    per_second: float


WORK_RATE = Rate(200, 20)  # a class of thirty behind one address stays below this
LOGIN_RATE = Rate(40, 0.5)


class RateLimiter:
    """Token buckets by client network, each dropped after the time in which it refills. Thread-safe."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        # network -> (tokens, clock time at which they were counted)
        self._buckets: TTLCache[str, tuple[float, float]] = TTLCache(
            MAX_ADDRESSES, ttl=rate.burst / rate.per_second, timer=clock
        )
        self._lock = threading.Lock()

    @property
    def address_count(self) -> int:
        """Return the number of client networks whose bucket has not expired."""
        with self._lock:
            self._buckets.expire()
            return len(self._buckets)

    def admit(self, address: str) -> bool:
        """Take one token from the bucket of this address; return False when it is empty. Always admit loopback."""
        if address in LOOPBACK_ADDRESSES:
            return True
        network, now = client_network(address), self._clock()
        with self._lock:
            tokens, counted = self._buckets.get(network, (self._rate.burst, now))
            tokens = min(self._rate.burst, tokens + (now - counted) * self._rate.per_second)
            admitted = tokens >= 1
            self._buckets[network] = (tokens - admitted, now)
        return admitted


def client_network(address: str) -> str:
    """Return the client's network: the first 64 bits of an IPv6 address, as a client has many; else the address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        host_bits = 128 - IPV6_NETWORK_BITS
        return str(ip_network((int(parsed) >> host_bits << host_bits, IPV6_NETWORK_BITS)))
    return str(parsed)
