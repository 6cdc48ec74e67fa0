"""How often one address may ask for work: a bucket of tokens for each, filled again at a steady rate.

The address is the one that uvicorn has put into the request's scope: the peer's own, or what X-Forwarded-For says where
the peer is a trusted proxy (FORWARDED_ALLOW_IPS). Nobody else can choose it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from cachetools import TTLCache

MAX_ADDRESSES = 10_000
LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")  # a proxy here that does not say for whom it asks looks the same
TOO_MANY_REQUESTS_MESSAGE = "Too many requests come from your address; please wait a few seconds."
IPV6_NETWORK_BITS = 64  # of an address, those that one customer has


@dataclass(frozen=True)
class Rate:
    """Tokens in a full bucket, and how many come back in a second."""

    burst: float
    per_second: float


WORK_RATE = Rate(200, 20)  # a class of thirty behind one address clicks less often than that
LOGIN_RATE = Rate(40, 0.5)


class RateLimiter:
    """Buckets by address, each forgotten when it must be full again; safe to use from many threads."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        # network -> (tokens, when they were counted)
        self._buckets: TTLCache[str, tuple[float, float]] = TTLCache(
            MAX_ADDRESSES, ttl=rate.burst / rate.per_second, timer=clock
        )
        self._lock = threading.Lock()

    @property
    def address_count(self) -> int:
        """How many addresses have a bucket that is not full."""
        with self._lock:
            self._buckets.expire()
            return len(self._buckets)

    def admit(self, address: str) -> bool:
        """Take one token from the bucket of this address; return False when it is empty. This machine always may."""
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
    """Return whose address it is: of IPv6, where everybody has very many, the first 64 bits count."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        host_bits = 128 - IPV6_NETWORK_BITS
        return str(ip_network((int(parsed) >> host_bits << host_bits, IPV6_NETWORK_BITS)))
    return str(parsed)
