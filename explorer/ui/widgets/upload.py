"""The upload button of the tabs."""

from __future__ import annotations

import gradio as gr

from explorer.server.picture_upload import upload_button


def build_upload(label: str = "Your picture…", elem_id: str = "upload") -> gr.UploadButton:
    """Return the button, in a column with this elem_id; its `upload` event passes bytes for `read_picture`."""
    with gr.Column(elem_id=elem_id, elem_classes="upload", scale=0, min_width=120):
        return upload_button(label, file_types=["image"], size="sm")
