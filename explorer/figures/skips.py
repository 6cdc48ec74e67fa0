"""What a U-Net loses without its skip connections: size of detail by noise level, as figure and sentence."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.figures.levels import BAD, NOISE_AXIS, ROW_AXIS
from explorer.figures.style import STYLE
from explorer.schemas.autoencoder_internals import SkipCosts

SCALE = [[0, f"rgba({BAD},0.02)"], [1, f"rgba({BAD},0.9)"]]
MAX_DRAWN_SHARE = 1.0  # share lost from which the colour has full strength
EQUAL_ERROR_RATIO = 1.1  # error over that with skips up to which both count as equal


def _share(value: float) -> str:
    return "" if np.isnan(value) else f"{round(100 * value)} %".replace("-", "−")


def _details(costs: SkipCosts) -> list[str]:
    """Return the octaves as sizes of detail, half a wavelength, coarse first."""
    sizes = 0.5 / costs.edges
    return [f"{large:.0f}–{small:.0f} px" for large, small in zip(sizes[:-1], sizes[1:], strict=True)]


def skips_figure(costs: SkipCosts) -> go.Figure:
    """Return one matrix of shares of power lost per network; rows: size of detail; columns: noise of the test."""
    count, octaves = costs.lost.shape[0], costs.lost.shape[2]
    figure = make_subplots(count, 1, subplot_titles=costs.titles, shared_xaxes=True, vertical_spacing=0.12)
    for row, lost in enumerate(costs.lost, start=1):
        figure.add_heatmap(
            z=np.clip(lost.T, 0, MAX_DRAWN_SHARE), zmin=0, zmax=MAX_DRAWN_SHARE, colorscale=SCALE,
            text=[[_share(v) for v in line] for line in lost.T], texttemplate="%{text}",
            x=[f"{sigma:g}" for sigma in costs.sigmas], y=_details(costs),
            xgap=2, ygap=2, showscale=False, customdata=lost.T, row=row, col=1,
            hovertemplate="details of %{y}, noise %{x}: %{customdata:.3f} of their power lost<extra></extra>",
        )  # fmt: skip
    figure.update_layout(**STYLE, height=60 + count * (40 + 34 * octaves), margin={"l": 10, "r": 10, "t": 30, "b": 10})
    figure.update_annotations(font={"size": 13})
    figure.update_xaxes(NOISE_AXIS | {"side": "bottom", "title": None}, automargin=True)
    figure.update_xaxes(title=NOISE_AXIS["title"], row=count)
    figure.update_yaxes(ROW_AXIS)
    return figure


def skips_sentence(costs: SkipCosts) -> str:
    """Return which text the numbers support, once all levels are measured; until then an empty text."""
    if np.isnan(costs.ratio).any():
        return ""
    fine, coarse = costs.lost[:, 0, -1].max(), costs.lost[:, 0, 0].max()
    low, high = costs.ratio[:, 0].max(), costs.ratio[:, -1].max()
    measured = (
        f"At σ {costs.sigmas[0]:g} up to {_share(fine)} of the finest details are lost and {_share(coarse)} of the "
        f"coarsest; at σ {costs.sigmas[-1]:g} the error is {high:.2f} times that with skips."
    )
    if low > EQUAL_ERROR_RATIO >= high and fine > coarse:
        return f"{measured} Text A is right where details can still be seen, text B where noise has hidden them."
    if high > EQUAL_ERROR_RATIO:
        return f"{measured} Here text A is right at every noise level."
    return f"{measured} Here nothing much is lost, as text B would have it."
