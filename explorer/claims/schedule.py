"""Claims about the two ends of the noising process."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor

from explorer.claims._inputs import example_pictures
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.schedules import SCHEDULES, Schedule

ROUNDING_POWER = (
    2 / 255
) ** 2 / 12  # power of 8-bit rounding, data units squared: less noise than a stored picture has
MAX_PICTURE_SHARE = 1e-3  # share of the picture in the power of a noisy pixel


@claim(
    "C13", text="A", quote="t = 0 corresponds to clean data ... t = 1 pure noise",
    shown="schedule panel: SNR at both ends of every schedule",
    prediction=f"for every schedule the noise at t = 0 is below that of 8-bit rounding (power {ROUNDING_POWER:.1e} "
    "against a "
    f"picture of power 1), and at t = 1 the picture is less than {MAX_PICTURE_SHARE:g} of a pixel's power",
)  # fmt: skip
def ends_of_the_schedule(
    *, schedules: Iterable[Schedule] = tuple(SCHEDULES.values()), pictures: Tensor | None = None
) -> Verdict:
    """Measure SNR = a^2 / s^2 at t = 0 and 1 (Kingma et al. 2021, eq. 2), for signal of power 1, no units.

    Data in [-1, 1] has at most that power, so SNR / (1 + SNR) bounds the picture's share. A share of a pixel is not a
    share of every frequency: the mean brightness of a picture of 64 x 64 pixels, beside it, is less well hidden.
    """
    x0 = example_pictures() if pictures is None else pictures
    brightness = float(x0.mean((2, 3)).square().mean()) * x0[0, 0].numel()  # power of the DC bin, orthonormal
    measured, noises, shares, hidden = {}, [], [], []
    for schedule in schedules:
        first, last = (float(schedule.sigma(t)) for t in (0.0, 1.0))
        snr = 1 / last**2
        measured[f"1 / SNR(0), {schedule.name}"] = first**2
        measured[f"SNR(1), {schedule.name}"] = snr
        noises.append(first**2)
        shares.append(snr / (1 + snr))
        hidden.append(snr * brightness)
    summary = {
        "largest noise at t = 0, power": max(noises),
        "largest share of the picture at t = 1": max(shares),
    }
    seen = {"largest SNR(1) of a picture's mean brightness": max(hidden)}
    return verdict("C13", summary | measured | seen, max(noises) < ROUNDING_POWER and max(shares) < MAX_PICTURE_SHARE)
