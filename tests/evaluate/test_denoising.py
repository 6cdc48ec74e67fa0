"""PSNR in closed form, the same noise for everyone, and the table's rows."""

import math

import pytest
import torch

from explorer.core.denoisers.wiener import Ideal
from explorer.core.noise import white
from explorer.evaluate import denoising
from explorer.evaluate.denoising import batches, decibels, psnr, psnr_table
from explorer.evaluate.peers import bm3d_denoiser

PICTURES = [torch.full((3, h, w), 0.1 * i - 0.5) for i, (h, w) in enumerate([(32, 48), (48, 32), (32, 48), (16, 16)])]


def test_psnr_of_a_known_error():
    x0 = torch.zeros(2, 3, 8, 8)
    estimate = torch.stack([torch.full((3, 8, 8), 0.02), torch.full((3, 8, 8), 5.0)])  # the second is clipped to 1
    assert psnr(estimate, x0).tolist() == pytest.approx([20 * math.log10(2 / 0.02), 20 * math.log10(2)], rel=1e-6)
    assert psnr(x0, x0).tolist() == [120.0] * 2


def test_psnr_of_plain_noise_is_that_of_its_level():
    """Noise of 25 of 255 costs 20 log10(255 / 25) = 20.17 dB; mid-grey leaves nothing to clip."""
    found = decibels(lambda x, sigma: x, [torch.zeros(3, 64, 64)] * 8, 2 * 25 / 255)
    assert sum(found) / 8 == pytest.approx(20 * math.log10(255 / 25), abs=0.05)


def test_every_picture_keeps_its_own_noise_whoever_is_beside_it():
    seen = {}

    def spy(x, sigma):
        for row in x:
            seen.setdefault(tuple(row.shape), []).append(row)
        return x

    everyone = decibels(spy, PICTURES, 0.2)
    assert decibels(spy, PICTURES, 0.2, [1, 3]) == [everyone[1], everyone[3]]
    expected = PICTURES[3] + 0.2 * white((3, 16, 16), seed=0, role="evaluate", index=3)
    assert all(torch.equal(x, expected) for x in seen[3, 16, 16]) and len(seen[3, 16, 16]) == 2


def test_batches_hold_one_shape_each_and_every_picture_once():
    found = list(batches(PICTURES))
    assert sorted(i for some in found for i in some) == [0, 1, 2, 3]
    assert all(len({PICTURES[i].shape for i in some}) == 1 for some in found)


def test_table_leaves_the_ideal_denoiser_out_where_it_does_not_fit(monkeypatch):
    monkeypatch.setattr(denoising, "NOISE_GREY_LEVELS", (25,))
    contenders = {"kept": lambda x, sigma: x, "ideal": Ideal(torch.stack([torch.zeros(3, 16, 16)]))}
    rows = psnr_table({"odd": PICTURES, "small": PICTURES[3:]}, contenders, lambda x, sigma: 0 * x, limit=2)
    assert [list(row["db"]) for row in rows] == [["kept"], ["kept", "ideal"]]
    odd = rows[0]["compared"]
    assert odd["pictures"] == 2 and odd["db"]["BM3D"] == pytest.approx(
        sum(20 * math.log10(2 / abs(0.1 * i - 0.5)) for i in (0, 2)) / 2, rel=1e-4
    )


def test_bm3d_denoises():
    x0 = torch.linspace(-0.8, 0.8, 32).expand(2, 3, 32, 32)
    x = x0 + 0.2 * torch.stack([white((3, 32, 32), seed=0, role="test", index=i) for i in range(2)])
    with bm3d_denoiser(processes=1) as bm3d:
        if bm3d is None:
            pytest.skip("bm3d is not installed (extra bench)")
        assert (psnr(bm3d(x, 0.2), x0) > psnr(x, x0) + 8).all()


def test_without_the_package_there_is_no_bm3d(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with bm3d_denoiser() as bm3d:
        assert bm3d is None
