"""The disk of a simulated AWG: files by their full path, as the MMEMory commands see them.

Source: AWG5200 Series programmer manual 077-1337, command group Mass memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PureWindowsPath

from .device import Handler
from .message import Parameter
from .values import ScpiError, block, definite, quoted, string, whole
from .waveform_list import Lists
from .wfmx import read_seqx, read_wfmx

HOME = "\\Users\\OEM\\Documents"
_MAX_BYTES = 1 << 31


class MassMemory:
    """Files on drive C, and loading them into the lists."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._folder = HOME
        self.files: dict[str, bytes] = {}  # keys in small letters: Windows does not tell them apart

    def commands(self) -> Iterable[tuple[str, Handler]]:
        """Return the commands under MMEMory."""
        return (
            ("MMEMory:CDIRectory", self._change),
            ("MMEMory:CDIRectory?", lambda: quoted(self._folder)),
            ("MMEMory:MDIRectory", lambda name: self._path(name) and None),
            ("MMEMory:MSIS?", lambda: quoted("C:")),
            ("MMEMory:DELete", self._delete),
            ("MMEMory:CATalog?", self._catalog),
            ("MMEMory:DATA", self._write),
            ("MMEMory:DATA?", self._read),
            ("MMEMory:DATA:SIZE?", lambda name: str(len(self._content(name)))),
            ("MMEMory:OPEN", self._open),
            ("MMEMory:OPEN:SASSet[:WAVeform]", self._open),
            ("MMEMory:OPEN:SASSet:SEQuence", self._open),
        )

    def _path(self, name: Parameter) -> str:
        given = PureWindowsPath(string(name))
        if given.drive.upper() not in ("", "C:"):
            raise ScpiError(-257, str(given)[:60])
        return str(PureWindowsPath(self._folder, given.relative_to(given.drive) if given.drive else given)).lower()

    def _content(self, name: Parameter) -> bytes:
        try:
            return self.files[self._path(name)]
        except KeyError:
            raise ScpiError(-256, str(name)[:60]) from None

    def _change(self, name: Parameter) -> None:
        given = PureWindowsPath(string(name))
        self._folder = str(PureWindowsPath(self._folder, given.relative_to(given.drive) if given.drive else given))

    def _delete(self, name: Parameter) -> None:
        self._content(name)
        del self.files[self._path(name)]

    def _catalog(self, *_: Parameter) -> str:
        used = sum(map(len, self.files.values()))
        here = [
            (PureWindowsPath(path).name, len(content))
            for path, content in self.files.items()
            if PureWindowsPath(path).parent == PureWindowsPath(self._folder.lower())
        ]
        return ",".join([str(used), str(_MAX_BYTES - used), *(quoted(f"{name},,{size}") for name, size in here)])

    def _write(self, name: Parameter, *start_and_block: Parameter) -> None:
        data, path = block(start_and_block[-1] if start_and_block else ""), self._path(name)
        start = whole(start_and_block[0]) if len(start_and_block) > 1 else 0
        before = self.files.get(path, b"")[:start]
        if len(before) < start:
            raise ScpiError(-222, f"start {start}")
        if sum(map(len, self.files.values())) + len(data) > _MAX_BYTES:
            raise ScpiError(-225, f"{len(data)} bytes")
        self.files[path] = before + bytes(data)

    def _read(self, name: Parameter, start: Parameter = "0", size: Parameter | None = None) -> bytes:
        content, first = self._content(name), whole(start)
        return definite(content[first:] if size is None else content[first : first + whole(size)])

    def _open(self, name: Parameter, *_: Parameter) -> None:
        content, path = self._content(name), PureWindowsPath(string(name))
        if path.suffix.lower() == ".wfmx":
            self._lists.add_waveform(path.stem, read_wfmx(content))
        elif path.suffix.lower() == ".seqx":
            waveforms, sequences = read_seqx(content)
            for waveform_name, waveform in waveforms.items():
                self._lists.add_waveform(waveform_name, waveform)
            for sequence in sequences:
                self._lists.add_sequence(sequence)
        else:
            raise ScpiError(-257, path.name[:60])
