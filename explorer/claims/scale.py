"""Claims that a denoiser works from coarse to fine: high noise leaves large things, less noise ever smaller ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.claims.films import HIGH, LEVELS, Films, films, high_energy
from explorer.claims.inputs import example_pictures, network
from explorer.claims.registry import Verdict, claim, verdict
from explorer.claims.statistics import Array, bootstrap, rank_correlation
from explorer.core.analytic import wiener_gain
from explorer.core.denoiser import Denoiser
from explorer.core.spectra import crossover, mean_wavenumbers, octave_edges, octave_means

HALF = 0.5  # share of the clean picture's power
RANKED = 0.95  # least magnitude of a rank correlation that counts as monotone
RISE_ANNULI = 1.0  # annuli by which f50 may rise from one level to the next: the width of one measured value
FALL = 0.01  # share of the clean high-frequency energy by which it may fall from one level to the next


@claim(
    "C27", text="A", quote="fill in missing parts ... at progressively smaller scales",
    shown="denoised strip and its spectra: the frequency up to which at least half of the picture's power is there",
    prediction="f50, up to which the estimate holds half of the clean power, falls as the noise level rises: rank "
    f"correlation at most -{RANKED:g}, no rise by more than {RISE_ANNULI:g} annulus; as the noise falls the octaves "
    "reach half of their power one after another, the coarsest first",
)  # fmt: skip
def coarse_to_fine(*, pictures: Tensor | None = None, denoiser: Denoiser | None = None) -> Verdict:
    """f50 and each octave's half-power noise level, over noise levels, beside the Wiener filter's (Wiener 1949).

    Noise levels in data units. A level beyond LEVELS is given as the end of LEVELS. Levels at which all or nothing
    is kept have no f50 of their own and are left out of the rank correlation.
    """
    x0 = example_pictures() if pictures is None else pictures
    seen = films(network() if denoiser is None else denoiser, x0)
    rows = np.arange(len(x0))
    kept, wiener = _kept(seen, rows)
    f50 = _half_power_frequency(kept, seen.side)
    rise = float(np.diff(f50).max()) * seen.side
    octaves, predicted = (_half_power_level(octave_means(k, seen.side, seen.side)) for k in (wiener[0], wiener[1]))
    raise NotImplementedError
