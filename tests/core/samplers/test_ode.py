"""Samplers against the exact probability-flow ODE of Gaussian data (maths.md, section 6)."""

import numpy as np
import pytest
import torch

from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLER_INFO, SAMPLERS, dpmpp_2m, euler, heun, keyed_noise
from explorer.core.schedules import SCHEDULES
from tests.support.gaussian import GAINS, HEUN_RANGES, KARRAS, POWERS, Gaussian, gain_by_recursion

DETERMINISTIC = [name for name, info in SAMPLER_INFO.items() if not info.stochastic]
each = pytest.mark.parametrize("name", SAMPLERS)
each_deterministic = pytest.mark.parametrize("name", DETERMINISTIC)
ORDER = {"euler": 1, "heun": 2, "dpmpp-2m": 2}


def sample(name, denoiser, x, sigmas, pictures=None):
    """Any sampler, with noise keyed by the numbers of the pictures for those that add some."""
    noise = keyed_noise(x.shape[1:], 7, range(len(x)) if pictures is None else pictures)
    return SAMPLERS[name](denoiser, x, sigmas, noise=noise)


def gains(name, steps):
    """Output power over data power, for a start of power P + sigma_max^2."""
    sigmas = KARRAS.sigmas(steps)
    start = (torch.tensor(POWERS).double() + sigmas[0] ** 2).sqrt().view(-1, 1, 1, 1)
    *_, last = SAMPLERS[name](Gaussian(POWERS), start, sigmas)
    return last.x.flatten().numpy() ** 2 / POWERS


@pytest.mark.parametrize(("name", "steps"), GAINS)
def test_euler_gains(name, steps):
    expected = GAINS[name, steps]
    assert gains(name, steps) == pytest.approx(expected, abs=0.0006 if steps == 10 else 0.006)


@pytest.mark.parametrize("steps", HEUN_RANGES)
def test_heun_overshoots(steps):
    low, high = HEUN_RANGES[steps]
    measured = gains("heun", steps)
    assert measured.min() == pytest.approx(low, rel=0.03) and measured.max() == pytest.approx(high, rel=0.01)


def test_euler_gain_is_the_product_of_its_steps():
    sigmas, power = KARRAS.sigmas(12), 0.3
    product = np.prod(1 + np.diff(sigmas) * sigmas[:-1] / (power + sigmas[:-1] ** 2))
    *_, last = euler(Gaussian(power), torch.ones(1, 1, 1, 1, dtype=torch.float64), sigmas)
    assert last.x.item() == pytest.approx(product, rel=1e-12)


@each_deterministic
@pytest.mark.parametrize("steps", [1, 2, 3, 12, 50])
def test_gain_per_frequency(name, steps):
    sigmas = KARRAS.sigmas(steps)
    start = torch.ones(len(POWERS), 1, 1, 1, dtype=torch.float64)
    *_, last = SAMPLERS[name](Gaussian(POWERS), start, sigmas)
    expected = [gain_by_recursion(name, power, sigmas.tolist()) for power in POWERS]
    assert last.x.flatten().tolist() == pytest.approx(expected, rel=1e-9)


@each_deterministic
def test_order_of_convergence(name):
    counts, errors = np.array([40, 80, 160, 320]), []
    for steps in counts:
        *_, before, _ = SAMPLERS[name](Gaussian(0.25), torch.ones(1, 1, 1, 1).double(), KARRAS.sigmas(int(steps)))
        exact = np.sqrt((0.25 + before.sigma**2) / (0.25 + 80**2))  # the step to 0 is Euler's: left out
        errors.append(abs(before.x.item() - exact))
    slope = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert slope == pytest.approx(ORDER[name], abs=0.15)


@each_deterministic
@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_follows_the_exact_trajectory(name, schedule):
    sigmas = schedule.sigmas(400)
    start = white((2, 1, 4, 4), 0, "start").double() * sigmas[0]
    for step in SAMPLERS[name](Gaussian(1.0), start, sigmas):
        exact = start * np.sqrt((1 + step.sigma**2) / (1 + sigmas[0] ** 2))
        assert torch.allclose(step.x, exact, rtol=0.05)


@each
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_one_step_per_level(name, steps):
    denoiser, sigmas = Gaussian(), KARRAS.sigmas(steps)
    start = white((2, 3, 4, 4), 1, "start") * 80
    trajectory = list(sample(name, denoiser, start, sigmas))
    assert [s.i for s in trajectory] == list(range(steps + 1))
    assert [s.sigma for s in trajectory] == sigmas.tolist() and all(type(s.sigma) is float for s in trajectory)
    assert torch.equal(trajectory[0].x, start) and torch.equal(trajectory[-1].x, trajectory[-1].x0)
    assert torch.equal(trajectory[-1].x, trajectory[-2].x0)  # the step to 0 lands on the estimate
    for step in trajectory[:-1]:
        assert torch.equal(step.x0, Gaussian()(step.x, step.sigma))
    expected = {"heun": 2 * steps - 1, "langevin": 11 * steps - 10, "pc": 2 * steps - 1}
    expected["churn"] = 2 * steps - 1 + np.sum((sigmas >= 0.05) & (sigmas <= 50))
    assert denoiser.calls == expected.get(name, steps) <= SAMPLER_INFO[name].calls * steps


@each
def test_steps_are_not_overwritten(name):
    kept = []
    for step in sample(name, Gaussian(), white((1, 1, 4, 4), 2, "start") * 80, KARRAS.sigmas(6)):
        kept.append((step, step.x.clone(), step.x0.clone()))
    assert all(torch.equal(step.x, x) and torch.equal(step.x0, x0) for step, x, x0 in kept)


