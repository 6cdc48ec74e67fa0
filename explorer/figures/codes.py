"""Power that passes a bottleneck against feature size, by the size of its code."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.figures.style import GREY, GRID, STYLE, feature_axis
from explorer.schemas.autoencoders import AutoencoderOutput, CorruptedPicture

DASHES = {"linear": "solid", "convolutional": "dash"}
SHADES = ("#4f9bd8", "#3f7fd6", "#6b63d8", "#9a4fc4")  # blue to violet, each readable on white and on near-black
HOVER = "%{y:.2f} of the power at %{customdata:.1f} px"


def codes_figure(given: CorruptedPicture, outputs: Sequence[AutoencoderOutput]) -> go.Figure:
    """Return power out over power in, against feature size, with a line at one half, where f50 is read."""
    sizes = sorted({output.numbers for output in outputs})
    k = given.wavenumber[1:]
    in_legend: set[int] = set()  # one entry for each size
    figure = go.Figure()
    for output in sorted(outputs, key=lambda output: output.name.startswith("pca")):
        figure.add_scatter(
            x=k, y=output.spectrum[1:] / given.clean[1:], customdata=0.5 / k, name=f"{output.numbers} numbers",
            hovertemplate=f"{HOVER}<extra>{output.title}</extra>", showlegend=output.numbers not in in_legend,
            legendrank=output.numbers, line={
                "color": SHADES[min(sizes.index(output.numbers), len(SHADES) - 1)],
                "dash": "dot" if output.name.startswith("pca") else DASHES.get(output.group, "dash"),
            },
        )  # fmt: skip
        in_legend.add(output.numbers)
    figure.add_hline(y=0.5, line={"color": GREY, "dash": "dash", "width": 1.25})
    figure.update_layout(
        **STYLE, height=400, margin={"l": 60, "r": 20, "t": 20, "b": 50},
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
        xaxis=feature_axis(float(k[0]), float(k[-1]), "feature size (pixels)"),
        yaxis={"title": "power out over power in", "gridcolor": GRID, "zeroline": False, "range": [0, 1.3]},
    )  # fmt: skip
    return figure


def half_power(given: CorruptedPicture, output: AutoencoderOutput) -> float:
    """Return f50, the frequency up to which at least half the power comes out, cycles per pixel."""
    passed = output.spectrum[1:] >= 0.5 * given.clean[1:]
    count = len(passed) if passed.all() else int(np.argmin(passed))
    return float(given.wavenumber[count])
