"""Style of all Plotly figures: transparent background, faint grid, axes of scale that run from coarse to fine."""

from __future__ import annotations

from typing import Any

import numpy as np

GRID = "rgba(128, 134, 146, 0.28)"
GREY = "#868c96"  # of lines to compare with; readable on white and on near-black
STYLE = {
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "font": {"family": "system-ui, sans-serif", "size": 13},
    "hovermode": "closest",
    "modebar": {"bgcolor": "rgba(0,0,0,0)"},
}


def feature_axis(low: float, high: float, title: str, sizes: bool = True) -> dict[str, Any]:
    """Return a logarithmic axis of frequency from low to high, cycles per pixel, with ticks at octaves below 1/2.

    The ticks are feature sizes 1 / (2 f) in pixels, or the frequencies themselves as 1/n.
    """
    octaves = 0.5 / 2 ** np.arange(int(np.log2(0.5 / low)) + 1)
    ticks = [f"{0.5 / f:.0f}" if sizes else f"1/{round(1 / f)}" for f in octaves]
    return {
        "type": "log",
        "range": [float(np.log10(low)), float(np.log10(high))],
        "tickvals": octaves,
        "ticktext": ticks,
        "title": title,
        "title_standoff": 8,
        "gridcolor": GRID,
        "zeroline": False,
    }
