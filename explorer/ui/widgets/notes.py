"""Sentences that several sections show."""

from __future__ import annotations

import html
from collections.abc import Sequence

from explorer.schemas.autoencoders import MissingAutoencoder


def missing_note(missing: Sequence[MissingAutoencoder]) -> str:
    """Which members of the family are not there, and why, as HTML; nothing where all are."""
    said = " ".join(f"{html.escape(out.title)} is left out: {html.escape(out.reason)}" for out in missing)
    return f"<p class='note'>{said}</p>" if said else ""
