"""Errors as people see them: always one plain sentence, never a path, never nothing at all."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import Any

import gradio as gr

from explorer.server.health import Health
from explorer.server.log_redaction import redacted_traceback

log = logging.getLogger(__name__)

MAX_MESSAGE_CHARS = 160  # characters
UNEXPECTED_ERROR_MESSAGE = "Something went wrong here; please try again, or with another picture or setting."
INVALID_VALUE_MESSAGE = "A value that was sent does not fit here."
_UNPLAIN = re.compile(r"[\r\n]|(?:^|[\s'\"(=])(?:~?/|[A-Za-z]:\\)[\w.]|<class ")  # line ends, paths, Python's own words


class PlainBlocks(gr.Blocks):
    """gr.Blocks in which every failed event ends in a gr.Error with one plain sentence.

    Gradio by itself sends either no text at all (show_error=False) or the exception's own, with paths of the server.
    What went wrong is logged.
    """

    health: Health | None = None  # counts the handlers' calls, where there is one

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on as they are
        """As in gr.Blocks. Raises gr.Error and nothing else, but for cancellation and a generator's end.

        A handler that yields is called once for each of its messages, so what is counted are messages.
        """
        if self.health is None:
            return await self._plainly(*args, **kwargs)
        self.health.event_started()
        outcome, began = "left", time.monotonic()
        try:
            answer = await self._plainly(*args, **kwargs)
            outcome = "done"
            return answer
        except gr.Error as error:
            outcome = "failed" if error.message == UNEXPECTED_ERROR_MESSAGE else "refused"
            raise
        except (StopAsyncIteration, StopIteration):
            outcome = "done"
            raise
        finally:
            self.health.event_finished(outcome, time.monotonic() - began)

    async def _plainly(self, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on as they are
        try:
            return await super().process_api(*args, **kwargs)
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


def is_plain(message: object) -> bool:
    """Whether a message is one line of bearable length without a path in it."""
    return isinstance(message, str) and 0 < len(message) <= MAX_MESSAGE_CHARS and not _UNPLAIN.search(message)
