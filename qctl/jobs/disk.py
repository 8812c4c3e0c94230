"""Room on the disk: a ballast that is let go when it is full, and a floor below which nothing new is accepted.

On a full disk even deleting a row needs room, so cancelling and holding would fail without the ballast.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from .errors import DiskFullError

BALLAST = "ballast"
BALLAST_BYTES = 64 * 2**20
LEAST_SHARE = 0.05
LEAST_BYTES = 2 * 2**30

Room = Callable[[Path], tuple[int, int]]


def room_on(folder: Path) -> tuple[int, int]:
    """Return the bytes of the disk that holds a folder, and how many of them are free."""
    usage = shutil.disk_usage(folder)
    return usage.total, usage.free


class Disk:
    """Watches the room of a state folder.

    Parameters
    ----------
    room : says total and free bytes
    ballast : size of the file that is kept for bad days
    """

    def __init__(self, folder: Path, *, room: Room = room_on, ballast: int = BALLAST_BYTES) -> None:
        self.folder, self._room, self._size = folder, room, ballast
        self.path = folder / BALLAST

    def least(self, total: int) -> int:
        """Return the free bytes below which nothing new is accepted: 5 %, and at most 2 GiB."""
        return int(min(LEAST_SHARE * total, LEAST_BYTES))

    def is_full(self) -> bool:
        """Say whether the disk is too full for new jobs."""
        total, free = self._room(self.folder)
        return free < self.least(total)

    def refuse_when_full(self) -> None:
        """Raise DiskFullError when the disk is too full for new jobs."""
        total, free = self._room(self.folder)
        if free < self.least(total):
            raise DiskFullError(
                f"{free / 2**20:.0f} MiB are free",
                allowed=f"at least {self.least(total) / 2**20:.0f} MiB",
                where=str(self.folder),
                remedy="free some space; accepted jobs are safe, and may be cancelled and held",
            )

    def load(self) -> None:
        """Lay the ballast down, where there is room for it."""
        total, free = self._room(self.folder)
        if self.path.exists() or free < self.least(total) + self._size:
            return
        with self.path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, self._size)
            os.fsync(file.fileno())

    def drop(self) -> bool:
        """Let the ballast go; return whether there was any."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True
