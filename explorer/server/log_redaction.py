"""What is written to the log when something fails: where in the program, never what a visitor has sent.

The text of an exception may hold a file's name, a path or a value out of a request, so it is left out.
"""

from __future__ import annotations

import traceback


def redacted_traceback(error: BaseException) -> str:
    """The lines of the program that led to the exception, and its type; the same for what caused it."""
    chain: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(chain) < 5:
        chain.append("".join(traceback.format_tb(seen.__traceback__)) + type(seen).__qualname__)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(reversed(chain))
