"""Tracebacks for the log that contain no data of visitors.

The text of an exception may contain a file name, a path or a value of a request, so it is omitted.
"""

from __future__ import annotations

import traceback


def redacted_traceback(error: BaseException) -> str:
    """Return the stack and the type of an exception, without its text, after those of up to four causes."""
    chain: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(chain) < 5:
        chain.append("".join(traceback.format_tb(seen.__traceback__)) + type(seen).__qualname__)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(reversed(chain))
