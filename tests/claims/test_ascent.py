"""C11: each gradient moves its own thing and raises log p, and a model that does otherwise is found out."""

import pytest
import torch

from explorer.claims.ascent import input_or_model
from explorer.core.denoisers.gaussian_mixture import GaussianMixture

INPUT, PARAMETERS = (f"least rise over step |gradient|^2, {what} changed" for what in ("input", "parameters"))
LEAKS = (
    "largest change of a parameter while the input is changed",
    "largest change of the input while parameters are changed",
)


class Sleeping(GaussianMixture):
    def __call__(self, x, sigma, label=None):
        return x


class Downhill(GaussianMixture):
    def __call__(self, x, sigma, label=None):
        return 2 * x - super().__call__(x, sigma)


class Overshooting(GaussianMixture):
    def __call__(self, x, sigma, label=None):
        return x + 5 * (super().__call__(x, sigma) - x)


class Restless(GaussianMixture):
    def __call__(self, x, sigma, label=None):
        x0 = super().__call__(x, sigma)
        self.means = self.means + 1e-12
        return x0


class Grasping(GaussianMixture):
    def log_density(self, x, sigma):
        log_p = super().log_density(x, sigma)
        x += 1e-12
        return log_p


class Backwards(GaussianMixture):
    def log_density(self, x, sigma):
        return -super().log_density(x, sigma)


def test_rises_are_at_least_what_the_curvature_allows():
    found = input_or_model().measured
    assert found[INPUT] >= 0.75 * (1 - 1e-6) and found[PARAMETERS] >= 0.75
    assert found["mean log p gained by changing the input"] > 1
    assert found["mean log p gained by changing the parameters"] > 0.1


@pytest.mark.parametrize("model", [Sleeping, Downhill, Overshooting])
def test_a_walk_that_does_not_climb(model):
    found = input_or_model(model=model)
    assert not found.holds
    assert found.measured[INPUT] < 0.5 < found.measured[PARAMETERS]


def test_a_fit_that_does_not_climb():
    found = input_or_model(model=Backwards)
    assert not found.holds
    assert found.measured[PARAMETERS] < 0 < 0.5 < found.measured[INPUT]


@pytest.mark.parametrize(("model", "leak"), list(zip((Restless, Grasping), LEAKS, strict=True)))
def test_whatever_else_moves_is_seen(model, leak):
    found = input_or_model(model=model)
    assert not found.holds
    assert found.measured[leak] > 0
    assert min(found.measured[INPUT], found.measured[PARAMETERS]) > 0.5


def test_it_can_be_measured_where_gradients_are_switched_off():
    with torch.no_grad():
        assert input_or_model() == input_or_model()
