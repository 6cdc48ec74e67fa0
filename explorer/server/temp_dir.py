"""A folder of temporary files per server, and the removal of folders of servers that were killed.

Each server holds a lock in its folder while it runs; a folder whose lock is free is abandoned.
"""

from __future__ import annotations

import getpass
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from explorer.errors import TempDirRefused

TEMP_DIR_VARIABLE = "GRADIO_TEMP_DIR"  # parent of the folders; Gradio reads it at each upload
LOCK_NAME = "lock"
FOLDER_PREFIX = "server-"


@dataclass(frozen=True)
class TempDir:
    """A server's folder of temporary files, and the lock that marks it as in use."""

    folder: Path
    lock: FileLock
    swept: int  # number of abandoned folders that were deleted

    def close(self) -> None:
        """Release the lock and delete the folder with its contents."""
        self.lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)


def create_temp_dir(place: Path | None = None) -> TempDir:
    """Create a folder below `place`, make it Gradio's and Python's temporary folder, and delete abandoned ones.

    place: by default GRADIO_TEMP_DIR, else a folder in the system's temporary folder
    Raise TempDirRefused when the folder cannot be created.
    """
    try:
        place = place or Path(os.environ.get(TEMP_DIR_VARIABLE) or _default_place())
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(place / LOCK_NAME, timeout=10):  # no other server creates or deletes folders meanwhile
            swept = sum(map(_delete_abandoned, place.glob(f"{FOLDER_PREFIX}*")))
            folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=place))
            lock = FileLock(folder / LOCK_NAME)
            lock.acquire(timeout=0)
    except OSError as error:
        reason = error.strerror or "it cannot be used"
        raise TempDirRefused(
            f"There is no folder for temporary files: {reason}; {TEMP_DIR_VARIABLE} names another one."
        ) from None
    os.environ[TEMP_DIR_VARIABLE] = tempfile.tempdir = str(folder)
    return TempDir(folder, lock, swept)


def _default_place() -> Path:
    """Return a folder of this user in the system's temporary folder, a new one if another user owns that name."""
    place = Path(tempfile.gettempdir()) / f"noise-scale-explorer-{getpass.getuser()}"
    if hasattr(os, "getuid") and place.exists() and place.stat().st_uid != os.getuid():
        return Path(tempfile.mkdtemp(prefix="noise-scale-explorer-"))
    return place


def _delete_abandoned(folder: Path) -> bool:
    """Delete a server's folder unless its lock is held; return whether it was deleted."""
    try:
        with FileLock(folder / LOCK_NAME, timeout=0):
            pass
    except (Timeout, OSError):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
