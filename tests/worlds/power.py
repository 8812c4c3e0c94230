"""A disk with a cache: what was not flushed may be lost or torn when the power fails."""

from pathlib import Path

import apsw

USUAL = apsw.vfs_names()[0]
SECTOR = 512


class Disk(apsw.VFS):
    """Remembers of each file what a flush made durable, and the writes since then."""

    def __init__(self, log_bytes_seen):
        self.durable, self.pending, self.seen = {}, {}, log_bytes_seen
        super().__init__("disk with a cache", USUAL, makedefault=True)

    def xOpen(self, name, flags):  # noqa: N802 (of apsw)
        path = Path(name if isinstance(name, str) else name.filename())
        if path not in self.durable:
            self.durable[path] = bytearray(path.read_bytes() if path.exists() else b"")
            self.pending[path] = []
        return CachedFile(self, path, name, flags)

    def after_a_cut(self, rng):
        """Return what each file may hold when the power fails now: any of the cached sectors are lost."""
        return {path.name: played(whole, self.pending[path], rng) for path, whole in self.durable.items()}


class CachedFile(apsw.VFSFile):
    def __init__(self, disk, path, name, flags):
        self.disk, self.path = disk, path
        super().__init__(USUAL, name, flags)

    def xWrite(self, data, offset):  # noqa: N802 (of apsw)
        super().xWrite(data, offset)
        self.disk.pending[self.path].append((offset, bytes(data)))
        self.disk.seen()

    def xTruncate(self, size):  # noqa: N802 (of apsw)
        super().xTruncate(size)
        self.disk.pending[self.path].append((size, None))

    def xSync(self, flags):  # noqa: N802 (of apsw)
        super().xSync(flags)
        disk, path = self.disk, self.path
        disk.durable[path], disk.pending[path] = played(disk.durable[path], disk.pending[path], None), []
        disk.seen()


def played(whole, writes, rng):
    """Return a file after its cached writes; with ``rng``, each of their sectors arrives or not."""
    content = bytearray(whole)
    for offset, data in writes:
        if data is None:
            if rng is None or rng.random() < 0.5:
                del content[offset:]
            continue
        for start in range(0, len(data), SECTOR):
            if rng is None or rng.random() < 0.5:
                end = offset + start + len(data[start : start + SECTOR])
                content.extend(bytes(max(0, end - len(content))))
                content[offset + start : end] = data[start : start + SECTOR]
    return content
