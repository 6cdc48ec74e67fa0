"""Denoisers trained at one noise level and tested at others, as a matrix of relative errors."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from explorer.figures.style import STYLE
from explorer.schemas.autoencoders import LevelMatrix

MAX_DRAWN_RATIO = 4.0  # relative error from which the colour has full strength
GOOD, BAD = "22,154,114", "194,83,154"  # the colours of the estimate and of the error
SCALE = [[0, f"rgba({GOOD},0.85)"], [0.25, f"rgba({GOOD},0.25)"], [0.5, f"rgba({BAD},0.2)"], [1, f"rgba({BAD},0.9)"]]


NOISE_AXIS = {
    "side": "top", "title": {"text": "noise of the test, sigma", "font": {"size": 13}}, "type": "category",
    "tickangle": 0, "showgrid": False,
}  # fmt: skip
ROW_AXIS = {"autorange": "reversed", "type": "category", "showgrid": False, "automargin": True}


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _names(matrix: LevelMatrix) -> list[str]:
    """Return short names of the rows, to leave room on a phone: the level of the training, or the denoiser's name."""
    rows = zip(matrix.names, matrix.trained, strict=True)
    return [name if np.isnan(level) else f"{level:g}" for name, level in rows]


def _hover_texts(matrix: LevelMatrix) -> list[list[str]]:
    return [[f"{title}: MSE {value:.4f}" for value in row] for title, row in zip(matrix.rows, matrix.mse, strict=True)]


def matrix_figure(matrix: LevelMatrix) -> go.Figure:
    """Return the matrix of errors over that of the best at the same noise.

    Rows: what was trained; columns: noise of the test.
    """
    relative = matrix.relative
    text = [[_number(value) for value in row] for row in relative]
    figure = go.Figure(
        go.Heatmap(
            z=np.clip(relative, 1, MAX_DRAWN_RATIO), text=text, texttemplate="%{text}", colorscale=SCALE,
            zmin=1, zmax=MAX_DRAWN_RATIO,
            x=[f"{sigma:g}" for sigma in matrix.sigmas], y=_names(matrix), xgap=2, ygap=2, showscale=False,
            customdata=_hover_texts(matrix), hovertemplate="%{customdata}, tested at sigma %{x}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(**STYLE, height=80 + 34 * len(matrix.rows), margin={"l": 10, "r": 10, "t": 50, "b": 10})
    figure.update_xaxes(NOISE_AXIS)
    figure.update_yaxes(ROW_AXIS, title={"text": "training noise, sigma", "font": {"size": 13}})
    return figure
