"""Noise is a function of its key and is standard normal."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from explorer.core.noise import generator, white, white_batch

seeds = st.integers(0, 2**63 - 1)


@given(seed=seeds, index=st.integers(0, 2**40), role=st.text(max_size=8))
@settings(deadline=None, max_examples=50)
def test_same_key_same_noise(seed, index, role):
    torch.manual_seed(0)
    first = white((2, 3), seed, role, index)
    np.random.standard_normal(5)
    torch.randn(5)
    assert torch.equal(first, white((2, 3), seed, role, index))
    assert first.dtype == torch.float32 and first.shape == (2, 3)


def test_each_part_of_the_key_counts():
    keys = [(0, "a", 0), (1, "a", 0), (0, "b", 0), (0, "a", 1), (1, "a", 1), (0, "0\0a", 0), (10, "a", 0), (1, "0a", 0)]
    draws = torch.stack([white((64,), *key) for key in keys])
    correlation = torch.corrcoef(draws) - torch.eye(len(keys))
    assert correlation.abs().max() < 0.6  # 64 values: independent draws stay below 5 / sqrt(64)


@given(seed=seeds, indices=st.lists(st.integers(0, 100), min_size=1, max_size=6))
@settings(deadline=None, max_examples=30)
def test_a_row_depends_on_its_index_alone(seed, indices):
    batch = white_batch((3, 2, 2), seed, "noising", indices)
    assert batch.shape == (len(indices), 3, 2, 2)
    for row, index in zip(batch, indices, strict=True):
        assert torch.equal(row, white((3, 2, 2), seed, "noising", index))


def test_empty_batch():
    assert white_batch((3, 2, 2), 0, "noising", []).shape == (0, 3, 2, 2)


def test_moments_and_law():
    values = white((200_000,), 7, "test").double().numpy()
    n = len(values)
    assert abs(values.mean()) < 4 / np.sqrt(n)
    assert abs(values.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((values**3).mean()) < 4 * np.sqrt(15 / n)
    assert abs((values**4).mean() - 3) < 4 * np.sqrt(96 / n)
    assert stats.kstest(values, "norm").pvalue > 1e-3


def test_pixels_are_independent():
    picture = white((256, 256), 8, "test").double().numpy()
    covariance = np.fft.ifft2(np.abs(np.fft.fft2(picture)) ** 2).real / picture.size
    covariance[0, 0] = 0
    assert np.abs(covariance).max() < 5.5 / 256  # 65,535 lags, standard deviation 1 / 256 each


def test_the_stream_is_frozen():
    # permalinks and recorded figures depend on it
    assert white((4,), 0, "noising").tolist() == pytest.approx([-1.9620477, 1.0770264, 0.0653561, 0.9280953], abs=1e-6)


def test_generator_is_the_same_stream():
    assert np.array_equal(generator(3, "a", 1).standard_normal(4, dtype=np.float32), white((4,), 3, "a", 1).numpy())


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, "1", None, True])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(ValueError, match="seed"):
        white((1,), seed, "a")


def test_numpy_integers_are_seeds():
    assert torch.equal(white((2,), np.int64(5), "a"), white((2,), 5, "a"))
