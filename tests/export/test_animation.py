"""Animations: every frame as it was, the last one held, and no encoder needed."""

import io
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from explorer.core.noise import generator
from explorer.export import animation, gif, video

COUNT = 13
FFMPEG = shutil.which("ffmpeg")
needs_ffmpeg = pytest.mark.skipif(not FFMPEG, reason="no ffmpeg on this machine")


@pytest.fixture(scope="module")
def frames():
    """(13, 64, 192, 3): on the left smooth colours that move, on the right fresh noise, in squares of two pixels."""
    y, x = np.mgrid[0:64, 0:96] / 64
    smooth = [np.stack([np.sin(4 * x + 0.4 * i + c) * np.cos(3 * y) for c in range(3)], -1) for i in range(COUNT)]
    noise = generator(0, "film").integers(0, 256, (COUNT, 32, 48, 3)).repeat(2, 1).repeat(2, 2)
    return np.concatenate([(127.5 * (1 + np.stack(smooth))).astype(int), noise], axis=2).astype(np.uint8)


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


def decoded(data):
    """(frames (N, H, W, 3), milliseconds of each, number of loops) of an animation."""
    image, shown, times = Image.open(io.BytesIO(data)), [], []
    for i in range(image.n_frames):
        image.seek(i)
        shown.append(np.asarray(image.convert("RGB")))
        times.append(image.info["duration"])
    return np.stack(shown), times, image.info["loop"]


def grey_ramp(count, height=8, width=10):
    """Frames of which frame i is grey i everywhere."""
    return np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, height, width, 3))


def test_a_gif_keeps_every_frame_and_holds_the_last(frames):
    shown, times, loop = decoded(gif(frames, 10))
    assert shown.shape == frames.shape and times == [100] * (COUNT - 1) + [1500] and loop == 0
    for ours, theirs in zip(frames, shown, strict=True):
        assert psnr(ours[:, :96], theirs[:, :96]) > 30 and psnr(ours, theirs) > 25


def test_a_webp_is_exact(frames):
    shown, times, loop = decoded(animation.webp(frames, 5))
    np.testing.assert_array_equal(shown, frames)
    assert times == [200] * (COUNT - 1) + [1500] and loop == 0


@pytest.mark.parametrize("write", [gif, animation.webp])
def test_a_long_animation_is_thinned_evenly_from_first_to_last(write):
    shown, times, _ = decoded(write(grey_ramp(201), 10))
    levels = shown[:, 0, 0, 0].astype(int)
    assert len(levels) == len(times) == 60 and levels[0] == 0 and levels[-1] == 200
    assert set(np.diff(levels)) <= {3, 4}
    assert len(decoded(write(grey_ramp(60), 10))[0]) == 60
    assert np.all(decoded(write(grey_ramp(1), 10))[0] == 0)


@pytest.mark.parametrize("write", [gif, animation.webp, video])
def test_no_frames_are_refused(write):
    with pytest.raises(ValueError, match="at least one frame"):
        write(grey_ramp(0), 10)


ENCODERS = {
    "none": None,
    "refuses": "raise SystemExit(1)",
    "writes nothing": "import sys; sys.stdin.buffer.read()",
    "hangs": "import time; time.sleep(600)",  # longer than any time limit
}


@pytest.mark.parametrize("code", ENCODERS.values(), ids=ENCODERS)
def test_without_a_working_encoder_an_animation_is_webp(code, frames, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(animation, "ENCODER_TIMEOUT_S", 2)
    if code:
        program = tmp_path / animation.ENCODER
        program.write_text(f"#!{sys.executable}\n{code}\n")
        program.chmod(0o755)
    data, extension = video(frames, 10)
    assert extension == "webp"
    np.testing.assert_array_equal(decoded(data)[0], frames)


def raw_video(data, path):
    """The bytes rgb24 of an MP4, decoded by ffmpeg."""
    path.write_bytes(data)
    command = [FFMPEG, "-loglevel", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout, np.uint8)


@needs_ffmpeg
def test_an_mp4_shows_every_frame_and_holds_the_last(frames, tmp_path):
    data, extension = video(frames, 10)
    assert extension == "mp4" and b"avc1" in data
    assert 0 < data.index(b"moov") < data.index(b"mdat")  # plays before all of it is there
    shown = raw_video(data, tmp_path / "animation.mp4").reshape(-1, *frames.shape[1:])
    assert len(shown) == COUNT + 15
    for i, theirs in enumerate(shown):
        ours = frames[min(i, COUNT - 1)]
        assert psnr(ours[:, :96].mean(-1), theirs[:, :96].mean(-1)) > 32  # colour is kept at half the resolution


@needs_ffmpeg
def test_odd_sides_are_padded(tmp_path):
    data, extension = video(grey_ramp(3, 33, 41), 10)
    assert extension == "mp4"
    assert raw_video(data, tmp_path / "animation.mp4").size == (3 + 15) * 34 * 42 * 3
