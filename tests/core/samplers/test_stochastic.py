"""Stochastic samplers against the variance that theory gives for Gaussian data (maths.md, section 6)."""

from itertools import pairwise
from math import inf, sqrt

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from explorer.core.noise import white
from explorer.core.samplers.registry import (
    SAMPLER_INFO,
    SAMPLERS,
    ancestral,
    churn,
    ddpm,
    euler,
    heun,
    keyed_noise,
    langevin,
)
from explorer.core.samplers.registry import predictor_corrector as pc
from explorer.core.samplers.stochastic import split_level
from tests.support.gaussian import KARRAS, Gaussian, churn_variance, langevin_variance

POWERS = np.array([10.0, 1.0, 0.1, 0.01])
SHAPE = (1, 128, 128)  # independent pixels, all of one power in each picture
N = SHAPE[1] * SHAPE[2]
STOCHASTIC = [name for name, info in SAMPLER_INFO.items() if info.stochastic]


def run(sampler, sigmas, seed, shape=SHAPE, **settings):
    """Steps for pictures of the powers above, from data plus noise of the first level."""
    scale = torch.from_numpy(np.sqrt(POWERS + sigmas[0] ** 2)).view(-1, 1, 1, 1)
    start = torch.stack([white(shape, seed, "start", i) for i in range(len(POWERS))]).double() * scale
    noise = keyed_noise(shape, seed, range(len(POWERS)))
    return sampler(Gaussian(POWERS), start, sigmas, noise=noise, **settings)


def variance(x):
    return x.flatten(1).square().mean(1).numpy()


def assert_chi_square(measured, expected, n=N, tail=1e-5):
    low, high = chi2.ppf([tail, 1 - tail], n) / n
    assert np.all((measured / expected > low) & (measured / expected < high)), measured / expected


def ancestral_variance(power, sigmas, eta):
    v = [power + sigmas[0] ** 2]
    for sigma, after in pairwise(sigmas):
        up = min(after, eta * sqrt(after**2 * (sigma**2 - after**2) / sigma**2))
        wiener, ratio = power / (power + sigma**2), sqrt(after**2 - up**2) / sigma
        v.append((wiener + ratio * (1 - wiener)) ** 2 * v[-1] + up**2)
    return np.array(v)


def corrected_variance(power, sigmas, eta, snr):
    """For many pixels, when |z|^2 and |score|^2 are their means."""
    v = [power + sigmas[0] ** 2]
    for sigma, after in pairwise(sigmas):
        up = min(after, eta * sqrt(after**2 * (sigma**2 - after**2) / sigma**2))
        wiener, total = power / (power + sigma**2), power + after**2
        new = (wiener + sqrt(after**2 - up**2) / sigma * (1 - wiener)) ** 2 * v[-1] + up**2
        step = 2 * snr**2 * total**2 / new
        v.append((1 - step / total) ** 2 * new + 2 * step if after > 0 else new)
    return np.array(v)


CASES = {
    "ancestral eta 0.5": (ancestral, ancestral_variance, {"eta": 0.5}),
    "ancestral eta 1": (ancestral, ancestral_variance, {"eta": 1.0}),
    "churn": (churn, churn_variance, {"s_churn": 6.0, "s_min": 0.01, "s_max": 50.0, "s_noise": 1.02}),
    "churn at most": (churn, churn_variance, {"s_churn": 1e9, "s_min": 0.0, "s_max": inf, "s_noise": 1.0}),
    "langevin": (langevin, langevin_variance, {"inner": 5, "rate": 0.2}),
    "pc": (pc, corrected_variance, {"eta": 1.0, "snr": 0.16}),
    "pc on euler": (pc, corrected_variance, {"eta": 0.0, "snr": 0.3}),
}


@pytest.mark.parametrize("case", CASES)
def test_variance_at_every_level(case):
    sampler, theory, settings = CASES[case]
    sigmas = KARRAS.sigmas(15)
    expected = np.array([theory(power, sigmas.tolist(), **settings) for power in POWERS])
    for step in run(sampler, sigmas, 1, **settings):
        assert_chi_square(variance(step.x), expected[:, step.i])


