"""The five curves that every view shows, each with one colour and one line style everywhere.

The colours keep at least 3:1 contrast on white and on near-black alike, and stay apart for colour-blind eyes; the line
styles tell the curves apart without any colour. The page's style sheet is written from this table too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """Title, colour and line of one of the five curves."""

    title: str
    colour: str
    dash: str  # SVG stroke-dasharray; empty for a solid line
    plotly_dash: str
    width: float  # CSS pixels


ROLES = {
    "clean": Role("clean", "#3f86d2", "", "solid", 2.0),
    "noise": Role("noise", "#cf7a0a", "2 3", "dot", 1.75),
    "noisy": Role("noisy", "#868c96", "", "solid", 1.25),
    "denoised": Role("denoised", "#169a72", "", "solid", 2.25),
    "error": Role("error", "#c2539a", "7 3", "dash", 1.75),
}


def css_variables() -> str:
    """Return `--role-clean: #...; ...` for the style sheet."""
    return " ".join(f"--role-{name}: {role.colour};" for name, role in ROLES.items())
