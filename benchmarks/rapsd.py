"""python -m benchmarks.rapsd: radially averaged spectra, ours against pysteps and the plain numpy recipe.

Each round times every contender in turn, on the same pictures, in CPU time of one thread: the median of as many
calls as fill a slot of time. A ratio is the median over rounds of the ratio within a round, so a busy machine slows
both sides of it. pysteps takes one two-dimensional field at a time, hence the loop.
"""

import contextlib
import importlib.util
import io
import json
import time
from collections.abc import Callable

import numpy as np
import torch

from explorer.core.analytic import gaussian_field
from explorer.core.noise import white
from explorer.core.spectra import rapsd, wavenumbers

CASES = {"64 x 3x64x64": (64, 64), "16 x 3x512x512": (16, 512)}
ROUNDS = 7
SLOT = 0.15  # seconds of CPU time that each contender gets per round, or one call if that takes longer
Contender = Callable[[np.ndarray], np.ndarray]


def textures(count: int, side: int) -> np.ndarray:
    """Pictures (count, 3, side, side) float32 with a photograph's slope, power 1 / f^2.454, and a mean of 0.1."""
    k = wavenumbers(side, side)
    k[0] = k[1]
    fields = gaussian_field(white((count, 3, side, side), 0, "benchmark").double(), k**-2.454)
    return (0.4 * fields / fields.std() + 0.1).float().numpy()


def recipe(x: np.ndarray) -> np.ndarray:
    """The definition in float64, picture by picture: (..., H, H) -> (n, H // 2 + 1)."""
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
    """pysteps' own function in the loop that its interface asks for; None, and one line, without pysteps."""
    if importlib.util.find_spec("pysteps") is None:
        print("pysteps is not installed (pip install -r requirements-bench.txt): compared with the recipe only")
        return None
    with contextlib.redirect_stdout(io.StringIO()):  # it announces its configuration file
        from pysteps.utils.spectral import rapsd as peer

    def loop(x: np.ndarray) -> np.ndarray:
        return np.stack([peer(field, fft_method=np.fft) for field in x.reshape(-1, *x.shape[-2:])])

    return loop


def measure(contenders: dict[str, Contender], x: np.ndarray) -> dict[str, np.ndarray]:
    """CPU seconds per call of each contender in each round, (ROUNDS,)."""
    for run in contenders.values():
        run(x)  # imports, caches
    seconds = [{name: _slot(run, x) for name, run in contenders.items()} for _ in range(ROUNDS)]
    return {name: np.array([row[name] for row in seconds]) for name in contenders}


def _slot(run: Contender, x: np.ndarray) -> float:
    calls: list[float] = []
    while sum(calls) < SLOT:
        start = time.process_time()
        run(x)
        calls.append(time.process_time() - start)
    return float(np.median(calls))


def main() -> None:
    """Print a table, then one line of JSON."""
    torch.set_num_threads(1)
    peer = pysteps_rapsd()
    contenders: dict[str, Contender] = {"pysteps": peer} if peer else {}
    contenders |= {"numpy recipe": recipe, "ours": rapsd}
    result = {}
    print(f"{'pictures':16} {'method':14} {'ms':>9} {'ours is x times as fast':>24}")
    for case, (count, side) in CASES.items():
        x = textures(count, side)
        seconds = measure(contenders, x)
        ratios = {name: float(np.median(s / seconds["ours"])) for name, s in seconds.items()}
        for name, s in seconds.items():
            print(f"{case:16} {name:14} {1e3 * np.median(s):9.2f} {ratios[name]:24.1f}")
        deviation = np.abs(rapsd(x).reshape(-1, side // 2 + 1) / recipe(x) - 1)
        result[case] = {
            "speedup_over_pysteps": round(ratios["pysteps"], 1) if peer else None,
            "speedup_over_recipe": round(ratios["numpy recipe"], 1),
            "max_relative_deviation": float(f"{deviation.max():.2g}"),
        }
    print(json.dumps({"rapsd": result}))


if __name__ == "__main__":
    main()