@pytest.mark.parametrize("s_churn", [6.0, 1e9])
def test_churn_is_algorithm_2(s_churn):
    power, s_min, s_max, s_noise, sigmas = 0.3, 0.01, 50.0, 1.02, KARRAS.sigmas(15).tolist()
    noise = keyed_noise((1, 1, 1), 8, [0])
    x, expected = 80.0, [80.0]
    for i, (t, after) in enumerate(pairwise(sigmas)):  # the names of Karras et al. 2022, alg. 2, line by line
        gamma = min(s_churn / 15, sqrt(2) - 1) if s_min <= t <= s_max else 0.0
        t_hat = t + gamma * t
        x_hat = x + sqrt(t_hat**2 - t**2) * s_noise * noise(i, "churn").item()
        d = (x_hat - x_hat * power / (power + t_hat**2)) / t_hat
        x = x_hat + (after - t_hat) * d
        if after != 0:
            d_after = (x - x * power / (power + after**2)) / after
            x = x_hat + (after - t_hat) * (d / 2 + d_after / 2)
        expected.append(x)
    start, settings = torch.full((1, 1, 1, 1), 80.0).double(), {"s_churn": s_churn, "s_min": s_min, "s_max": s_max}
    steps = churn(Gaussian(power), start, sigmas, noise=noise, s_noise=s_noise, **settings)
    assert [step.x.item() for step in steps] == pytest.approx(expected, rel=1e-9)


SDE = {
    "ancestral": lambda power, sigmas: ancestral_variance(power, sigmas, 1.0),
    "churn": lambda power, sigmas: churn_variance(power, sigmas, 40.0, 0.0, inf, 1.0),
}


@pytest.mark.parametrize("name", SDE)
def test_many_steps_keep_the_variance_of_the_data(name):
    def error(steps):
        sigmas = KARRAS.sigmas(steps).tolist()
        return np.array([abs(SDE[name](power, sigmas)[-1] / power - 1) for power in POWERS[:3]])

    assert np.all(error(1000) < 0.02) and np.all(error(4000) < 0.005) and np.all(error(4000) < 0.5 * error(1000))


def test_a_thousand_ancestral_steps_sample_the_data():
    *_, last = run(ancestral, KARRAS.sigmas(1000), 2, (1, 32, 32))
    assert_chi_square(variance(last.x)[:3], POWERS[:3], 1024, 1e-3)


@pytest.mark.parametrize("rate", [0.05, 0.4])
def test_langevin_settles_at_its_biased_variance(rate):
    sigma = 1.0
    *_, before, _ = run(langevin, [1.2, sigma, 0.0], 3, inner=int(120 / rate), rate=rate, shape=(1, 64, 64))
    total = POWERS + sigma**2
    h = 2 * rate * sigma**2  # x += h/2 score + sqrt(h) z
    assert_chi_square(variance(before.x), total / (1 - h / (4 * total)), 64 * 64)


def test_corrector_settles_at_its_biased_variance():
    # snr sets the pace here: half a per cent per move
    *_, before, _ = run(pc, [1.2, 1.0, 0.0], 4, corrections=200, snr=0.3, shape=(1, 64, 64))
    assert_chi_square(variance(before.x), (POWERS + 1.0) * (1 + 0.3**2), 64 * 64)


def test_equalities():
    start, sigmas = white((3, 8, 8), 5, "start")[None] * 80, KARRAS.sigmas(9)
    noise = keyed_noise((3, 8, 8), 5, [0])

    def same(one, other):
        return all(torch.equal(a.x, b.x) and torch.equal(a.x0, b.x0) for a, b in zip(one, other, strict=True))

    d = Gaussian(0.3)
    assert same(ancestral(d, start, sigmas, eta=0.0), euler(d, start, sigmas))
    assert same(ancestral(d, start, sigmas, noise=noise, eta=1e-300), euler(d, start, sigmas))
    assert same(churn(d, start, sigmas, s_churn=0.0), heun(d, start, sigmas))
    assert same(churn(d, start, sigmas, noise=noise, s_min=90.0, s_max=inf), heun(d, start, sigmas))
    assert same(ddpm(d, start, sigmas, noise=noise), ancestral(d, start, sigmas, noise=noise, eta=1.0))
    assert not same(churn(d, start, sigmas, noise=noise), heun(d, start, sigmas))
    assert same(langevin(d, start, sigmas, noise=noise), langevin(d, start, sigmas, noise=noise))


