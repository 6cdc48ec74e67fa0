"""Animations of frames (N, H, W, 3) uint8: GIF, and MP4 where the machine has an encoder, else animated WebP.

The last frame is shown for a second and a half. A GIF has 256 colours a frame, chosen for each frame by median cut and
k-means and not dithered, because the dots would look like noise. MP4 is H.264 with halved colour resolution and
small losses, which every browser plays; the WebP is exact. The encoder is the program `ffmpeg`, if there is one.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.export.frames import spread

LAST_FRAME_MS = 1500  # that the last frame is shown
MAX_FRAMES = 60  # of a GIF or WebP, which a long run would make tens of megabytes large
ENCODER = "ffmpeg"
ENCODER_TIMEOUT_S = 60
PALETTE_PIXELS = 4000  # of a frame that its 256 colours are chosen by: all of them would take ten times as long

Frames = NDArray[np.uint8]


def gif(frames: Frames, fps: float) -> bytes:
    """Return a GIF that runs in a loop, of at most MAX_FRAMES frames.

    More frames are thinned out, evenly and always with the first and the last; they are shown at the same rate, so
    the animation becomes shorter. fps: frames per second; times are rounded to the 10 ms that a GIF knows. Raises
    ValueError for no frames.
    """
    images = [_in_256_colours(frame) for frame in _thinned(frames)]
    return _animated(images, "GIF", _durations(len(images), fps))


def webp(frames: Frames, fps: float) -> bytes:
    """Return an animated WebP without loss; thinned out and looped like the GIF. Raises ValueError for no frames."""
    images = [Image.fromarray(f) for f in _thinned(frames)]
    # the quickest setting: noise can hardly be packed tighter by searching longer
    return _animated(images, "WEBP", _durations(len(images), fps), lossless=True, quality=20, method=0)


def video(frames: Frames, fps: float) -> tuple[bytes, str]:
    """Return the animation and its extension: "mp4" with every frame, or "webp" where no encoder is found or it fails.

    Raises ValueError for no frames.
    """
    encoder = shutil.which(ENCODER)
    if encoder and len(frames):
        try:
            return _mp4(encoder, frames, fps), "mp4"
        except (OSError, subprocess.SubprocessError):
            pass  # an encoder without H.264, or one that hangs: the other way needs none
    return webp(frames, fps), "webp"


def _mp4(encoder: str, frames: Frames, fps: float) -> bytes:
    """Return H.264 by the program `encoder`. Raises OSError or SubprocessError when it fails or takes too long."""
    height, width = frames.shape[1:3]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "animation.mp4"
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{fps:g}", "-i", "pipe:0"]
        # halved colour resolution needs even sides
        filters = f"pad=ceil(iw/2)*2:ceil(ih/2)*2,tpad=stop_mode=clone:stop_duration={LAST_FRAME_MS / 1000:g}"
        coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p"]
        subprocess.run(
            [encoder, "-loglevel", "error", *source, "-vf", filters, *coding, "-movflags", "+faststart", str(path)],
            input=np.ascontiguousarray(frames).reshape(-1).data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=ENCODER_TIMEOUT_S,
            check=True,
        )
        return path.read_bytes()


def _in_256_colours(frame: NDArray[np.uint8]) -> Image.Image:
    """Return a frame (H, W, 3) with a palette of its own; nearest colours, no dithering."""
    colours = frame.reshape(1, -1, 3)
    sample = Image.fromarray(np.ascontiguousarray(colours[:, :: max(1, colours.shape[1] // PALETTE_PIXELS)]))
    palette = sample.quantize(256, Image.Quantize.MEDIANCUT, kmeans=1)
    return Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)


def _thinned(frames: Frames) -> Frames:
    if len(frames) == 0:
        raise ValueError("an animation needs at least one frame")
    return frames[spread(len(frames), MAX_FRAMES)]


def _durations(count: int, fps: float) -> list[int]:
    """Return the milliseconds of each frame, in tens."""
    return [10 * round(100 / fps)] * (count - 1) + [LAST_FRAME_MS]


def _animated(images: list[Image.Image], kind: str, durations: list[int], **settings: object) -> bytes:
    file = io.BytesIO()
    images[0].save(file, kind, save_all=True, append_images=images[1:], duration=durations, loop=0, **settings)
    return file.getvalue()
