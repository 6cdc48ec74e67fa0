"""Verdicts of claims: on what is shipped, and on inputs of a test's own."""

from functools import cache

from explorer.claims import CLAIMS
from explorer.claims._estimate_spectra import films


@cache
def shipped(id):
    """The verdict on what is shipped; measured once for all tests."""
    return CLAIMS[id]()


def afresh(id, **inputs):
    """A verdict that owes nothing to an earlier run."""
    films.cache_clear()
    return CLAIMS[id](**inputs)