def test_ddpm_is_the_posterior_of_the_vp_chain():
    sigmas, noise = KARRAS.sigmas(12), keyed_noise((1, 4, 4), 6, [0])
    start = white((1, 4, 4), 6, "start")[None].double() * sigmas[0]
    alpha_bars = 1 / (1 + sigmas**2)
    vp = start * sqrt(alpha_bars[0])
    for step in ddpm(Gaussian(0.25), start, sigmas, noise=noise):
        assert torch.allclose(vp, step.x * sqrt(alpha_bars[step.i]), rtol=1e-10, atol=1e-12)
        if step.sigma == 0:
            break
        now, after = alpha_bars[step.i : step.i + 2]
        alpha, beta = now / after, 1 - now / after
        mean = (sqrt(after) * beta * step.x0 + sqrt(alpha) * (1 - after) * vp) / (1 - now)  # Ho et al. 2020, eq. 7
        vp = mean + sqrt((1 - after) / (1 - now) * beta) * noise(step.i, "ancestral").double()


def test_ancestral_levels_agree_with_ddim():
    for sigma, after in [(5.0, 2.0), (80.0, 0.1), (1.0, 0.99)]:
        now, then = 1 / (1 + sigma**2), 1 / (1 + after**2)
        for eta in (0.0, 0.3, 1.0):
            ddim = eta * sqrt((1 - then) / (1 - now)) * sqrt(1 - now / then)  # Song et al. 2021, eq. 16
            down, up = split_level(sigma, after, eta)
            assert up == pytest.approx(ddim / sqrt(then), rel=1e-9) and np.hypot(down, up) == pytest.approx(after)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_global_generators_are_left_alone(name):
    sigmas, start = KARRAS.sigmas(5), torch.ones(1, 1, 4, 4)
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    list(SAMPLERS[name](Gaussian(), start, sigmas, noise=keyed_noise((1, 4, 4), 1, [0])))
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_no_noise_is_used_twice(name):
    asked = []

    def noise(i, role):
        asked.append((i, role))
        return torch.zeros(1, 1, 4, 4)

    list(SAMPLERS[name](Gaussian(), torch.ones(1, 1, 4, 4), KARRAS.sigmas(8), noise=noise))
    assert asked and len(set(asked)) == len(asked)
    assert not torch.equal(keyed_noise((1, 4, 4), 1, [0])(1, "a"), keyed_noise((1, 4, 4), 1, [0])(1, "b"))


@pytest.mark.parametrize("name", STOCHASTIC)
def test_missing_or_misshapen_noise_is_refused(name):
    x = torch.ones(2, 1, 4, 4)
    with pytest.raises(ValueError, match="adds noise"):
        SAMPLERS[name](Gaussian(), x, [1.0, 0.5, 0.0])
    with pytest.raises(ValueError, match="does not fit"):
        list(SAMPLERS[name](Gaussian(), x, [1.0, 0.5, 0.0], noise=keyed_noise((1, 4, 4), 1, [0])))


REFUSED = [
    (ancestral, {"eta": -0.1}, "eta must"),
    (ancestral, {"eta": float("nan")}, "eta must"),
    (churn, {"s_churn": -1.0}, "s_churn must"),
    (churn, {"s_min": 2.0, "s_max": 1.0}, "s_max must"),
    (churn, {"s_max": float("nan")}, "s_max must"),
    (churn, {"s_noise": inf}, "s_noise must"),
    (langevin, {"rate": 1.5}, "rate must be from 0 to 1"),
    (langevin, {"inner": 0}, "at least one"),
    (pc, {"snr": -1.0}, "snr must"),
    (pc, {"corrections": 0}, "at least one"),
]


