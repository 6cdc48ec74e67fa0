"""Delete uploads that have been read, and what failed uploads leave behind.

Gradio moves an upload into a folder of its own and deletes it there in time. Where the request was refused half way, or
named its file part otherwise, the file is left in the folder itself, and nothing would ever delete it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from gradio.blocks import Blocks

from explorer.server import gradio_patches

# An upload that is going well has been moved into a folder of its own long before; one that has been read may be
# another visitor's, too, who sent the same bytes and waits in the queue.
UPLOAD_RETENTION_S = 60.0

_read_at: dict[Path, float] = {}  # files that have been handed to a handler, and when


def note_read(path: Path) -> None:
    """Remember that a handler has this file's bytes, so that nothing needs the file afterwards."""
    _read_at[path] = time.time()


def sweep_uploads(retention_s: float = UPLOAD_RETENTION_S) -> list[str]:
    """Delete what was read, or left behind by failed uploads, `retention_s` ago or earlier; return the paths."""
    deleted, oldest = _delete_read(retention_s), time.time() - retention_s
    with contextlib.suppress(OSError):  # another may sweep at the same time
        for path in gradio_patches.upload_folder().iterdir():
            if path.is_file() and path.stat().st_mtime <= oldest:
                path.unlink(missing_ok=True)
                deleted.append(str(path))
    return deleted


def forget_uploads(blocks: Blocks, deleted: Sequence[str]) -> None:
    """Cross deleted files off Gradio's lists, unless the same bytes have been sent again; event loop only."""
    gradio_patches.forget_files(blocks, [path for path in deleted if not Path(path).exists()])


def _delete_read(retention_s: float) -> list[str]:
    """Delete the files that were read a while ago, unless somebody has sent the same bytes again since."""
    deleted, now = [], time.time()
    for path, read_at in list(_read_at.items()):  # handlers add to it meanwhile
        if now - read_at < retention_s:
            continue
        _read_at.pop(path, None)
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < read_at:
                path.unlink()
                deleted.append(str(path))
    return deleted
