"""A run of a sampler as pictures: animation frames with captions, and the plain states and estimates.

A frame shows four panels, left to right:

    x / sqrt(1 + sigma^2)     the state, brought to about the same contrast at every level
    x0                        the model's estimate of the clean picture
    eps = (x - x0) / sigma    the noise that it predicts, drawn from -3 to +3 standard deviations
    score = -eps / sigma      where the density of noisy pictures rises; drawn from -3 to +3 in units of 1 / sigma

so the last panel is the third one with its sign turned, which is what the score is. All are clipped for display.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from explorer.schemas import SampledStep, SamplingPlan
from explorer.schemas.noising import DRAWN_EPS_STD

PANELS = ("state x, rescaled", "x0 estimate", "predicted noise", "score, in 1 / sigma")
MIN_PANEL_PX = 192  # width of a panel
GAP_PX = 6  # between panels
LINE_PX = 20  # height of a line of the caption
FONT_PX = 13  # height of its letters
PAPER, INK = (255, 255, 255), (40, 44, 52)  # red, green, blue

Pixels = NDArray[np.uint8]


def x_frame(step: SampledStep) -> Pixels:
    """Return the state at its own resolution, x / sqrt(1 + sigma^2), clipped: uint8 (H, W, 3)."""
    return _pixels(step.x / np.hypot(1.0, step.sigma))


def x0_frame(step: SampledStep) -> Pixels:
    """Return the estimate of the clean picture at its own resolution, clipped: uint8 (H, W, 3)."""
    return _pixels(step.x0)


def panels(step: SampledStep) -> tuple[Pixels, Pixels, Pixels, Pixels]:
    """Return the four pictures of a frame, each uint8 (H, W, 3). Without noise the last two are grey."""
    eps = step.eps / DRAWN_EPS_STD
    return x_frame(step), x0_frame(step), _pixels(eps), _pixels(-eps)


def animation_frames(plan: SamplingPlan, steps: Sequence[SampledStep], scale: int | None = None) -> Pixels:
    """Return the frames of an animation, one per step, uint8 (N, H, W, 3), H and W even.

    Every pixel of a picture becomes a square of `scale` pixels, not smoothed; by default the least whole number that
    makes a panel 192 pixels wide, so 3 at 64 pixels, 2 at 128 and 1 from 256. Below the panels stand their names and
    the step with its level. Raises ValueError for no steps or a scale below 1.
    """
    size = plan.request.size
    scale = max(1, -(-MIN_PANEL_PX // size)) if scale is None else scale
    if len(steps) == 0 or scale < 1:
        raise ValueError("an animation needs at least one step and a scale of at least 1")
    side = size * scale
    lefts = [i * (side + GAP_PX) for i in range(len(PANELS))]
    names = _line(list(zip(lefts, PANELS, strict=True)), lefts[-1] + side)
    frames = np.empty((len(steps), side + 2 * LINE_PX, lefts[-1] + side, 3), np.uint8)
    frames[:] = np.array(PAPER, np.uint8)
    frames[:, side : side + LINE_PX] = names
    for frame, step in zip(frames, steps, strict=True):
        for left, picture in zip(lefts, panels(step), strict=True):
            frame[:side, left : left + side] = picture.repeat(scale, 0).repeat(scale, 1)
        frame[side + LINE_PX :] = _line([(0, caption(plan, step))], frame.shape[1])
    return frames


def caption(plan: SamplingPlan, step: SampledStep) -> str:
    """Return the line below a frame, such as 'step 12 of 30   sigma 0.52'; step 0 is the start."""
    return f"step {step.i} of {plan.request.steps}   sigma {step.sigma:.3g}"


def spread(count: int, max_count: int) -> NDArray[np.intp]:
    """Return at most max_count numbers out of 0 .. count - 1, evenly spaced, with the first and the last.

    max_count: at least 2.
    """
    return np.rint(np.linspace(0, count - 1, min(count, max_count))).astype(np.intp)


def _pixels(values: NDArray[np.floating]) -> Pixels:
    """Return (3, H, W) in [-1, 1] and beyond as uint8 (H, W, 3), clipped and rounded to the nearest, halves to even."""
    return np.rint((np.clip(values, -1, 1).astype(np.float64) + 1) * 127.5).astype(np.uint8).transpose(1, 2, 0)


def _line(texts: list[tuple[int, str]], width: int) -> Pixels:
    """Return one line of the caption with each text at its left end, uint8 (LINE_PX, width, 3)."""
    image = Image.new("RGB", (width, LINE_PX), PAPER)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=FONT_PX)
    for left, text in texts:
        draw.text((left + GAP_PX / 2, LINE_PX / 2), text, fill=INK, font=font, anchor="lm")
    return np.asarray(image)
