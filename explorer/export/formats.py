"""What a run can be exported as; an interface offers the table FORMATS row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from explorer.export import animation
from explorer.export.archive import zip_of_frames
from explorer.export.frames import animation_frames
from explorer.export.tables import curves_csv, everything_json
from explorer.schemas import OctaveMap, SampledStep, SamplingPlan, SamplingRequest

FRAMES_PER_SECOND = 10.0  # steps of the run in a second of the animation
MIME_TYPES = {
    "gif": "image/gif",
    "mp4": "video/mp4",
    "webp": "image/webp",
    "zip": "application/zip",
    "csv": "text/csv",
    "json": "application/json",
}


@dataclass(frozen=True)
class Export:
    """A file with its name and media type."""

    data: bytes
    filename: str
    mime: str


# (plan, steps, octaves, card) -> the file's bytes and extension
Writer = Callable[[SamplingPlan, Sequence[SampledStep], OctaveMap, dict[str, Any]], tuple[bytes, str]]


@dataclass(frozen=True)
class Format:
    """One kind of file that a run can be exported as."""

    title: str
    extensions: tuple[str, ...]  # that a file of it may have, the usual one first
    write: Writer

    def make(
        self, plan: SamplingPlan, steps: Sequence[SampledStep], octaves: OctaveMap, card: dict[str, Any]
    ) -> Export:
        """Return the file of a run.

        steps: all that were taken. card: of the model that was run, for its hash. Raises ValueError for no steps.
        """
        if not steps:
            raise ValueError("there is nothing to export before the first step")
        data, extension = self.write(plan, steps, octaves, card)
        return Export(data, f"{stem(plan.request)}.{extension}", MIME_TYPES[extension])


def stem(request: SamplingRequest) -> str:
    """Return a file name without extension, of small letters, digits and hyphens: noise-scale-heun-30-seed-0."""
    return f"noise-scale-{request.sampler}-{request.steps}-seed-{request.seed}"


FORMATS: dict[str, Format] = {
    "gif": Format(
        "Animation as GIF, at most 60 frames",
        ("gif",),
        lambda plan, steps, octaves, card: (animation.gif(animation_frames(plan, steps), FRAMES_PER_SECOND), "gif"),
    ),
    "mp4": Format(
        "Animation as MP4, or as animated WebP where there is no encoder",
        ("mp4", "webp"),
        lambda plan, steps, octaves, card: animation.video(animation_frames(plan, steps), FRAMES_PER_SECOND),
    ),
    "zip": Format(
        "Frames as PNG in a ZIP archive",
        ("zip",),
        lambda plan, steps, octaves, card: (zip_of_frames(plan, steps, card), "zip"),
    ),
    "csv": Format(
        "Curves as CSV",
        ("csv",),
        lambda plan, steps, octaves, card: (curves_csv(plan, steps, octaves).encode(), "csv"),
    ),
    "json": Format(
        "Everything but the pictures as JSON",
        ("json",),
        lambda plan, steps, octaves, card: (everything_json(plan, steps, octaves, card).encode(), "json"),
    ),
}
