"""The claims about skip connections: what a denoiser loses without them, by noise level and by scale.

The two texts disagree here: one says that a bottleneck would do harm, the other that the U-Net is an autoencoder with
one. Loss is measured per octave: (error without skips - error with them) / power of the clean pictures, the share of
what there is at that scale that is lost beyond what noise hides from the network with skips as well.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.claims._autoencoders import (
    OCTAVE_NAMES,
    Load,
    autoencoder,
    by_picture,
    octave_power,
    small_pictures,
    wrong,
)
from explorer.claims._statistics import Array, bootstrap
from explorer.claims.registry import Verdict, claim, verdict

WITHOUT_SKIPS = {"unet-noskip": "skips cut", "unet-bottleneck": "bottleneck put in"}
SIGMAS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)  # data units
MAX_REMAINING_SHARE = 0.1  # of the excess at the lowest level, and of the error with skips: what counts as near 0
_ENDS = (SIGMAS[0], SIGMAS[-1])


class Excess(NamedTuple):
    """Errors of the networks with skips and without, K levels, N pictures, data units squared."""

    with_skips: Array  # (K, N)
    cut: Array  # (2, K, N), in the order of WITHOUT_SKIPS
    lost: Array  # (2, K, octaves), share of the clean power


@claim(
    "C21", text="A", quote="more harm than good",
    shown="codes: error with skips, with skips cut and with a bottleneck, by noise level and octave",
    prediction="with skips cut, and with a bottleneck put in, the error beyond that with skips is at sigma "
    f"{_ENDS[1]:g} at most {MAX_REMAINING_SHARE:g} times that at sigma {_ENDS[0]:g} and at most "
    f"{MAX_REMAINING_SHARE:g} times the error with skips; "
    f"at sigma {_ENDS[0]:g} the share of the picture that is lost rises with every finer octave",
)  # fmt: skip
def bottleneck_harms(*, pictures: Tensor | None = None, load: Load = autoencoder) -> Verdict:
    """Measure excess errors and shares lost, no units, in all octaves at both ends.

    Where it holds text A is right at low noise and in fine octaves, and text B where noise has hidden these anyhow.
    The interval comes from resampling the pictures.
    """
    x0 = small_pictures() if pictures is None else pictures
    found = excess(load, x0)
    measured, holds = excess_falls(found)
    for name, ratios in zip(WITHOUT_SKIPS.values(), found.cut.mean(2) / found.with_skips.mean(1), strict=True):
        measured |= {f"{name}: error over that with skips, sigma {s:g}": r for s, r in zip(SIGMAS, ratios, strict=True)}
    for name, lost in zip(WITHOUT_SKIPS.values(), found.lost, strict=True):
        for sigma, shares in zip(_ENDS, lost[[0, -1]], strict=True):
            measured |= {f"{name}: share lost at sigma {sigma:g}, {octave}": share
                         for octave, share in zip(OCTAVE_NAMES, shares, strict=True)}  # fmt: skip
    return verdict("C21", measured, holds, bootstrap(lambda rows: _remaining(found, rows), len(x0)))


@claim(
    "C48", text="B", quote="U-Nets as autoencoders with residual connections",
    shown="codes: the U-Net beside the same one with its skip connections cut",
    prediction=f"at sigma {_ENDS[0]:g} the U-Net errs at most {1 + MAX_REMAINING_SHARE:g} times as much as its input "
    "in every octave, "
    f"with its skips cut more than that in the finest; at sigma {_ENDS[1]:g} the two errors agree within "
    f"{MAX_REMAINING_SHARE:.0%}: fine scales pass by the skips, coarse ones through the autoencoder",
)  # fmt: skip
def skips_carry_detail(*, pictures: Tensor | None = None, load: Load = autoencoder) -> Verdict:
    """Measure the error in each octave over that of the input, sigma eps, and a ratio of mean squared errors; no units.

    Where the picture is far above the noise nothing can be gained, and the exact denoiser too is only as good as its
    input. The interval comes from resampling the pictures.
    """
    x0 = small_pictures() if pictures is None else pictures
    low, high = _ENDS
    networks = [load(name) for name in ("conditional", "unet-noskip")]
    power = np.array([octave_power(wrong(net, x0, low)).mean(0) for net in networks])  # (2, N, octaves)
    given = octave_power(wrong(lambda x, sigma, label=None: x, x0, low)).mean(0)  # (N, octaves)
    ends = [by_picture(wrong(net, x0, high)).mean() for net in networks]

    def finest(rows: NDArray[np.int64]) -> float:
        return float(power[1, rows, -1].mean() / given[rows, -1].mean())

    kept, cut = power.mean(1) / given.mean(0)
    measured = {
        f"skips cut, finest octave at sigma {low:g}: error over the input's": cut[-1],
        f"with skips, octaves at sigma {low:g}: largest error over the input's": kept.max(),
        f"skips cut, error over that with skips, sigma {high:g}": ends[1] / ends[0],
    }
    for octave, with_skips, without in zip(OCTAVE_NAMES, kept, cut, strict=True):
        measured |= {f"with skips, {octave}": with_skips, f"skips cut, {octave}": without}
    holds = (
        cut[-1] > 1 + MAX_REMAINING_SHARE
        and kept.max() <= 1 + MAX_REMAINING_SHARE
        and abs(ends[1] / ends[0] - 1) <= MAX_REMAINING_SHARE
    )
    return verdict("C48", measured, holds, bootstrap(finest, len(x0)))


def excess(load: Load, x0: Tensor) -> Excess:
    """Return the errors with skips and without on pictures (N, 3, 32, 32) at every level of SIGMAS."""
    clean, errors, power = octave_power(x0).mean(0), [], []
    for name in ("conditional", *WITHOUT_SKIPS):
        some = [wrong(load(name), x0, sigma) for sigma in SIGMAS]
        errors.append([by_picture(one).mean(0) for one in some])
        power.append([octave_power(one).mean((0, 1)) for one in some])
    both, octaves = np.array(errors), np.array(power)
    return Excess(both[0], both[1:], (octaves[1:] - octaves[0]) / clean)


def excess_falls(found: Excess) -> tuple[dict[str, float], bool]:
    """Return the numbers that decide C21, and whether it holds."""
    remaining = _remaining(found, np.arange(found.with_skips.shape[1]))
    last = (found.cut.mean(2)[:, -1] / found.with_skips.mean(1)[-1]).max()
    rise = np.diff(found.lost[:, 0], axis=1).min()
    first = (found.cut.mean(2)[:, 0] - found.with_skips.mean(1)[0]).min()
    measured = {
        f"largest excess error at sigma {_ENDS[1]:g} over that at sigma {_ENDS[0]:g}": remaining,
        f"largest error over that with skips, sigma {_ENDS[1]:g}": last,
        f"least rise of the share lost from octave to finer octave, sigma {_ENDS[0]:g}": rise,
        f"least excess error, sigma {_ENDS[0]:g}": first,  # else there is none that could fall
    }
    small = remaining <= MAX_REMAINING_SHARE
    return measured, bool(first > 0 and small and last <= 1 + MAX_REMAINING_SHARE and rise > 0)


def _remaining(found: Excess, rows: NDArray[np.int64]) -> float:
    beyond = found.cut[:, :, rows].mean(2) - found.with_skips[:, rows].mean(1)
    return float((beyond[:, -1] / np.maximum(beyond[:, 0], 1e-12)).max())
