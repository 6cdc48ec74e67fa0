"""How a program asks the server over plain HTTP, and what it is told."""

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
SHORT = {"model": "wiener", "steps": 4}
CHEAP = {  # values with which each question is answered soon
    "noising": {"model": "wiener", "size": 64, "levels": 4},
    "sampling": SHORT,
    "branch": {"run": SHORT, "step": 1, "steps": 2, "count": 2},
    "u_turns": {"run": SHORT, "levels": 2, "steps": 2, "count": 2},
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
T = TypeVar("T")
PLAIN = ssl.create_default_context()  # one for all; nothing here is encrypted, yet each client would make its own
_addresses = itertools.count(int(IPv4Address("10.0.0.1")))


@dataclass(frozen=True)
class Told:
    """What became of a question: "complete", "error" and "refused" are answers, "lost" is none."""

    kind: str
    content: object  # the answer, or the sentence
    seconds: float
    status: int = 200

    @property
    def typed(self) -> bool:
        """Whether it is an answer, or a refusal in one plain sentence."""
        return self.kind == "complete" or (self.kind in ("error", "refused") and is_plain(self.content))


def address() -> dict[str, str]:
    """The header of a visitor that nobody has been yet."""
    return {"x-forwarded-for": str(IPv4Address(next(_addresses)))}


def values(name: str, **changed: object) -> list[object]:
    """The data of a call: the defaults of its parameters, and what is changed."""
    parameters = next(call for call in ENDPOINTS if call.name == name).signature.parameters.values()
    return [changed.get(p.name, None if p.default is Parameter.empty else p.default) for p in parameters]


def ask(
    url: str, name: str, data: list[object] | str, headers: dict[str, str] | None = None, wait: float = 300,
    until: Callable[[int], bool] = lambda message: False,
) -> Told:  # fmt: skip
    """Ask and listen to the end; data as JSON text is sent as it is. until(n): go away after the nth message."""
    began = time.monotonic()
    spent = lambda: time.monotonic() - began
    body = data if isinstance(data, str) else json.dumps(data)
    json_headers = {"content-type": "application/json", **(headers or address())}
    try:
        with httpx.Client(base_url=url, timeout=wait, headers=json_headers, verify=PLAIN) as client:
            began = time.monotonic()  # anew: making a client takes its time when two hundred do it at once
            joined = client.post(f"{API}/call/{name}", content=f'{{"data": {body}}}')
            if joined.status_code != 200:
                return Told("refused", joined.json()["detail"], spent(), joined.status_code)
            with client.stream("GET", f"{API}/call/{name}/{joined.json()['event_id']}") as stream:
                kind, content = _listened(stream.iter_lines(), until)
    except (httpx.TransportError, ValueError, KeyError) as error:
        return Told("lost", type(error).__name__, spent(), 0)
    return Told(kind, content, spent())


def _listened(lines: Iterator[str], until: Callable[[int], bool]) -> tuple[str, object]:
    kind, messages = "lost", 0
    for line in lines:
        if line.startswith("event: "):
            kind, messages = line.removeprefix("event: "), messages + 1
            if until(messages):
                return "left", None
        elif line.startswith("data: ") and kind in ("complete", "error"):
            content = json.loads(line.removeprefix("data: "))
            if kind == "complete":
                return kind, content[0]
            return kind, content.get("error") if isinstance(content, dict) else content
    return "lost", "the stream ended"


def arrays(url: str, answer: dict) -> bytes:
    """The file of an answer's arrays. Raises httpx.HTTPError."""
    return httpx.get(url + answer["arrays"], timeout=60).raise_for_status().content


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """work(0) ... work(count - 1), each in a thread of its own.

    The threads step back as the server's network does: else they would take from it what visitors elsewhere cannot.
    """
    with ThreadPoolExecutor(count, initializer=lower_thread_priority) as threads:
        return list(threads.map(work, range(count)))


def seconds(told: list[Told], share: float) -> float:
    """The quantile of the seconds that complete answers took; infinite where there are none."""
    taken = [one.seconds for one in told if one.kind == "complete"]
    return float(np.quantile(taken, share)) if taken else float("inf")
