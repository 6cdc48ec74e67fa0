"""From the upload button to a picture, with explorer.images.decoder as the only decoder.

gr.UploadButton(type="binary") stores what arrives under a name of its own and hands over its bytes; unlike gr.Image
it never opens them. What the file is called, and what the browser says it is, plays no part.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import gradio as gr
import numpy as np
from gradio.data_classes import FileData
from gradio.utils import get_upload_folder

from explorer.errors import ImageRefused
from explorer.images.decoder import decode_square

MAX_SQUARE_PX = 1024  # pixels; twice the largest working size, a thirtieth of the memory of 24 megapixels

# Seconds that a file is spared. An upload that is going well has been moved into a folder of its own long before; one
# that has been read may be another visitor's, too, who sent the same bytes and waits in the queue.
UPLOAD_RETENTION_S = 60.0

_read: dict[Path, float] = {}  # files that have been handed over, and when


def build_upload(label: str = "Your picture…", elem_id: str = "upload") -> gr.UploadButton:
    """The button, with its file input inside #elem_id; its `upload` event passes bytes to `read_picture`."""
    with gr.Column(elem_id=elem_id, elem_classes="upload", scale=0, min_width=120):
        return upload_button(label, file_types=["image"], size="sm")


def upload_button(label: str, **about: object) -> gr.UploadButton:
    """gr.UploadButton(type="binary"), which remembers what has been read: nothing needs those files afterwards."""
    button = gr.UploadButton(label, type="binary", **about)
    read = button.preprocess  # a class of our own would have Gradio write a file beside it

    def preprocess(payload: FileData | None) -> bytes | None:
        try:
            data = read(payload)
        except FileNotFoundError:
            raise gr.Error("This upload is no longer here; please send it again.", print_exception=False) from None
        if payload is not None:
            _read[Path(payload.path)] = time.time()
        return data

    button.preprocess = preprocess
    return button


def read_picture(data: bytes | None) -> np.ndarray:
    """The centre square of an uploaded picture, uint8 (S, S, 3), S <= MAX_SQUARE_PX, never enlarged.

    Raises gr.Error with one plain sentence when the bytes cannot be used.
    """
    try:
        return decode_square(data or b"", MAX_SQUARE_PX)
    except ImageRefused as refused:
        raise gr.Error(str(refused), print_exception=False, title="This picture cannot be used") from None


def sweep(age: float = UPLOAD_RETENTION_S) -> list[str]:
    """Delete uploads that were read, and what failed ones left behind, `age` seconds ago; returns their paths.

    Gradio moves an upload into a folder of its own and deletes it there in time. Where the request was refused half
    way, or named its file part otherwise, the file is left in the folder itself, and nothing would ever delete it.
    """
    swept, oldest = _delete_read(age), time.time() - age
    with contextlib.suppress(OSError):  # another may sweep at the same time
        for path in Path(get_upload_folder()).iterdir():
            if path.is_file() and path.stat().st_mtime <= oldest:
                path.unlink(missing_ok=True)
                swept.append(str(path))
    return swept


def forget(paths: list[str], blocks: gr.Blocks) -> None:
    """Cross deleted files off Gradio's lists of what was uploaded, where it would leave them for ever.

    In the event loop alone, where Gradio goes through these lists.
    """
    gone = [path for path in paths if not Path(path).exists()]  # the same bytes may have been sent again
    for listed in blocks.temp_file_sets:
        listed.difference_update(gone)


def _delete_read(age: float) -> list[str]:
    """Delete the files that were read a while ago, unless somebody has sent the same bytes again since."""
    deleted, now = [], time.time()
    for path, read in list(_read.items()):  # handlers add to it meanwhile
        if now - read < age:
            continue
        _read.pop(path, None)
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < read:
                path.unlink()
                deleted.append(str(path))
    return deleted
