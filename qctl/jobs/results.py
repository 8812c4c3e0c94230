"""Results as files that never change, named by the SHA-256 of what they hold.

A file gets its name when all of it is on the disk, and the folder is flushed before anybody is told: the row that
names it never stands for less than the whole.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from .crash_points import crash_point
from .errors import DamagedError

FOLDER = "results"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ResultFiles:
    """Files by hash in ``results/aa/``, where ``aa`` are the first two digits.

    Parameters
    ----------
    folder : state folder, there already
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / FOLDER
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def keep(self, data: bytes) -> str:
        """Write bytes so that they survive a loss of power; return their SHA-256, hex."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        crash_point("results.write.before")
        if path.exists() and self._holds(path, sha256):
            return sha256
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with NamedTemporaryFile(dir=self.folder, prefix="new-", delete=False) as unfinished:
            try:
                unfinished.write(data[: len(data) // 2])
                crash_point("results.write.half")
                unfinished.write(data[len(data) // 2 :])
                unfinished.flush()
                crash_point("results.flush.before")
                os.fsync(unfinished.fileno())
                os.fchmod(unfinished.fileno(), 0o444)
                crash_point("results.link.before")
                with suppress(FileExistsError):  # the same content, written at the same time
                    path.hardlink_to(unfinished.name)
            finally:
                Path(unfinished.name).unlink()
        crash_point("results.link.after")
        for folder in (path.parent, self.folder):
            _flush(folder)
        crash_point("results.folder.after")
        return sha256

    def read(self, sha256: str) -> bytes:
        """Return the bytes of a result.

        Raises
        ------
        DamagedError
            When the file is missing, is no plain file, or holds something else.
        """
        path = self.path(sha256)
        try:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except OSError as reason:
            raise DamagedError(f"it cannot be read ({reason.strerror})", where=f"result {sha256[:8]}") from reason
        with os.fdopen(handle, "rb") as file:
            data = file.read()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DamagedError("its file holds something else", where=f"result {sha256[:8]}", remedy="restore a backup")
        return data

    def path(self, sha256: str) -> Path:
        """Return where a result is kept."""
        if not _SHA256.fullmatch(sha256):
            raise DamagedError(f"{sha256[:80]!r} is no hash", allowed="64 hexadecimal digits")
        return self.folder / sha256[:2] / sha256

    def kept(self) -> Iterator[str]:
        """Yield the hashes of all files."""
        for path in sorted(self.folder.glob("??/*")):
            if _SHA256.fullmatch(path.name):
                yield path.name

    def sweep(self) -> int:
        """Remove what a process that died left unfinished; return how many files."""
        left = list(self.folder.glob("new-*"))
        for path in left:
            path.unlink()
        return len(left)

    @staticmethod
    def _holds(path: Path, sha256: str) -> bool:
        return not path.is_symlink() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
