"""From an upload button to a picture, with explorer.images.decoder as the only decoder.

gr.UploadButton(type="binary") stores what arrives under a name of its own and hands over its bytes; unlike gr.Image
it never opens them. What the file is called, and what the browser says it is, plays no part.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import FileData

from explorer.images.decoder import decode_square
from explorer.server.error_handling import show_user_errors
from explorer.server.gradio_patches import replace_preprocess
from explorer.server.upload_cleanup import note_read

MAX_SQUARE_PX = 1024  # a side; twice the largest working size, a thirtieth of the memory of 24 megapixels


def upload_button(label: str, **properties: Any) -> gr.UploadButton:  # noqa: ANN401 - passed on unchanged
    """Return a gr.UploadButton(type="binary") whose files are deleted some time after they have been read."""
    button = gr.UploadButton(label, type="binary", **properties)
    replace_preprocess(button, _read_upload)
    return button


def _read_upload(read: Callable[[FileData | None], bytes | None], payload: FileData | None) -> bytes | None:
    try:
        data = read(payload)
    except FileNotFoundError:
        raise gr.Error("This upload is no longer here; please send it again.", print_exception=False) from None
    if payload is not None:
        note_read(Path(payload.path))
    return data


def read_picture(data: bytes | None) -> np.ndarray:
    """Return the centre square of an uploaded picture, uint8 (S, S, 3), S <= MAX_SQUARE_PX, never enlarged.

    Raises gr.Error with one plain sentence when the bytes cannot be used.
    """
    with show_user_errors("This picture cannot be used"):
        return decode_square(data or b"", MAX_SQUARE_PX)
