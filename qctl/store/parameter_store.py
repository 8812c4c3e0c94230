"""The parameter store: everything ever found, and numbered snapshots of what is believed.

History and snapshots are only added to. A snapshot is committed whole by compare-and-set on its parent: of two that
follow the same one, the first wins and the second is told. Going back is a new snapshot with old content.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

import apsw

from qctl.core.errors import ParameterError
from qctl.core.parameters import Parameters

from . import database, read, write
from .difference import Change, difference
from .errors import StoreError
from .finding import Finding, Status, judged
from .rows import Commit
from .schema import SCHEMA, VERSION

FILE = "qctl.sqlite"
Wanted = Callable[[Mapping[str, int]], Mapping[str, int]]


class ParameterStore:
    """What is known of one laboratory, in a file that holds many.

    Threads may share one store; processes open their own. Nothing is created before the first write: a store without
    a file is empty. Best used in ``with``.

    Attributes
    ----------
    path : the SQLite file
    laboratory : whose parameters these are
    """

    def __init__(self, path: Path, laboratory: str) -> None:
        self.path, self.laboratory = path, laboratory
        self._lock = RLock()
        self._reads: apsw.Connection | None = None
        self._writes: apsw.Connection | None = None
        self._fault = ""

    @classmethod
    def open(cls, path: Path, laboratory: str) -> Self:
        """Open a store: ``path`` is its file, named ``*.sqlite``, or the state folder that holds ``qctl.sqlite``.

        Raises
        ------
        StoreError
            When there is a file that is no store, or one of another version.
        """
        store = cls(path if path.suffix == ".sqlite" else path / FILE, laboratory)
        with store._lock, database.refusals(store.path):
            store._reader()
        return store

    @property
    def newest(self) -> int:
        """Return the number of the newest snapshot; 0 before the first."""
        with self._reading() as reader:
            return read.newest(reader, self.laboratory) if reader else 0

    def snapshot(self, number: int | None = None) -> Parameters:
        """Return a snapshot, by default the newest; snapshot 0 is empty.

        Raises
        ------
        ParameterError
            When there is no such snapshot.
        StoreError
            When it is not what was committed.
        """
        with self._reading() as reader:
            number = self._known(reader, number)
            held = self._findings(reader, number)
            note = read.known_commit(reader, self.laboratory, number)[0].note if reader and number else ""
        estimates = {name: found.estimate for name, found in held.items()}
        return Parameters(estimates, number, note, number - 1 if number else None)

    def findings(self, number: int | None = None) -> dict[str, Finding]:
        """Return what a snapshot holds with verdict and provenance, by name."""
        with self._reading() as reader:
            return self._findings(reader, self._known(reader, number))

    def commits(self) -> tuple[Commit, ...]:
        """Return the heads of all snapshots, oldest first."""
        with self._reading() as reader:
            return tuple(read.commits(reader, self.laboratory)) if reader else ()

    def history(self, name: str, since: float | None = None) -> tuple[Finding, ...]:
        """Return everything found of one parameter, rejected or not, in the order in which it was stored.

        Parameters
        ----------
        since : leave out what was measured before, seconds since 1970

        Raises
        ------
        ParameterError
            When nothing was ever found of it.
        """
        with self._reading() as reader:
            found = tuple(read.findings(reader, self.laboratory, name)) if reader else ()
            if not found:
                raise _unknown(name, read.names(reader, self.laboratory) if reader else [], self.laboratory)
        return tuple(one for one in found if since is None or one.estimate.time >= since)

    def diff(self, before: int, after: int | None = None) -> tuple[Change, ...]:
        """Return what changed between two snapshots; ``after`` is the newest by default."""
        return difference(self.snapshot(before), self.snapshot(after))

    def commit(self, changes: Iterable[Finding], parent: int, note: str, *, author: str = "") -> int:
        """Add findings and one snapshot in which they replace what ``parent`` holds; return its number.

        Parameters
        ----------
        changes : one or more; rejected ones go into the history only
        parent : the snapshot on which they are founded, as read before measuring
        note : why
        author : who or what commits

        Raises
        ------
        LostRaceError
            When ``parent`` is not the newest snapshot any more; nothing was written.
        ParameterError
            When a finding must not be stored, or none is accepted; nothing was written.
        """
        added = tuple(changes)
        if all(one.status is Status.REJECTED for one in added):
            raise ParameterError(
                "no change to commit", allowed="at least one that is not rejected", remedy="use record for the others"
            )
        return self._commit(added, lambda newest: newest, parent, note, author)

    def record(self, rejected: Iterable[Finding]) -> None:
        """Keep findings in the history that change nothing."""
        found = tuple(rejected)
        believed = next((one for one in found if one.status is not Status.REJECTED), None)
        if believed:
            raise ParameterError(f"{believed.name}, which is {believed.status}", allowed="rejected findings")
        with self._writing() as writer:
            write.add(writer, self.laboratory, found, 0)

    def revert(self, number: int, *, parent: int | None = None, note: str = "", author: str = "") -> int:
        """Add a snapshot with exactly the content of an older one; return its number."""
        old = self._rows(number)
        return self._commit((), lambda _: old, parent, note or f"back to snapshot {number}", author)

    def apply(self, number: int, *, parent: int | None = None, note: str = "", author: str = "") -> int:
        """Add a snapshot in which the values of an older one replace the newest; what the old one lacks stays."""
        old = self._rows(number)
        return self._commit((), lambda now: {**now, **old}, parent, note or f"values of snapshot {number}", author)

    def replace(
        self, parameters: Parameters, *, parent: int | None = None, reason: str, note: str = "", author: str = ""
    ) -> int:
        """Add a snapshot that holds exactly ``parameters``, the new ones marked as set by hand; return its number."""
        with self._lock:
            base = self.newest if parent is None else parent
            kept = self.snapshot(base).estimates
            new = {name: known for name, known in parameters.estimates.items() if kept.get(name) != known}
            added = judged(new, Status.MANUAL, reason=reason, judge=author)
            names = parameters.estimates.keys()
            return self._commit(added, lambda now: {n: row for n, row in now.items() if n in names}, base, note, author)

    def verify(self) -> int:
        """Read the whole file, of all laboratories; return how many rows were checked.

        Raises
        ------
        StoreError
            When anything is not as it was written.
        """
        with self._reading() as reader:
            return read.verify(reader) if reader else 0

    def close(self) -> None:
        """Close both connections; the log is moved into the file."""
        with self._lock, database.refusals(self.path):
            writer, reader, self._writes, self._reads = self._writes, self._reads, None, None
            if reader:
                reader.close()
            if writer:
                writer.close()  # the last one out moves the log into the file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _commit(self, added: tuple[Finding, ...], kept: Wanted, parent: int | None, note: str, author: str) -> int:
        with self._writing() as writer:
            return write.commit(writer, self.laboratory, added, kept, parent, note, author, time.time())

    def _rows(self, number: int) -> dict[str, int]:
        """Return by name which rows of the history a snapshot holds; they never change."""
        with self._reading() as reader:
            self._known(reader, number)
            held = read.contents(reader, self.laboratory, number) if reader else {}
        return {name: row for name, (row, _, _) in held.items()}

    def _findings(self, reader: apsw.Connection | None, number: int) -> dict[str, Finding]:
        held = read.contents(reader, self.laboratory, number) if reader else {}
        return {name: found for name, (_, _, found) in held.items()}

    def _known(self, reader: apsw.Connection | None, number: int | None) -> int:
        last = read.newest(reader, self.laboratory) if reader else 0
        if number is not None and not 0 <= number <= last:
            raise read.no_snapshot(number, self.laboratory, last)
        return last if number is None else number

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection | None]:
        with self._lock, database.refusals(self.path):
            reader = self._reader()
            if reader is None or reader.in_transaction:
                yield reader
                return
            with database.transaction(reader, "DEFERRED"):
                yield reader

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        with self._lock, database.refusals(self.path):
            if self._fault:
                raise StoreError(
                    f"no more writing after a fault of the disk ({self._fault})",
                    where=str(self.path),
                    remedy="look at the system's log, then open the store again",
                )
            try:
                writer = self._writer()
                with database.transaction(writer, "IMMEDIATE"):
                    yield writer
                database.checkpoint(writer)
            except apsw.IOError as fault:
                self._fault = str(fault)  # a flush that failed once may seem to work the next time
                raise

    def _reader(self) -> apsw.Connection | None:
        if self._reads is None and self.path.exists():
            self._reads = database.open_reader(self.path, VERSION)
        return self._reads

    def _writer(self) -> apsw.Connection:
        if self._writes is None:
            database.create(self.path, SCHEMA, VERSION)
            if database.was_left_open(self.path):
                self.verify()  # before a writer moves the log into a file that may be damaged
            self._writes = database.open_writer(self.path, VERSION)
        return self._writes


def _unknown(name: str, known: list[str], laboratory: str) -> ParameterError:
    from difflib import get_close_matches

    if not known:
        return ParameterError(
            f"nothing was ever found of {name!r}: the store is empty", where=laboratory, remedy="run qctl calibrate"
        )
    near = get_close_matches(name, known)
    return ParameterError(
        f"nothing was ever found of {name!r}",
        allowed=f"one of {len(known)} parameters" + (f", such as {', '.join(near)}" if near else ""),
        where=laboratory,
    )
