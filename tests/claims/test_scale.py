"""C27, C50, C51: they hold for the Wiener filter on its own pictures, where theory says so, and not for others."""

import numpy as np
import pytest
import torch

from explorer import weights
from explorer.claims import scale
from explorer.claims._estimate_spectra import EstimateSpectra, high_energy, spectrum
from explorer.claims._statistics import bootstrap, rank_correlation
from explorer.claims.conditioning import told_noise_level
from explorer.claims.scale import SIGMAS, _f50, _half_power_levels, coarse_to_fine, sharpening
from explorer.core.denoisers.wiener import Wiener, wiener_gain
from explorer.core.noise import white, white_batch
from explorer.core.spectra.radial import counts, mean_wavenumbers, octave_edges, rapsd

WIENER = weights.load("wiener")
FIELDS = WIENER.sample(white_batch((3, 64, 64), 0, "fields", range(8)))
K = mean_wavenumbers(64, 64)


def identity(x, sigma, label=None):
    return x


def blind(x, sigma, label=None):
    return WIENER(x, 0.5)


def upside_down(x, sigma, label=None):
    return WIENER(x, 1 / (sigma + 0.02))


def fine_first(x, sigma, label=None):
    rising = Wiener(np.append(1.0, K[1:] ** 2 * 100))
    return rising(x, sigma)


def cautious(x, sigma, label=None):
    return WIENER(x, 2 * sigma)


@pytest.mark.parametrize("claim", [coarse_to_fine, told_noise_level, sharpening])
def test_holds_for_the_wiener_filter_on_its_own_pictures(claim):
    assert claim(pictures=FIELDS, denoiser=WIENER).holds


@pytest.mark.parametrize("denoiser", [identity, blind, upside_down, fine_first])
def test_other_orders_are_not_coarse_to_fine(denoiser):
    assert not coarse_to_fine(pictures=FIELDS, denoiser=denoiser).holds


@pytest.mark.parametrize("denoiser", [identity, blind, upside_down])
def test_estimates_that_do_not_sharpen(denoiser):
    assert not sharpening(pictures=FIELDS, denoiser=denoiser).holds


@pytest.mark.parametrize("denoiser", [identity, blind, upside_down, cautious])
def test_a_denoiser_that_does_not_heed_sigma_is_not_best_told_the_truth(denoiser):
    assert not told_noise_level(pictures=FIELDS, denoiser=denoiser).holds


def test_a_blind_denoiser_errs_alike_whatever_it_is_told():
    found = told_noise_level(pictures=FIELDS, denoiser=blind)
    assert list(found.measured.values()) == [1, 1, 0, 1]


def test_the_wiener_filter_measured_is_the_wiener_filter_predicted():
    found = coarse_to_fine(pictures=FIELDS, denoiser=WIENER).measured
    measured = [value for what, value in found.items() if what.startswith("sigma at half power")]
    predicted = [value for what, value in found.items() if what.startswith("the Wiener filter's")]
    assert measured[2:] == pytest.approx(predicted[2:], rel=0.1)
    assert measured[:2] == pytest.approx(predicted[:2], rel=0.2)  # few bins, and the window mixes them


def test_half_power_is_where_the_spectrum_meets_the_noise():
    clean = np.append(1.0, (1 / 64 / K[1:]) ** 2 * 25)  # P = 25 at 1 / 64 cycles/pixel
    kept = clean * wiener_gain(clean, SIGMAS[:, None])
    f50 = _f50(clean, kept)
    inside = (f50 > 0) & (f50 < 0.5)
    assert inside.sum() > 5
    assert f50[inside] == pytest.approx(5 / 64 / SIGMAS[inside], rel=0.06)  # between annuli H is no power law
    assert f50[SIGMAS > 5].tolist() == [0.0] * int((SIGMAS > 5).sum())
    levels = _half_power_levels(clean, kept, 64)
    edges = octave_edges(64, 64)
    assert np.all((5 / 64 / edges[1:] < levels) & (levels < 5 / 64 / edges[:-1]))


