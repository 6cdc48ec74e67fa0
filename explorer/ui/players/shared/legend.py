"""Legends of the players' charts."""


def key(name: str, title: str) -> str:
    """Return an entry of a legend as HTML: a piece of the curve's line, drawn by the style sheet, and what it is."""
    line = f'<svg class="key-{name}" viewBox="0 0 24 8" aria-hidden="true"><line x1="0" y1="4" x2="24" y2="4"/></svg>'
    return f"<span>{line}{title}</span>"
