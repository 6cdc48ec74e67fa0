"""Scripts of a player: those that all players share first, then its own, in one scope."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
PLAYER = ("common.js", "old_axes.js", "old_exchange.js")


def script(folder: Path, names: Sequence[str]) -> str:
    """What runs when a player is mounted: `element`, `props`, `watch` and `trigger` are Gradio's."""
    paths = [FOLDER / name for name in PLAYER] + [folder / name for name in names]
    return "\n".join(path.read_text() for path in paths)


def common() -> str:
    """The functions that a component needs which is no player."""
    return (FOLDER / "common.js").read_text()


def key(name: str, title: str) -> str:
    """An entry of a legend: a piece of the curve's line, drawn by the style sheet, and what it is."""
    line = f'<svg class="key-{name}" viewBox="0 0 24 8" aria-hidden="true"><line x1="0" y1="4" x2="24" y2="4"/></svg>'
    return f"<span>{line}{title}</span>"
