"""The power spectra at one noise level, in full: every curve with hover, zoom and both axes."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from explorer.figures.palette import ROLES
from explorer.figures.style import GRID, STYLE, feature_axis
from explorer.schemas import DenoisedLevels, NoisedPicture

HOVER = "%{y:.3g} at %{x:.3f} cycles/pixel<extra>%{fullData.name}</extra>"


def spectra_figure(noised: NoisedPicture, answers: list[DenoisedLevels], level: int) -> go.Figure:
    """Return spectra of picture, noise, noisy picture, estimate and error, with expectation, band and crossover.

    level: index into the request's sigmas. Raises KeyError when it is not among the answers.
    """
    sigma = float(noised.request.sigmas[level])
    denoised, error = _spectra_at(answers, level)
    k = noised.wavenumber[1:]
    figure = go.Figure()
    flat = np.full_like(k, sigma**2)
    edges = [flat * np.maximum(1 + sign * noised.band[1:], 0.02) for sign in (1, -1)]
    figure.add_scatter(
        x=np.concatenate([k, k[::-1]]), y=np.concatenate([edges[0], edges[1][::-1]]), fill="toself", mode="none",
        fillcolor="rgba(207, 122, 10, 0.16)", name="noise, expected ± 1 std", hoverinfo="skip", xaxis="x2",
    )  # fmt: skip
    figure.add_scatter(
        x=k, y=noised.wiener_spectrum(sigma)[1:], name="Wiener expectation", hovertemplate=HOVER, mode="lines",
        line={"color": "rgba(22, 154, 114, 0.35)", "width": 7},
    )  # fmt: skip
    curves = {
        "noisy": noised.noisy_spectrum(sigma),
        "noise": sigma**2 * noised.noise,
        "clean": noised.clean,
        "error": error,
        "denoised": denoised,
    }
    for name, curve in curves.items():
        role = ROLES[name]
        line = {"color": role.colour, "width": role.width, "dash": role.plotly_dash}
        figure.add_scatter(
            x=k, y=np.maximum(curve[1:], 1e-12), name=role.title, line=line, mode="lines", hovertemplate=HOVER
        )
    _add_crossover(figure, noised, sigma)
    return _laid_out(figure, k, sigma)


def _spectra_at(answers: list[DenoisedLevels], level: int) -> tuple[np.ndarray, np.ndarray]:
    for answer in answers:
        rows = np.flatnonzero(answer.indices == level)
        if len(rows):
            return answer.denoised_spectrum[rows[0]], answer.error_spectrum[rows[0]]
    raise KeyError(f"level {level} has not been computed")


def _add_crossover(figure: go.Figure, noised: NoisedPicture, sigma: float) -> None:
    size = float(noised.crossover[np.abs(noised.crossover_sigma - sigma).argmin()])
    if np.isfinite(size):
        figure.add_vline(x=0.5 / size, line={"color": "#868c96", "dash": "dash", "width": 1.25})
        figure.add_annotation(
            x=np.log10(0.5 / size), y=1, yref="paper", text=f"crossover: {size:.2g} px", showarrow=False, xshift=6,
            xanchor="left" if size > 2 else "right", yanchor="top",
        )  # fmt: skip


def _laid_out(figure: go.Figure, k: np.ndarray, sigma: float) -> go.Figure:
    span = (float(k[0]), float(k[-1]))
    figure.update_layout(
        **STYLE, height=460, margin={"l": 70, "r": 20, "t": 60, "b": 60},
        legend={"orientation": "h", "y": -0.24, "yanchor": "top", "x": 0},
        xaxis=feature_axis(*span, f"cycles per pixel, at sigma {sigma:.2g}", sizes=False),
        xaxis2={
            **feature_axis(*span, "feature size (pixels)"), "side": "top", "overlaying": "x", "matches": "x",
            "showgrid": False,
        },
        yaxis={"type": "log", "title": "power, data units squared", "gridcolor": GRID,
               "exponentformat": "power", "zeroline": False, "dtick": 1},
    )  # fmt: skip
    return figure
