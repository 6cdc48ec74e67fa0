"""A client of the endpoints over plain HTTP, and what can become of a call."""

from __future__ import annotations

import itertools
import json
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from inspect import Parameter
from ipaddress import IPv4Address
from typing import TypeVar

import httpx
import numpy as np

from explorer.server.error_handling import is_plain
from explorer.thread_priority import lower_thread_priority
from explorer.ui.http_api import ENDPOINTS

API = "/gradio_api"
SHORT_RUN = {"model": "wiener", "steps": 4}
CHEAP_ARGUMENTS = {  # endpoint: arguments with which it answers soon
    "noising": {"model": "wiener", "size": 64, "levels": 4},
    "sampling": SHORT_RUN,
    "branch": {"run": SHORT_RUN, "step": 1, "steps": 2, "count": 2},
    "u_turns": {"run": SHORT_RUN, "levels": 2, "steps": 2, "count": 2},
    "transfer": {"model": "wiener", "samplers": ["euler"], "step_counts": [4], "count": 2},
    "line_up": {},
    "generate": {"steps": 2},
    "level_matrix": {},
    "skip_costs": {},
    "codes": {},
    "wiring": {},
    "walk": {"plane": {"density": "drawn", "points": [[0, 0], [1, 1]]}, "count": 20},
    "learn_score": {"steps": 10},
}
CALL_TIMEOUT_S = 300.0
DOWNLOAD_TIMEOUT_S = 60.0
T = TypeVar("T")
# one for all clients: nothing here is encrypted, yet each client would build its own, which takes longer than a request
SHARED_SSL_CONTEXT = ssl.create_default_context()
_addresses = itertools.count(int(IPv4Address("10.0.0.1")))


@dataclass(frozen=True)
class Outcome:
    """What became of a call.

    kind: "complete" (content is the answer), "error" or "refused" (content is the sentence), "left" (the client went
    away), "lost" (no answer; content says why). seconds: from the request to the end. status: HTTP, 0 where lost.
    """

    kind: str
    content: object
    seconds: float
    status: int = 200

    @property
    def well_formed(self) -> bool:
        """Whether it is an answer, or a refusal in one plain sentence."""
        return self.kind == "complete" or (self.kind in ("error", "refused") and is_plain(self.content))


def visitor_headers() -> dict[str, str]:
    """Return the header of a visitor from an address that no call has come from."""
    return {"x-forwarded-for": str(IPv4Address(next(_addresses)))}


def arguments(name: str, **changed: object) -> list[object]:
    """Return an endpoint's arguments in order: the defaults of its parameters, but for those that are changed."""
    parameters = next(call for call in ENDPOINTS if call.name == name).signature.parameters.values()
    return [changed.get(p.name, None if p.default is Parameter.empty else p.default) for p in parameters]


def call_endpoint(
    url: str,
    name: str,
    data: list[object] | str,
    headers: dict[str, str] | None = None,
    timeout_s: float = CALL_TIMEOUT_S,
    leave_after: Callable[[int], bool] = lambda message: False,
) -> Outcome:
    """Call an endpoint and listen to its events to the end; nothing is raised.

    data: the arguments; as text they are sent as they are. leave_after(n): whether to go away after the nth message.
    headers: those of a new visitor by default.
    """
    began = time.monotonic()
    elapsed = lambda: time.monotonic() - began
    body = data if isinstance(data, str) else json.dumps(data)
    json_headers = {"content-type": "application/json", **(headers or visitor_headers())}
    try:
        with httpx.Client(base_url=url, timeout=timeout_s, headers=json_headers, verify=SHARED_SSL_CONTEXT) as client:
            began = time.monotonic()  # anew: making a client takes its time when two hundred do it at once
            joined = client.post(f"{API}/call/{name}", content=f'{{"data": {body}}}')
            if joined.status_code != 200:
                return Outcome("refused", joined.json()["detail"], elapsed(), joined.status_code)
            with client.stream("GET", f"{API}/call/{name}/{joined.json()['event_id']}") as stream:
                kind, content = _listen(stream.iter_lines(), leave_after)
    except (httpx.TransportError, ValueError, KeyError) as error:
        return Outcome("lost", type(error).__name__, elapsed(), 0)
    return Outcome(kind, content, elapsed())


def _listen(lines: Iterator[str], leave_after: Callable[[int], bool]) -> tuple[str, object]:
    kind, messages = "lost", 0
    for line in lines:
        if line.startswith("event: "):
            kind, messages = line.removeprefix("event: "), messages + 1
            if leave_after(messages):
                return "left", None
        elif line.startswith("data: ") and kind in ("complete", "error"):
            content = json.loads(line.removeprefix("data: "))
            if kind == "complete":
                return kind, content[0]
            return kind, content.get("error") if isinstance(content, dict) else content
    return "lost", "the stream ended"


def fetch_arrays(url: str, answer: dict) -> bytes:
    """Return the .npz file that an answer names. Raises httpx.HTTPError."""
    return httpx.get(url + answer["arrays"], timeout=DOWNLOAD_TIMEOUT_S).raise_for_status().content


def run_concurrently(count: int, work: Callable[[int], T]) -> list[T]:
    """Return [work(0), ..., work(count - 1)], each run in a thread of its own.

    The threads have the low priority that the server's network has: else they would take from it what visitors
    elsewhere cannot.
    """
    with ThreadPoolExecutor(count, initializer=lower_thread_priority) as threads:
        return list(threads.map(work, range(count)))


def latency_quantile(outcomes: list[Outcome], share: float) -> float:
    """Return the quantile of the seconds that complete answers took; infinity where there are none."""
    taken = [one.seconds for one in outcomes if one.kind == "complete"]
    return float(np.quantile(taken, share)) if taken else float("inf")
