"""Gain per octave of samplers at several numbers of steps: closed form as lines, the model's samples as points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.core.samplers.registry import SAMPLER_INFO
from explorer.figures.style import GREY, GRID, STYLE, feature_axis
from explorer.schemas import TransferCurve, TransferRequest

# few steps to many: one hue from pale to full, and a symbol each, so that colour is not needed
SHADES = ("#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c", "#08306b")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")
HOVER = "%{y:.2f} × at %{customdata:.0f} px<extra>%{fullData.name}</extra>"


def transfer_figure(request: TransferRequest, curves: Sequence[TransferCurve]) -> go.Figure:
    """Return one panel per sampler; 1 is the power that the training pictures have."""
    titles = [SAMPLER_INFO[name].title for name in request.samplers]
    figure = make_subplots(1, len(titles), shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.04)
    for curve in curves:
        column, order = request.samplers.index(curve.sampler) + 1, request.step_counts.index(curve.steps)
        first = column == 1
        shared = {"x": curve.octave, "customdata": 0.5 / curve.octave, "hovertemplate": HOVER}
        figure.add_scatter(
            **shared, y=curve.closed_form, mode="lines", line={"color": SHADES[order], "width": 2},
            name=f"{curve.steps} steps, closed form", legendgroup=str(order), showlegend=first, row=1, col=column,
        )  # fmt: skip
        if curve.measured is not None:
            figure.add_scatter(
                **shared, y=curve.measured, error_y={"array": curve.error, "thickness": 1}, mode="markers",
                marker={"color": SHADES[order], "symbol": SYMBOLS[order], "size": 9},
                name=f"{curve.steps} steps, measured", legendgroup=str(order), showlegend=first, row=1, col=column,
            )  # fmt: skip
    octave = curves[0].octave
    axis = feature_axis(octave[0] / np.sqrt(2), octave[-1] * np.sqrt(2), "feature size (pixels)")
    figure.update_xaxes(axis)
    figure.update_yaxes(type="log", gridcolor=GRID, zeroline=False, tickvals=[0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10])
    figure.update_yaxes(title="gain of power", col=1)
    figure.add_hline(y=1, line={"color": GREY, "dash": "dash", "width": 1.25})
    figure.update_layout(
        **STYLE, height=420, margin={"l": 60, "r": 20, "t": 40, "b": 50},
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
    )  # fmt: skip
    return figure
