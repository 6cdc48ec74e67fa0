"""HTML notes that several sections show."""

from __future__ import annotations

import html
from collections.abc import Sequence

from explorer.schemas.autoencoders import MissingAutoencoder


def missing_note(missing: Sequence[MissingAutoencoder]) -> str:
    """Return an HTML note with the missing autoencoders and the reasons, "" when none is missing."""
    said = " ".join(f"{html.escape(out.title)} is left out: {html.escape(out.reason)}" for out in missing)
    return f"<p class='note'>{said}</p>" if said else ""
