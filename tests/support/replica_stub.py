"""Replicas in this process instead of on Ray: they can be killed while they owe an answer, and come back."""

import asyncio
import pickle
import threading
from concurrent.futures import Future

from explorer.inference.replicas.worker import Replica


class Lost(Exception):
    """The replica died over the call."""


class Answer:
    """As Ray's response: an answer that is under way."""

    def __init__(self, future):
        self.future, self.cancelled = future, False

    def result(self, timeout_s):
        return self.future.result(timeout_s)

    def cancel(self):
        self.cancelled = True
        self.future.cancel()


class Carrier:
    """Hands calls to its replicas in turn; while there is none, they wait."""

    def __init__(self, plan, count=1):
        self.plan, self.loop, self.sent, self.answers = plan, asyncio.new_event_loop(), 0, []
        self.losing = 0  # so many calls from now on
        self.replicas, self.owed = [Replica(plan) for _ in range(count)], {}
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def ask(self, ask):
        future, self.sent = Future(), self.sent + 1
        if self.losing:
            self.losing -= 1
            future.set_exception(Lost())
        elif self.replicas:
            future = self._begin(self.replicas[self.sent % len(self.replicas)], ask)
        self.answers.append(Answer(future))
        return self.answers[-1]

    def _begin(self, replica, ask):
        travelled = pickle.loads(pickle.dumps(ask))
        inner = asyncio.run_coroutine_threadsafe(replica(travelled), self.loop)
        outer = Future()
        self.owed.setdefault(id(replica), []).append(outer)
        outer.add_done_callback(lambda done: done.cancelled() and inner.cancel())
        inner.add_done_callback(lambda done: self._pass_on(done, outer))
        return outer

    @staticmethod
    def _pass_on(inner, outer):
        if not inner.cancelled() and not outer.done():
            error = inner.exception()
            outer.set_exception(error) if error else outer.set_result(pickle.loads(pickle.dumps(inner.result())))

    def kill(self, replica):
        """What it owes is lost."""
        self.replicas.remove(replica)
        for future in self.owed.pop(id(replica), []):
            if not future.done():
                future.set_exception(Lost())

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
