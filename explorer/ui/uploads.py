"""From the upload button to a picture, with explorer.images as the only decoder.

gr.UploadButton(type="binary") stores what arrives under a name of its own and hands over its bytes; unlike gr.Image
it never opens them. What the file is called, and what the browser says it is, plays no part.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder

from explorer.images import ImageRefused, decode_square

LARGEST_SQUARE = 1024  # pixels; twice the largest working size, a thirtieth of the memory of 24 megapixels

ABANDONED = 60.0  # seconds; an upload that is going well has been moved into a folder of its own long before


def build_upload(label: str = "Your picture…", elem_id: str = "upload") -> gr.UploadButton:
    """The button, with its file input inside #elem_id; its `upload` event passes bytes to `read_picture`."""
    with gr.Column(elem_id=elem_id, elem_classes="upload", scale=0, min_width=120):
        return gr.UploadButton(label, type="binary", file_types=["image"], size="sm")


def read_picture(data: bytes | None) -> np.ndarray:
    """The centre square of an uploaded picture, uint8 (S, S, 3), S <= LARGEST_SQUARE, never enlarged.

    Raises gr.Error with one plain sentence when the bytes cannot be used.
    """
    try:
        return decode_square(data or b"", LARGEST_SQUARE)
    except ImageRefused as refused:
        raise gr.Error(str(refused), print_exception=False, title="This picture cannot be used") from None


def sweep(age: float = ABANDONED) -> int:
    """Delete what failed uploads have left behind in Gradio's folder, older than `age` seconds; how many files.

    Gradio moves an upload into a folder of its own and deletes it there in time. Where the request was refused half
    way, or named its file part otherwise, the file is left in the folder itself, and nothing would ever delete it.
    """
    swept, oldest = 0, time.time() - age
    with contextlib.suppress(OSError):  # another may sweep at the same time
        for path in Path(get_upload_folder()).iterdir():
            if path.is_file() and path.stat().st_mtime <= oldest:
                path.unlink(missing_ok=True)
                swept += 1
    return swept