def test_half_power_levels_end_where_the_levels_end():
    clean = np.ones(33)
    everything, nothing = np.ones((len(SIGMAS), 33)), np.zeros((len(SIGMAS), 33))
    assert _half_power_levels(clean, everything, 64).tolist() == [SIGMAS[-1]] * 5
    assert _half_power_levels(clean, nothing, 64).tolist() == [SIGMAS[0]] * 5


def test_windowed_spectrum_keeps_white_noise_flat_and_does_not_see_edges():
    eps = white((64, 3, 64, 64), 0, "window")
    power = spectrum(eps).mean(0)
    assert power[3:] == pytest.approx(np.ones(30), abs=0.06)
    ramp = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64)  # left and right edge do not match
    without_window = high_energy(rapsd(ramp).mean(1).double().numpy(), 64)
    assert high_energy(spectrum(ramp), 64) < 1e-3 * without_window


def test_high_energy_is_the_two_highest_octaves():
    power = np.arange(33.0)
    assert high_energy(power, 64) == pytest.approx(sum(counts(64, 64)[r] * r for r in range(8, 33)))


def test_rank_correlation():
    assert rank_correlation(np.arange(5), np.array([1, 10, 100, 1000, 10000])) == pytest.approx(1)
    assert rank_correlation(np.arange(5), -np.arange(5)) == pytest.approx(-1)
    assert rank_correlation(np.array([1, 2, 3, 4]), np.array([1, 1, 2, 2])) == pytest.approx(0.8944, abs=1e-4)
    assert rank_correlation(np.arange(5), np.ones(5)) == 0


def test_bootstrap_interval_of_a_mean():
    values = white((100,), 0, "bootstrap test").numpy().astype(np.float64)
    low, high = bootstrap(lambda rows: values[rows].mean(), 100)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 10, rel=0.15)


CLEAN = np.append(1.0, (1 / 64 / K[1:]) ** 2 * 25)


@pytest.fixture
def measure(monkeypatch):
    """The claim on the Wiener filter's own spectra, changed as a test likes: shares (K, R) of the clean power."""

    def run(claim, change):
        shares = wiener_gain(CLEAN, SIGMAS[:, None])
        change(shares)
        seen = EstimateSpectra(
            np.stack([CLEAN] * 2), np.broadcast_to((CLEAN * shares)[:, None, None], (len(SIGMAS), 2, 2, 33)), 64
        )
        monkeypatch.setattr(scale, "estimate_spectra", lambda denoiser, pictures: seen)
        return claim(pictures=FIELDS[:2], denoiser=WIENER)

    return run


def nothing(shares):
    """Leave the spectra as they are."""


def one_level_sharper(shares):
    shares[8] = wiener_gain(CLEAN, 0.85 * SIGMAS[7])


def finest_octave_kept_longer(shares):
    shares[6:, 16:] = shares[:-6, 16:]


def test_both_claims_hold_for_the_spectra_themselves(measure):
    assert measure(coarse_to_fine, nothing).holds and measure(sharpening, nothing).holds


@pytest.mark.parametrize(("change", "fails"), [(one_level_sharper, "rise"), (finest_octave_kept_longer, "order")])
def test_each_part_of_coarse_to_fine_fails_alone(measure, change, fails):
    found = measure(coarse_to_fine, change)
    assert not found.holds and found.measured["rank correlation of sigma and f50"] <= -0.95
    assert (found.measured["largest rise of f50 with sigma, in annuli"] > 1) == (fails == "rise")
    assert (found.measured["octaves out of order"] > 0) == (fails == "order")


def one_level_duller(shares):
    shares[4] = 0.8 * shares[5]


def hardly_changing(shares):
    shares[:] = 0.5 + 0.001 * np.arange(len(SIGMAS))[:, None]


@pytest.mark.parametrize(("change", "fails"), [(one_level_duller, "fall"), (hardly_changing, "rank")])
def test_each_part_of_sharpening_fails_alone(measure, change, fails):
    found = measure(sharpening, change)
    assert not found.holds
    assert (found.measured["largest fall as sigma falls, share of clean energy"] > 0.01) == (fails == "fall")
    assert (found.measured["mean rank correlation of falling sigma and energy"] < 0.95) == (fails == "rank")
