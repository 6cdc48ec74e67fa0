"""How far a change reaches when a picture is noised and regenerated, against the noise level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.figures.palette import ROLES
from explorer.figures.style import GREY, GRID, STYLE
from explorer.schemas import UTurn

HOVER = "%{y:.2g} px at sigma %{x:.2g}<extra>%{fullData.name}</extra>"


def uturns_figure(turns: Sequence[UTurn], sigmas: np.ndarray, visible: np.ndarray) -> go.Figure:
    """Return correlation length of the change and size down to which siblings agree, pixels, against noise level.

    sigmas: (K,), all that will be computed, data units. visible: (K,), the smallest feature size of the training
    pictures' spectrum that is above the noise, pixels; may be inf.
    """
    figure, x = go.Figure(), [turn.sigma for turn in turns]
    change, agreed = ROLES["error"], ROLES["denoised"]
    figure.add_scatter(
        x=sigmas, y=np.where(np.isfinite(visible), visible, np.nan), name="smallest feature above the noise",
        mode="lines", line={"color": GREY, "dash": "dash"}, hovertemplate=HOVER,
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=[turn.correlation_length for turn in turns], name="correlation length of the change",
        hovertemplate=HOVER, mode="lines+markers",
        line={"color": change.colour, "width": change.width, "dash": change.plotly_dash},
    )  # fmt: skip
    decided = [turn.decided if np.isfinite(turn.decided) else np.nan for turn in turns]
    figure.add_scatter(
        x=x, y=decided, name="siblings agree down to", hovertemplate=HOVER, mode="lines+markers",
        line={"color": agreed.colour, "width": agreed.width},
    )  # fmt: skip
    span = [float(np.log10(sigmas[0] / 1.1)), float(np.log10(sigmas[-1] * 1.1))]
    axis = {"type": "log", "gridcolor": GRID, "zeroline": False}
    figure.update_layout(
        **STYLE, height=380, margin={"l": 60, "r": 20, "t": 20, "b": 50},
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
        xaxis={**axis, "title": "noise level sigma, data units", "range": span},
        yaxis={**axis, "title": "pixels", "tickvals": [1, 2, 4, 8, 16, 32, 64]},
    )  # fmt: skip
    return figure
