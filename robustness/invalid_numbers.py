"""T9: every number that a call takes, replaced by what is no sensible number."""

from __future__ import annotations

import json
from typing import get_type_hints

from explorer.ui.http_api import ENDPOINTS
from harness.http_client import CHEAP_ARGUMENTS, arguments, call_endpoint
from harness.measuring import Bar, Row
from robustness.scale import QUICK, Scale
from robustness.server import measured_server

INVALID_NUMBERS = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e308",
    "-1",
    "2.5",
    "true",
    "null",
    '"abc"',
    "[]",
    "{}",
    "1" + "0" * 30,
)


def request_bodies() -> list[tuple[str, str]]:
    """Return (name of an endpoint, its arguments as JSON) for each number that one takes and each invalid value."""
    found = []
    for call in ENDPOINTS:
        names = list(call.signature.parameters)
        hints = get_type_hints(call.request)
        for name in (name for name in names if hints[name] in (int, float)):
            data = [json.dumps(value) for value in arguments(call.name, **CHEAP_ARGUMENTS[call.name])]
            for bad in INVALID_NUMBERS:
                changed = [bad if other == name else value for other, value in zip(names, data, strict=True)]
                found.append((call.name, f"[{', '.join(changed)}]"))
    return found


def finite(content: object) -> bool:
    """Return whether JSON holds no NaN or infinity, which Python's own reader lets pass."""
    try:
        json.dumps(content, allow_nan=False)
    except ValueError:
        return False
    return True


def measure(scale: Scale) -> list[Row]:
    """Return the row of T9: how many calls end otherwise than in a finite answer or one plain sentence."""
    calls = request_bodies()
    if scale is QUICK:
        calls = calls[:: len(calls) // 24]
    with measured_server() as server:
        outcomes = [call_endpoint(server.url, name, data) for name, data in calls]
        alive = server.alive
    wrong = [one for one in outcomes if not one.well_formed or not finite(one.content)]
    note = f"{len(outcomes)} calls, {sum(t.kind == 'complete' for t in outcomes)} answered" + "; server died" * (
        not alive
    )
    if wrong:
        note += f"; the first: {wrong[0].kind} {str(wrong[0].content)[:60]!r}"
    return [Row("T9 bad numbers without a sentence", len(wrong) + (not alive), "calls", bar=Bar(0, False), note=note)]
