"""Gaussian data, for which all is known: the exact denoiser, gains and variances of samplers (maths.md, section 6)."""

from itertools import pairwise
from math import sqrt

import numpy as np
import torch

from explorer.core.schedules import SCHEDULES

KARRAS = SCHEDULES["karras"]
POWERS = [100.0, 10.0, 1.0, 0.1, 0.01, 0.001]
GAINS = {
    ("euler", 10): [0.665, 0.616, 0.564, 0.507, 0.455, 0.402],
    ("euler", 18): [0.81, 0.77, 0.74, 0.70, 0.66, 0.61],
    ("euler", 50): [0.93, 0.92, 0.90, 0.88, 0.86, 0.84],
}
HEUN_RANGES = {5: (2.1, 11.3), 10: (1.18, 2.45), 18: (1.045, 1.27), 50: (1.005, 1.024)}


class Gaussian:
    """The exact denoiser of N(0, power), pixel by pixel; counts its calls."""

    def __init__(self, power=1.0):
        self.power, self.calls = torch.as_tensor(power, dtype=torch.float64).view(-1, 1, 1, 1), 0

    def __call__(self, x, sigma, label=None):
        self.calls += 1
        return (x * (self.power / (self.power + sigma**2))).to(x.dtype)


def gain_by_recursion(name, power, sigmas):
    """The factor on one frequency of power P over a whole trajectory, by scalar recursion."""
    z, before = 1.0, None
    for sigma, after in pairwise(sigmas):
        slope = z * sigma / (power + sigma**2)  # dz/dsigma
        if name == "dpmpp-2m" and before is not None and after > 0:
            # exponential integrator in l = -ln sigma, the estimate taken linear in l (Lu et al. 2022)
            (sigma_before, x0_before), x0 = before, z - sigma * slope
            h, h_before = np.log(sigma / after), np.log(sigma_before / sigma)
            rate = (x0 - x0_before) / h_before
            z_after = after / sigma * z + (1 - after / sigma) * (x0 + 0.5 * h * rate)
        elif name == "heun" and after > 0:
            guess = z + (after - sigma) * slope
            z_after = z + (after - sigma) * (slope + guess * after / (power + after**2)) / 2
        else:
            z_after = z + (after - sigma) * slope
        before, z = (sigma, z - sigma * slope), z_after
    return z


def churn_variance(power, sigmas, s_churn, s_min, s_max, s_noise):
    v = [power + sigmas[0] ** 2]
    for sigma, after in pairwise(sigmas):
        gamma = min(s_churn / (len(sigmas) - 1), sqrt(2) - 1) if s_min <= sigma <= s_max else 0
        hat = sigma * (1 + gamma)
        slope = hat / (power + hat**2)
        gain = 1 + (after - hat) * slope
        if after > 0:
            gain = 1 + (after - hat) / 2 * (slope + gain * after / (power + after**2))
        v.append(gain**2 * (v[-1] + (hat**2 - sigma**2) * s_noise**2))
    return np.array(v)


def langevin_variance(power, sigmas, inner, rate):
    v, last = [power + sigmas[0] ** 2], sigmas[-2]
    for sigma in sigmas[1:-1]:
        after, step = v[-1], rate * last**2 * (sigma / last) ** 2  # lr (sigma_i / sigma_L)^2
        for _ in range(inner):
            after = (1 - step / (power + sigma**2)) ** 2 * after + 2 * step
        v.append(after)
    return np.array([*v, (power / (power + last**2)) ** 2 * v[-1]])
