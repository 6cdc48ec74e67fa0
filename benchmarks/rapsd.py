"""python -m benchmarks.rapsd: radially averaged spectra, ours against pysteps, plain numpy, scipy and the bare FFT.

CPU time of one thread on the same pictures: the median of as many calls as fill a slot of time. pysteps takes one
two-dimensional field at a time, hence the loop. The bare FFT is PyTorch's rfft2 in float32, which ours is built on.
"""

import contextlib
import importlib.util
import io
from collections.abc import Callable

import numpy as np
import torch
from scipy import fft

from explorer.core.denoisers.wiener import gaussian_field
from explorer.core.noise import white
from explorer.core.spectra.radial import rapsd, wavenumbers
from harness import measuring
from harness.measuring import Bar, Row, cpu, interleaved, spread

CASES = {"64 x 3x64x64": (64, 64), "16 x 3x512x512": (16, 512)}
ROUNDS = 7
SLOT_S = 0.15  # CPU time that each contender gets per round, or one call if that takes longer
PYSTEPS_BAR, BARE_BAR = Bar(30, at_least=True), Bar(2, at_least=False)
Contender = Callable[[np.ndarray], np.ndarray]


def textures(count: int, side: int) -> np.ndarray:
    """Return pictures (count, 3, side, side) float32 with a photograph's slope, power 1 / f^2.454, and mean 0.1."""
    k = wavenumbers(side, side)
    k[0] = k[1]
    fields = gaussian_field(white((count, 3, side, side), 0, "benchmark").double(), k**-2.454)
    return (0.4 * fields / fields.std() + 0.1).float().numpy()


def recipe(x: np.ndarray) -> np.ndarray:
    """Compute the definition in float64, picture by picture: (..., H, H) -> (n, H // 2 + 1)."""
    side = x.shape[-1]
    f = np.fft.fftfreq(side)
    r = np.round(side * np.sqrt(f[:, None] ** 2 + f**2)).astype(int).ravel()
    n = np.bincount(r)[: side // 2 + 1]
    rows = []
    for field in x.reshape(-1, side, side):
        power = np.abs(np.fft.fft2(field.astype(np.float64), norm="ortho")) ** 2
        rows.append(np.bincount(r, power.ravel())[: side // 2 + 1] / n)
    return np.stack(rows)


def pysteps_rapsd() -> Contender | None:
    """Return pysteps' own function in the loop that its interface needs; None without pysteps."""
    if importlib.util.find_spec("pysteps") is None:
        return None
    with contextlib.redirect_stdout(io.StringIO()):  # it announces its configuration file
        from pysteps.utils.spectral import rapsd as peer

    def loop(x: np.ndarray) -> np.ndarray:
        return np.stack([peer(field, fft_method=np.fft) for field in x.reshape(-1, *x.shape[-2:])])

    return loop


def half_plane(x: np.ndarray) -> np.ndarray:
    """Compute the recipe for all pictures at once with scipy's rfft2, float64: (n, 3, H, W) -> (n, 3, H // 2 + 1)."""
    side = x.shape[-1]
    power = np.abs(fft.rfft2(x.astype(np.float64), norm="ortho")) ** 2
    weight = np.full(side // 2 + 1, 2.0)  # the other half of the plane
    weight[[0, -1]] = 1
    r = np.round(side * np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))).astype(int).ravel()
    n = np.bincount(r, np.tile(weight, side))[: side // 2 + 1]
    rows = (power * weight).reshape(-1, r.size)
    return np.stack([np.bincount(r, row)[: side // 2 + 1] / n for row in rows]).reshape(*x.shape[:2], -1)


def contenders() -> dict[str, Contender]:
    """Return all contenders that are installed, by name."""
    found: dict[str, Contender] = {"ours": rapsd, "numpy recipe": recipe, "scipy rfft2": half_plane}
    if peer := pysteps_rapsd():
        found["pysteps"] = peer
    found["bare rfft2"] = lambda x: torch.fft.rfft2(torch.from_numpy(x))
    return found


def measure(quick: bool) -> list[Row]:
    """Return the rows of ours against each, by size of the pictures."""
    with measuring.threads(1):
        return [row for case in list(CASES)[: 1 if quick else None] for row in _compared(case, quick)]


def _compared(case: str, quick: bool) -> list[Row]:
    count, side = CASES[case]
    x = textures(count, side)
    runs = {name: cpu(lambda run=run: run(x), 0.0 if quick else SLOT_S) for name, run in contenders().items()}
    seconds = interleaved(runs, 2 if quick else ROUNDS)
    ours, title = seconds["ours"], f"spectra of {case}"
    deviation = np.abs(rapsd(x).reshape(-1, side // 2 + 1) / recipe(x) - 1).max()
    note = f"ours {1e3 * np.median(ours):.2f} ms, at most {deviation:.1g} from the recipe"
    if "pysteps" in seconds:
        rows = [spread(f"{title}, over pysteps", seconds["pysteps"] / ours, "x", PYSTEPS_BAR, note)]
    else:
        rows = [Row(f"{title}, over pysteps", note="pysteps is not installed")]
    rows += [spread(f"{title}, over the {name}", seconds[name] / ours) for name in ("numpy recipe", "scipy rfft2")]
    bar = BARE_BAR if side == 64 else None
    return [*rows, spread(f"{title}, time of a bare rfft2", ours / seconds["bare rfft2"], "x", bar)]


if __name__ == "__main__":
    measuring.main(measure, __doc__)
