"""From the upload button to a picture, with explorer.images as the only decoder.

gr.UploadButton(type="binary") stores what arrives under a name of its own and hands over its bytes; unlike gr.Image
it never opens them. What the file is called, and what the browser says it is, plays no part.
"""

from __future__ import annotations

import gradio as gr
import numpy as np

from explorer.images import ImageRefused, decode, fit

LARGEST_SQUARE = 1024  # pixels; twice the largest working size, a thirtieth of the memory of 24 megapixels


def build_upload(label: str = "Your picture…") -> gr.UploadButton:
    """The button; its `upload` event passes bytes to `read_picture`."""
    return gr.UploadButton(label, type="binary", file_types=["image"], elem_id="upload", size="sm", scale=0)


def read_picture(data: bytes | None) -> np.ndarray:
    """The centre square of an uploaded picture, uint8 (S, S, 3), S <= LARGEST_SQUARE, never enlarged.

    Raises gr.Error with one plain sentence when the bytes cannot be used.
    """
    try:
        picture = decode(data or b"")
    except ImageRefused as refused:
        raise gr.Error(str(refused), print_exception=False, title="This picture cannot be used") from None
    return fit(picture, min(LARGEST_SQUARE, *picture.shape[:2]))
