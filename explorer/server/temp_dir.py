"""Where uploads wait: a folder of this server's own, and an end to the folders that killed servers have left behind.

Each server holds a lock in its folder for as long as it lives; a folder whose lock is free belongs to nobody any more.
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

TEMP_DIR_VARIABLE = "GRADIO_TEMP_DIR"  # where the folders are, if this is set; Gradio reads it anew for each upload
LOCK_NAME = "lock"
FOLDER_PREFIX = "server-"


@dataclass(frozen=True)
class TempDir:
    """The folder, and the lock that tells others that it is in use."""

    folder: Path
    lock: FileLock
    swept: int  # folders of servers that are gone, which have been deleted

    def close(self) -> None:
        """Delete the folder with all that is in it."""
        self.lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)


def create_temp_dir(place: Path | None = None) -> TempDir:
    """Make a folder below `place` and have Gradio and Python put temporary files there; sweep the abandoned ones.

    place: else GRADIO_TEMP_DIR, else one in the system's temporary folder. Raises TempDirRefused.
    """
    try:
        place = place or Path(os.environ.get(TEMP_DIR_VARIABLE) or _default_place())
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(place / LOCK_NAME, timeout=10):  # nobody else makes or sweeps a folder meanwhile
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
    """A folder of this user's; another's of the same name is not used."""
    place = Path(tempfile.gettempdir()) / f"noise-scale-explorer-{getpass.getuser()}"
    if hasattr(os, "getuid") and place.exists() and place.stat().st_uid != os.getuid():
        return Path(tempfile.mkdtemp(prefix="noise-scale-explorer-"))
    return place


def _delete_abandoned(folder: Path) -> bool:
    """Delete a server's folder unless that server lives; whether it was deleted."""
    try:
        with FileLock(folder / LOCK_NAME, timeout=0):
            pass
    except (Timeout, OSError):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
