"""One owner for a state folder: whoever holds its lock; and no folder on a disk that lies about flushes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qctl.core.errors import QctlError

from .exits import TAKEN

NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs"}


class TakenError(QctlError):
    """Another process owns this state folder."""

    exit_code = TAKEN


@contextmanager
def owned(folder: Path, name: str) -> Iterator[None]:
    """Hold a lock of a state folder; it ends with this process, however that ends.

    Raises
    ------
    TakenError
        When another process holds it.
    """
    path = folder / f"{name}.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as reason:
            owner = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            raise TakenError(
                f"process {owner or 'unknown'} serves this state folder already",
                where=str(folder),
                remedy="stop it, or name another folder with --state",
            ) from reason
        os.truncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def refuse_network_disk(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> None:
    """Raise when a folder is on a network file system, where locks and flushes do not mean what they say."""
    place, kind, longest = folder.resolve(), "", -1
    for line in mounts.read_text("utf-8", "replace").splitlines():
        words = line.split()
        at = Path(words[1].replace("\\040", " "))
        if (place == at or at in place.parents) and len(words[1]) >= longest:
            kind, longest = words[2], len(words[1])
    if kind in NETWORK:
        raise QctlError(
            f"its disk is {kind}", allowed="a local disk", where=str(folder), remedy="name another folder with --state"
        )
