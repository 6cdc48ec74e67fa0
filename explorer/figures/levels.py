"""Denoisers trained at one noise level and tested at others, as a matrix of relative errors."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from explorer.api.family import LevelMatrix
from explorer.figures.style import STYLE

WORST = 4.0  # relative error that is drawn at full strength
GOOD, BAD = "22,154,114", "194,83,154"  # the colours of the estimate and of the error
SCALE = [[0, f"rgba({GOOD},0.85)"], [0.25, f"rgba({GOOD},0.25)"], [0.5, f"rgba({BAD},0.2)"], [1, f"rgba({BAD},0.9)"]]


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def matrix_figure(matrix: LevelMatrix) -> go.Figure:
    """Rows: what was trained; columns: noise of the test; numbers: error over that of the best at that noise."""
    relative = matrix.relative
    text = [[_number(value) for value in row] for row in relative]
    figure = go.Figure(
        go.Heatmap(
            z=np.clip(relative, 1, WORST), text=text, texttemplate="%{text}", colorscale=SCALE, zmin=1, zmax=WORST,
            x=[f"{sigma:g}" for sigma in matrix.sigmas], y=list(matrix.rows), xgap=2, ygap=2, showscale=False,
            customdata=matrix.mse, hovertemplate="%{y}, tested at sigma %{x}: MSE %{customdata:.4f}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        **STYLE, height=60 + 34 * len(matrix.rows), margin={"l": 210, "r": 20, "t": 40, "b": 10},
        xaxis={"side": "top", "title": "noise of the test, sigma", "type": "category", "showgrid": False},
        yaxis={"autorange": "reversed", "showgrid": False},
    )  # fmt: skip
    return figure