@each
def test_batched_equals_one_by_one(name):
    start, sigmas = white((3, 2, 4, 4), 3, "start") * 80, KARRAS.sigmas(9)
    together = list(sample(name, Gaussian(0.3), start, sigmas))
    for row in range(3):
        alone = list(sample(name, Gaussian(0.3), start[row : row + 1], sigmas, [row]))
        assert all(torch.equal(a.x[0], b.x[row]) for a, b in zip(alone, together, strict=True))


@each
def test_float32_state_is_as_good_as_float64(name):
    start, sigmas = white((1, 1, 8, 8), 4, "start") * 80, KARRAS.sigmas(18)
    *_, single = sample(name, Gaussian(0.25), start, sigmas)
    *_, double = sample(name, Gaussian(0.25), start.double(), sigmas)
    *_, half = sample(name, Gaussian(0.25), start.bfloat16(), sigmas)
    assert single.x.dtype == half.x.dtype == torch.float32 and double.x.dtype == torch.float64
    # where the score is small, pc moves far along the difference D - x of two rounded numbers
    assert torch.allclose(single.x.double(), double.x, atol=2e-4 if name == "pc" else 2e-6)


def test_ddim_and_flow_are_euler_under_other_names():
    sigmas, start = KARRAS.sigmas(10), white((1, 1, 4, 4), 5, "start").double() * 80
    denoiser = Gaussian(0.25)
    vp, flow = start / np.sqrt(1 + sigmas[0] ** 2), start / (1 + sigmas[0])
    for step in euler(denoiser, start, sigmas):
        a_vp, a_flow = 1 / np.sqrt(1 + step.sigma**2), 1 / (1 + step.sigma)
        assert torch.allclose(vp / a_vp, step.x, rtol=1e-12, atol=1e-13)
        assert torch.allclose(flow / a_flow, step.x, rtol=1e-12, atol=1e-13)
        if step.sigma == 0:
            break
        after = sigmas[step.i + 1]
        x0 = denoiser(vp / a_vp, step.sigma)
        eps = (vp - a_vp * x0) / (a_vp * step.sigma)
        vp = (x0 + after * eps) / np.sqrt(1 + after**2)  # DDIM, eta = 0 (Song et al. 2021, eq. 12)
        t, t_after = step.sigma / (1 + step.sigma), after / (1 + after)
        x0 = denoiser(flow / a_flow, step.sigma)
        flow = flow + (t_after - t) * ((flow - (1 - t) * x0) / t - x0)  # Euler on dx/dt = eps - x0


@each
def test_gradients_are_off_inside_and_untouched_outside(name):
    seen = []

    def denoiser(x, sigma, label=None):
        seen.append(torch.is_grad_enabled())
        return x * 0.5

    x = torch.ones(1, 1, 2, 2, requires_grad=True)
    for step in sample(name, denoiser, x, [2.0, 1.0, 0.0]):
        assert torch.is_grad_enabled()
        state = step.x.detach().clone().requires_grad_()
        assert (state * step.x0).sum().requires_grad  # a caller may differentiate around a stored state
    assert seen and not any(seen)


@each
def test_a_caller_may_stop_early(name):
    denoiser = Gaussian()
    trajectory = sample(name, denoiser, torch.ones(1, 1, 2, 2), KARRAS.sigmas(10))
    next(trajectory)
    assert denoiser.calls == 1  # nothing is computed ahead
    trajectory.close()


@each
def test_a_broken_denoiser_is_reported(name):
    def broken(x, sigma, label=None):
        return x * (float("nan") if sigma < 1 else 0.5)

    with pytest.raises(FloatingPointError, match=r"not finite at step \d+ \(sigma"):
        list(sample(name, broken, torch.ones(1, 1, 2, 2), KARRAS.sigmas(10)))
    with pytest.raises(FloatingPointError, match="state is not finite at step 0"):
        list(sample(name, Gaussian(), torch.full((1, 1, 2, 2), float("inf")), [1.0, 0.0]))
    with pytest.raises(ValueError, match="denoiser turned"):
        list(sample(name, lambda x, sigma: x[:, :1], torch.ones(1, 3, 2, 2), [1.0, 0.0]))


NOT_FALLING_TO_ZERO = [[1.0], [1.0, 0.5], [1.0, 1.0, 0.0], [0.0, 1.0], [float("nan"), 0.0], [float("inf"), 0.0]]


@each
@pytest.mark.parametrize("sigmas", NOT_FALLING_TO_ZERO)
def test_a_grid_that_does_not_fall_to_zero_is_refused(name, sigmas):
    with pytest.raises(ValueError, match="sigmas"):
        sample(name, Gaussian(), torch.ones(1, 1, 2, 2), sigmas)


def test_heun_is_more_exact_than_euler_for_the_same_calls():
    def error(sampler, steps):
        *_, last = sampler(Gaussian(0.25), torch.ones(1, 1, 1, 1).double() * 80, KARRAS.sigmas(steps))
        return abs(last.x.item() / (80 * 0.5 / np.sqrt(0.25 + 80**2)) - 1)

    assert error(heun, 20) < error(euler, 39)
    assert error(dpmpp_2m, 39) < error(euler, 39)


def test_every_sampler_is_described():
    assert list(SAMPLER_INFO) == list(SAMPLERS)
    titles = [info.title for info in SAMPLER_INFO.values()]
    assert len(set(titles)) == len(titles) and all(info.calls >= 1 for info in SAMPLER_INFO.values())
    assert "DDIM eta 0" in SAMPLER_INFO["euler"].aliases and "flow Euler" in SAMPLER_INFO["euler"].aliases
