"""The engine: coarse levels first, exact spectra, answers that do not depend on how they were computed."""

import threading

import numpy as np
import pytest
import torch

from explorer.core.spectra import radial
from explorer.engine import Engine
from explorer.engine.noising import FIRST_LEVELS, level_batches
from explorer.errors import RequestRefused
from explorer.schemas import NoisingRequest

SMALL = NoisingRequest(size=64, levels=12)


@pytest.fixture(scope="module")
def engine():
    return Engine()


def answer(engine, request):
    """All estimates in order of level, (K, 3, H, W)."""
    noised = engine.noise(request)
    parts = list(engine.denoise(noised))
    order = np.argsort(np.concatenate([p.indices for p in parts]))
    return noised, noised.x0 + np.concatenate([p.error for p in parts])[order], parts


@pytest.mark.parametrize("levels", [2, 5, 9, 32, 128])
@pytest.mark.parametrize("batch", [1, 8, 100])
def test_every_level_once_and_coarse_ones_first(levels, batch):
    groups = list(level_batches(levels, batch))
    flat = [i for group in groups for i in group]
    assert sorted(flat) == list(range(levels)) and max(map(len, groups)) <= batch
    coarse = flat[: min(FIRST_LEVELS, levels)]
    assert coarse[0] == 0 and max(coarse) == levels - 1 and coarse == sorted(coarse)


def test_the_noisy_spectrum_is_that_of_the_noisy_picture(engine):
    noised = engine.noise(SMALL)
    for sigma in (0.01, 0.5, 20.0):
        expected = radial.rapsd((noised.x0 + sigma * noised.eps).astype(np.float64)).mean(0)
        np.testing.assert_allclose(noised.noisy_spectrum(sigma), expected, rtol=2e-3, atol=1e-7 * expected.max())


@pytest.mark.parametrize("model", ["network", "wiener", "ideal"])
def test_estimates_are_the_denoisers_own(engine, model):
    request = NoisingRequest(size=64, levels=12, model=model, picture="cat")
    noised, estimates, parts = answer(engine, request)
    sigma = torch.tensor(request.sigmas[7], dtype=torch.float32)
    x = torch.from_numpy(noised.x0) + sigma * torch.from_numpy(noised.eps)
    alone = engine.denoiser(request)(x[None], sigma[None])[0].numpy()
    np.testing.assert_allclose(estimates[7], alone, atol=2e-4)
    part = next(p for p in parts if 7 in p.indices)
    row = list(part.indices).index(7)
    np.testing.assert_allclose(part.mse[row], ((alone - noised.x0) ** 2).mean(), rtol=1e-3)
    np.testing.assert_allclose(part.denoised_spectrum[row], radial.rapsd(alone).mean(0), rtol=1e-2, atol=1e-6)


def test_the_class_is_heard_and_any_is_not_told(engine):
    told = (NoisingRequest(size=64, levels=4, label=label) for label in ("any", "cat face"))
    any_class, cat = (answer(engine, request)[1] for request in told)
    assert np.abs(any_class[-1] - cat[-1]).mean() > 1e-3


def test_a_picture_smaller_than_the_working_size_says_so(engine):
    name = engine.picture_store.add(np.zeros((40, 60, 3), np.uint8))
    assert engine.noise(NoisingRequest(picture=name, size=64)).upscaled
    assert not engine.noise(NoisingRequest(picture="mountains", size=64)).upscaled


def test_a_flat_picture_is_no_problem(engine):
    name = engine.picture_store.add(np.full((64, 64, 3), 128, np.uint8))
    noised, estimates, _ = answer(engine, NoisingRequest(picture=name, size=64, levels=3))
    assert np.isfinite(estimates).all() and np.isinf(noised.crossover[-1])


def test_crossover_grows_with_the_noise(engine):
    sizes = engine.noise(SMALL).crossover
    assert (np.diff(sizes[np.isfinite(sizes)]) >= 0).all() and sizes[0] < sizes[np.isfinite(sizes)][-1]


def test_a_repeated_request_costs_nothing_and_gives_the_same(engine):
    noised = engine.noise(SMALL)
    first, second = list(engine.denoise(noised)), list(engine.denoise(engine.noise(SMALL)))
    assert all(a is b for a, b in zip(first, second, strict=True))


def test_what_is_not_there_is_refused(engine):
    for request in (NoisingRequest(picture="gone"), NoisingRequest(label="dragon"), NoisingRequest(size=512)):
        with pytest.raises(RequestRefused):
            engine.noise(request)


def test_pictures_are_kept_for_a_while_only(engine):
    first = engine.picture_store.add(np.zeros((8, 8, 3), np.uint8))
    assert engine.picture_store.add(np.zeros((8, 8, 3), np.uint8)) == first
    for i in range(70):
        engine.picture_store.add(np.full((8, 8, 3), i + 1, np.uint8))
    with pytest.raises(RequestRefused):
        engine.picture_store.get(first)


def test_a_thread_that_dies_under_a_visitor_is_one_sentence_and_the_next_one_is_served(engine, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda report: None)

    def die(x, sigma, label=None):
        raise SystemExit

    with pytest.raises(RequestRefused, match="stopped unexpectedly; please try again"):
        engine.models.batched(die)(torch.zeros(1, 3, 8, 8), 1.0)
    assert engine.models.batched(lambda x, sigma, label: x)(torch.ones(1, 3, 8, 8), 1.0).max() == 1


@pytest.mark.parametrize(("chunk", "together"), [(1, 16), (8, 32)])
def test_a_chunk_bounds_the_passes_and_parts_of_an_answer_are_not_small(chunk, together):
    small = Engine(chunk=chunk)
    assert small.models.batcher.stats().max_pixels == chunk * 128**2
    noised = small.noise(NoisingRequest(size=64, levels=80, model="wiener"))
    assert max(len(part.indices) for part in small.denoise(noised)) == together
