"""Errors as people see them: always one plain sentence, never a path, never nothing at all."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from explorer.errors import UserError
from explorer.server.gradio_patches import InterceptedBlocks
from explorer.server.health import Health
from explorer.server.log_redaction import redacted_traceback

log = logging.getLogger(__name__)

MAX_MESSAGE_CHARS = 160
UNEXPECTED_ERROR_MESSAGE = "Something went wrong here; please try again, or with another picture or setting."
INVALID_VALUE_MESSAGE = "A value that was sent does not fit here."
_NOT_PLAIN = re.compile(r"[\r\n]|(?:^|[\s'\"(=])(?:~?/|[A-Za-z]:\\)[\w.]|<class ")  # line ends, paths, Python's words


class ErrorHandlingBlocks(InterceptedBlocks):
    """gr.Blocks in which every failed event ends in a gr.Error with one plain sentence.

    Gradio by itself sends either no text at all (show_error=False) or the exception's own, with paths of the server.
    What went wrong is logged. `health`, where it is set, counts the events: a handler that yields is called once for
    each of its messages, so what is counted are messages.
    """

    health: Health | None = None

    async def run_event(self, event: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        """Return the outputs of an event. Raise gr.Error and nothing else, but for cancellation and a generator's end.

        The outcome is counted as "done", "refused" (the visitor's request), "failed" (our fault) or "left" (cancelled).
        """
        if self.health is None:
            return await _with_plain_errors(event)
        self.health.event_started()
        outcome, started = "left", time.monotonic()
        try:
            outputs = await _with_plain_errors(event)
            outcome = "done"
            return outputs
        except gr.Error as error:
            outcome = "failed" if error.message == UNEXPECTED_ERROR_MESSAGE else "refused"
            raise
        except (StopAsyncIteration, StopIteration):
            outcome = "done"
            raise
        finally:
            self.health.event_finished(outcome, time.monotonic() - started)


async def _with_plain_errors(event: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    try:
        return await event
    except gr.Error as error:
        if is_plain(error.message):
            error.print_exception = False
            raise
        raise gr.Error(INVALID_VALUE_MESSAGE, print_exception=False) from None
    except (asyncio.CancelledError, GeneratorExit, StopAsyncIteration, StopIteration):
        raise
    except Exception as error:
        log.warning("an event failed\n%s", redacted_traceback(error))
        raise gr.Error(UNEXPECTED_ERROR_MESSAGE, print_exception=False) from None


@contextmanager
def show_user_errors(title: str = "Not possible") -> Iterator[None]:
    """Raise a UserError from within as the gr.Error that shows its sentence under this title."""
    try:
        yield
    except UserError as error:
        raise gr.Error(str(error), print_exception=False, title=title) from None


def is_plain(message: object) -> bool:
    """Return whether a message is one line of at most MAX_MESSAGE_CHARS characters without a path in it."""
    return isinstance(message, str) and 0 < len(message) <= MAX_MESSAGE_CHARS and not _NOT_PLAIN.search(message)