@pytest.mark.parametrize(("sampler", "settings", "message"), REFUSED)
def test_settings_out_of_range_are_refused(sampler, settings, message):
    noise = keyed_noise((1, 2, 2), 1, [0])
    with pytest.raises(ValueError, match=message):
        sampler(Gaussian(), torch.ones(1, 1, 2, 2), [1.0, 0.5, 0.0], noise=noise, **settings)


DEFAULTS = [
    (ancestral, {"eta": 1.0}),
    (churn, {"s_churn": 40.0, "s_min": 0.05, "s_max": 50.0, "s_noise": 1.003}),  # Karras et al. 2022, table 5
    (langevin, {"inner": 10, "rate": 0.1}),
    (pc, {"eta": 1.0, "corrections": 1, "snr": 0.16}),
]


@pytest.mark.parametrize(("sampler", "settings"), DEFAULTS, ids=["ancestral", "churn", "langevin", "pc"])
def test_settings_left_away_are_the_published_ones(sampler, settings):
    sigmas = KARRAS.sigmas(200 if sampler is churn else 9)  # with fewer steps the most churn there can be is reached
    x, noise = 80 * white((1, 1, 4, 4), 9, "start"), keyed_noise((1, 4, 4), 9, [0])
    plain, explicit = (list(sampler(Gaussian(0.3), x, sigmas, noise=noise, **s)) for s in ({}, settings))
    assert all(torch.equal(a.x, b.x) for a, b in zip(plain, explicit, strict=True))
    for name, value in settings.items():  # and each of them matters
        other = {**settings, name: 2 * value if isinstance(value, int) or name != "eta" else value / 2}
        if name in ("s_min", "s_max"):
            other[name] = 2.0
        *_, last = sampler(Gaussian(0.3), x, sigmas, noise=noise, **other)
        assert not torch.equal(last.x, plain[-1].x), name


def test_more_fresh_noise_than_the_level_holds_is_cut():
    assert split_level(5.0, 2.0, 3.0) == (0.0, 2.0)
    assert split_level(5.0, 2.0, 1.0) == pytest.approx((0.8, 2 * sqrt(0.84)))


@pytest.mark.parametrize("corrections", [1, 3])
def test_corrections_are_moves_with_a_noise_each(corrections):
    """Two levels written out for one pixel: D = P x / (P + sigma^2), and |z| / |score| sets the step."""
    power, snr, noise = 0.3, 0.16, keyed_noise((1, 1, 1), 7, [0])
    start = torch.full((1, 1, 1, 1), 2.0).double()
    steps = list(pc(Gaussian(power), start, [2.0, 1.0, 0.0], noise=noise, eta=0.0, corrections=corrections, snr=snr))
    x = 2.0 * (power / (power + 4) + 0.5 * 4 / (power + 4))  # Euler from 2 to 1
    for j in range(corrections):
        z, score = noise(0, f"corrector {j}").item(), -x / (power + 1)
        step = 2 * (snr * z / score) ** 2
        x += step * score + sqrt(2 * step) * z
    assert steps[1].x.item() == pytest.approx(x, rel=1e-9)


def test_churn_acts_at_both_ends_of_its_range():
    sigmas, noise = [50.0, 1.0, 0.05, 0.0], keyed_noise((1, 2, 2), 1, [0])
    x = 50 * torch.ones(1, 1, 2, 2)
    for low, high, churned in ((0.05, 50.0, {0, 1, 2}), (0.06, 49.0, {1}), (0.05, 1.0, {1, 2})):
        asked = set()

        def recorded(i, role, asked=asked):
            asked.add(i)
            return noise(i, role)

        list(churn(Gaussian(0.3), x, sigmas, noise=recorded, s_min=low, s_max=high))
        assert asked == churned
