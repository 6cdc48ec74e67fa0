"""A run of a sampler as files: animations, frames, curves and everything that was measured."""

from explorer.export.animation import gif, video
from explorer.export.archive import zip_of_frames
from explorer.export.formats import FORMATS, Export, Format
from explorer.export.frames import animation_frames, x0_frame, x_frame
from explorer.export.tables import curves_csv, everything_json

__all__ = [
    "FORMATS",
    "Export",
    "Format",
    "curves_csv",
    "everything_json",
    "animation_frames",
    "gif",
    "video",
    "x0_frame",
    "x_frame",
    "zip_of_frames",
]
