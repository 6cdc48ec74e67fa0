"""What the server remembers of a visitor: the values of the page's states, and nothing of the page itself.

Gradio describes every component of the page anew for each session and keeps that for an hour, so that its deep links
can show a session again. For a page like this one it takes 50 ms of the event loop and 25 kB for each visitor, and for
each call of a program. There are no such links here: explorer.ui.address has its own. It also keeps a list of the last
ten thousand events and sums it up after each event, for a page that is closed here; /metrics has counts of its own.
Around each event it also sets up matplotlib, where that is installed, for figures that no event here draws; the first
visitor would wait until all of it is loaded.
"""

from __future__ import annotations

from contextlib import nullcontext
from copy import copy
from datetime import datetime
from typing import Any

from gradio import state_holder, utils
from gradio.blocks import Blocks
from gradio.components import State
from gradio.queueing import Queue
from gradio.state_holder import SessionState


class Session(SessionState):
    """A session of Gradio 6.31 without the descriptions."""

    def __init__(self, blocks: Blocks) -> None:
        self._page = blocks.default_config
        self.blocks_config = self._page  # of all visitors, until a component of this one's page is another
        self.config_values: dict[int, dict] = {}
        self.state_data: dict[int, Any] = {}
        self._state_ttl: dict[int, tuple] = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 3600  # seconds; a closed tab may be opened again

    def __setitem__(self, key: int, value: Any) -> None:  # noqa: ANN401 - whatever a state holds
        block = self.blocks_config.blocks.get(key)
        if isinstance(block, State):
            self._state_ttl[key] = (block.time_to_live, datetime.now())
            self.state_data[key] = value
        else:
            if self.blocks_config is self._page:
                self.blocks_config = copy(self._page)
            self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        """Nothing is kept that could be out of date."""

    def _update_value_in_config(self, key: int, value: Any) -> None:  # noqa: ANN401 - whatever a component shows
        """Nothing is kept that could be out of date."""


def install(queue: Queue) -> None:
    """Have Gradio make sessions of this kind, and spare it what no event here needs; before the first visitor."""
    state_holder.SessionState = Session
    utils.MatplotlibBackendMananger = nullcontext
    queue.ANALYTICS_MAX_EVENTS = 0
