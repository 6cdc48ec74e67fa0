"""Conversion of every exception of an event to one plain sentence for the visitor, without paths."""

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
_NOT_PLAIN = re.compile(r"[\r\n]|(?:^|[\s'\"(=])(?:~?/|[A-Za-z]:\\)[\w.]|<class ")  # line ends, paths, Python reprs


class ErrorHandlingBlocks(InterceptedBlocks):
    """gr.Blocks in which every failed event ends in a gr.Error with one plain sentence.

    By default Gradio sends either no text (show_error=False) or that of the exception, which may contain paths of the
    server. The exception is logged. `health`, if set, counts the events; Gradio calls a handler that yields once per
    message, so each message is counted as an event.
    """

    health: Health | None = None

    async def run_event(self, event: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        """Return the outputs of an event, and count its outcome.

        The outcome is "done", "refused" (invalid request), "failed" (unexpected exception) or "left" (cancelled).
        Raise gr.Error for every exception except cancellation and the end of a generator.
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
    """Convert a UserError raised in the context to a gr.Error with the same text and this title."""
    try:
        yield
    except UserError as error:
        raise gr.Error(str(error), print_exception=False, title=title) from None


def is_plain(message: object) -> bool:
    """Return whether a message is one line of 1 to MAX_MESSAGE_CHARS characters without a path."""
    return isinstance(message, str) and 0 < len(message) <= MAX_MESSAGE_CHARS and not _NOT_PLAIN.search(message)
