"""T9: every number that a call takes, replaced by what is no sensible number."""

from __future__ import annotations

import json
from typing import get_type_hints

from explorer.ui.http_api import ENDPOINTS
from harness.http_client import CHEAP, ask, values
from harness.measuring import Bar, Row
from robustness.scale import QUICK, Scale
from robustness.server import measured_server

BAD = ("NaN", "Infinity", "-Infinity", "1e308", "-1", "2.5", "true", "null", '"abc"', "[]", "{}", "1" + "0" * 30)


def bodies() -> list[tuple[str, str]]:
    """(name of a call, its data as JSON) for each number and each bad value."""
    found = []
    for call in ENDPOINTS:
        names = list(call.signature.parameters)
        hints = get_type_hints(call.request)
        for name in (name for name in names if hints[name] in (int, float)):
            data = [json.dumps(value) for value in values(call.name, **CHEAP[call.name])]
            for bad in BAD:
                changed = [bad if other == name else value for other, value in zip(names, data, strict=True)]
                found.append((call.name, f"[{', '.join(changed)}]"))
    return found


def finite(content: object) -> bool:
    """Whether JSON holds no NaN or infinity, which Python's own reader lets pass."""
    try:
        json.dumps(content, allow_nan=False)
    except ValueError:
        return False
    return True


def measure(scale: Scale) -> list[Row]:
    """How many calls end otherwise than in a finite answer or one plain sentence."""
    asked = bodies()
    if scale is QUICK:
        asked = asked[:: len(asked) // 24]
    with measured_server() as server:
        told = [ask(server.url, name, data) for name, data in asked]
        alive = server.alive
    wrong = [one for one in told if not one.typed or not finite(one.content)]
    note = f"{len(told)} calls, {sum(t.kind == 'complete' for t in told)} answered" + "; server died" * (not alive)
    if wrong:
        note += f"; the first: {wrong[0].kind} {str(wrong[0].content)[:60]!r}"
    return [Row("T9 bad numbers without a sentence", len(wrong) + (not alive), "calls", bar=Bar(0, False), note=note)]
