"""Noise schedules: the noise level at each time, from t = 0 (clean) to t = 1 (noisiest).

Everything is expressed in the VE-equivalent level sigma = s / a of x_t = a x0 + s eps, so that schedules of different
process types can be compared:

    VE    a = 1                      s = sigma
    VP    a = 1 / sqrt(1 + sigma^2)  s = sigma / sqrt(1 + sigma^2)      a^2 + s^2 = 1
    flow  a = 1 / (1 + sigma)        s = sigma / (1 + sigma)            a + s = 1,  s = t

Flow matching papers often have time run the other way, with data at t = 1; sigma is the same for both. numpy float64
throughout; every function takes numbers or arrays of any shape.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Map = Callable[[Array], Array]

SIGMA_MIN, SIGMA_MAX = 0.002, 80.0  # Karras et al. 2022, table 1; 0.002 is about the noise of 8-bit rounding
KARRAS_RHO = 7.0  # Karras et al. 2022, eq. 5
BETA_D, BETA_MIN = 19.9, 0.1  # Song et al. 2021, appendix C (VP SDE)
COSINE_OFFSET = 0.008 / 1.008 * np.pi / 2  # Nichol & Dhariwal 2021, eq. 17, as an angle


@dataclass(frozen=True)
class Schedule:
    """An increasing map from t in [0, 1] to sigma, capped at sigma_max where the formula diverges."""

    name: str
    label: str
    process: str  # "VE", "VP" or "flow"
    sigma_min: float  # last non-zero level of a sampling grid, data units
    sigma_max: float  # level at t = 1, data units
    sigma_of_t: Map
    t_of_sigma: Map

    def sigma(self, t: ArrayLike) -> Array:
        """Return the noise level at time t, shape of t, data units. Raise ValueError outside [0, 1]."""
        t = np.asarray(t, dtype=np.float64)
        if not np.all((t >= 0) & (t <= 1)):
            raise ValueError("t must lie in [0, 1]")
        last = self.t_of_sigma(np.asarray(self.sigma_max))
        return np.where(t < last, self.sigma_of_t(np.minimum(t, last)), self.sigma_max)[()]

    def t(self, sigma: ArrayLike) -> Array:
        """Return the time of a noise level, the inverse of `sigma`, clipped to [0, 1]. Raise ValueError below 0."""
        sigma = np.asarray(sigma, dtype=np.float64)
        if not np.all(sigma >= 0):
            raise ValueError("sigma must not be negative")
        return np.clip(self.t_of_sigma(np.minimum(sigma, self.sigma_max)), 0.0, 1.0)

    def log_snr(self, t: ArrayLike) -> Array:
        """Return ln(a^2 / s^2) = -2 ln sigma(t), for data of unit variance; +inf where sigma is 0."""
        with np.errstate(divide="ignore"):
            return -2.0 * np.log(self.sigma(t))

    def signal_scale(self, sigma: ArrayLike) -> Array:
        """Return the factor a of x_t = a x0 + s eps at level sigma = s / a."""
        return _SIGNAL_SCALES[self.process](np.asarray(sigma, dtype=np.float64))

    def noise_scale(self, sigma: ArrayLike) -> Array:
        """Return the factor s = a sigma of x_t = a x0 + s eps at level sigma."""
        return self.signal_scale(sigma) * np.asarray(sigma, dtype=np.float64)

    def sigmas(self, steps: int, start: float | None = None) -> Array:
        """Return a sampling grid (steps + 1,): evenly spaced in t from `start` to sigma_min, then 0; data units.

        steps: number of updates. start: first level, default sigma_max. Raise ValueError below 1 step, and for a start
        that is not above sigma_min or is above sigma_max.
        """
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}")
        start = self.sigma_max if start is None else start
        if not self.sigma_min < start <= self.sigma_max:
            raise ValueError(f"start must be above {self.sigma_min} and at most {self.sigma_max:.4g}, got {start}")
        first, last = self.t_of_sigma(np.array([start, self.sigma_min]))
        levels = self.sigma_of_t(np.linspace(first, last, steps))
        levels[0] = start  # exactly, not to rounding
        return np.append(levels, 0.0)


def _ve_scale(sigma: Array) -> Array:
    return np.ones_like(sigma)


def _vp_scale(sigma: Array) -> Array:
    return 1.0 / np.sqrt(1.0 + sigma * sigma)


def _flow_scale(sigma: Array) -> Array:
    return 1.0 / (1.0 + sigma)


_SIGNAL_SCALES: dict[str, Map] = {"VE": _ve_scale, "VP": _vp_scale, "flow": _flow_scale}


def _karras() -> Schedule:
    low, high = SIGMA_MIN ** (1 / KARRAS_RHO), SIGMA_MAX ** (1 / KARRAS_RHO)
    return Schedule(
        "karras", "Karras (rho 7)", "VE", SIGMA_MIN, SIGMA_MAX,
        lambda t: (low + t * (high - low)) ** KARRAS_RHO,
        lambda sigma: (sigma ** (1 / KARRAS_RHO) - low) / (high - low),
    )  # fmt: skip


def _geometric() -> Schedule:
    octaves = np.log(SIGMA_MAX / SIGMA_MIN)
    return Schedule(
        "geometric", "Geometric", "VE", SIGMA_MIN, SIGMA_MAX,
        lambda t: SIGMA_MIN * np.exp(octaves * t),
        lambda sigma: np.log(np.maximum(sigma, SIGMA_MIN) / SIGMA_MIN) / octaves,
    )  # fmt: skip


def _linear_vp() -> Schedule:
    # sigma^2 = exp(b_d t^2 / 2 + b_min t) - 1; expm1/log1p and the stable root keep small sigma exact
    def t_of_sigma(sigma: Array) -> Array:
        log_power = np.log1p(sigma * sigma)
        return 2 * log_power / (BETA_MIN + np.sqrt(BETA_MIN**2 + 2 * BETA_D * log_power))

    def sigma_of_t(t: Array) -> Array:
        return np.sqrt(np.expm1(BETA_D * t * t / 2 + BETA_MIN * t))

    sigma_max = float(sigma_of_t(np.asarray(1.0)))
    return Schedule("linear-vp", "Linear VP", "VP", SIGMA_MIN, sigma_max, sigma_of_t, t_of_sigma)


def _cosine_vp() -> Schedule:
    # alpha_bar = cos^2(angle) / cos^2(offset); sigma^2 = 1 / alpha_bar - 1 without the cancellation at t = 0
    def sigma_of_t(t: Array) -> Array:
        angle = COSINE_OFFSET + t * (np.pi / 2 - COSINE_OFFSET)
        return np.sqrt(np.sin(angle - COSINE_OFFSET) * np.sin(angle + COSINE_OFFSET)) / np.cos(angle)

    def t_of_sigma(sigma: Array) -> Array:
        angle = np.arctan2(np.hypot(sigma, np.sin(COSINE_OFFSET)), np.cos(COSINE_OFFSET))
        return (angle - COSINE_OFFSET) / (np.pi / 2 - COSINE_OFFSET)

    return Schedule("cosine-vp", "Cosine VP", "VP", SIGMA_MIN, SIGMA_MAX, sigma_of_t, t_of_sigma)


def _flow() -> Schedule:
    return Schedule(
        "flow", "Rectified flow", "flow", SIGMA_MIN, SIGMA_MAX,
        lambda t: t / (1 - t),
        lambda sigma: sigma / (1 + sigma),
    )  # fmt: skip


SCHEDULES: dict[str, Schedule] = {
    schedule.name: schedule for schedule in (_karras(), _cosine_vp(), _linear_vp(), _geometric(), _flow())
}
