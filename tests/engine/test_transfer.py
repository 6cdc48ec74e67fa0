"""Gains measured on samples: mean and standard error, with a denoiser whose samples are known."""

import numpy as np
import pytest

from explorer.core.noise import white_batch
from explorer.core.schedules import SCHEDULES
from explorer.core.spectra import radial
from explorer.engine.transfer import curves
from explorer.schemas import TransferRequest

POWER = np.append(10.0, 1e-3 * radial.wavenumbers(64, 64)[1:] ** -2.0)


def test_measured_gain_and_its_error_are_those_of_the_samples():
    request = TransferRequest(samplers=("euler",), step_counts=(2, 3), count=5, seed=6)
    closed2, closed3, two, three = curves(request, POWER, lambda x, sigma, label=None: x / 2)
    for closed, curve, steps in ((closed2, two, 2), (closed3, three, 3)):
        sigmas = SCHEDULES["karras"].sigmas(steps)
        x = sigmas[0] * white_batch((3, 64, 64), 6, "transfer", range(5))
        for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
            x = x / 2 + sigma_next / sigma * x / 2
        octaves = radial.octave_means(radial.rapsd(x.double()).mean(1).numpy(), 64, 64)
        each = octaves / radial.octave_means(POWER, 64, 64)  # (5, octaves)
        assert (curve.sampler, curve.steps) == ("euler", steps)
        assert curve.measured == pytest.approx(each.sum(0) / 5, rel=1e-3)
        scatter = np.sqrt(((each - each.mean(0)) ** 2).sum(0) / 4)
        assert curve.error == pytest.approx(scatter / np.sqrt(5), rel=1e-2)
        assert np.array_equal(curve.closed_form, closed.closed_form) and closed.measured is closed.error is None
        assert curve.octave == pytest.approx(np.sqrt(2) * np.array([1, 2, 4, 8, 16]) / 64)
