"""OpenQASM 2 and 3 to Program."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from qctl.core.errors import ProgramError, UsageError
from qctl.core.program import Program

from .builder import Durations, ProgramBuilder
from .gate import Gate
from .glance import refuse_many_names
from .library import BUILT_IN, BUILT_IN_2, STDGATES
from .limits import ReadLimits
from .openqasm2 import Reader2
from .openqasm3 import Reader3
from .source import Source, TooLargeError, UnsupportedError
from .sweep import Inputs, joined, points_of
from .tokens import COMMENT, OPENQASM_2, OPENQASM_2_STRICT, OPENQASM_3, Cursor

_EMPTY = replace(OPENQASM_3, space=re.compile(rf"(?:[ \t\r\n;]++|{COMMENT})*+"))
_VERSION = re.compile(r"OPENQASM\b(?:[ \t\r\n]++|//[^\n]*+)*+([0-9]*)")
_ONLY_3 = re.compile(
    r"\b(?:qubit|bit|let|const|int|uint|float|bool|duration|stretch|delay|gphase|ctrl|negctrl|inv|pow|for|while|def|cal|input|output|switch|angle|complex|array|stretch"
    r"|defcal|box|stdgates\.inc)\b|/\*|=[ \t]*measure\b|\$[0-9]"
)
_ONLY_2 = re.compile(r"\b(?:qreg|creg|opaque|qelib1\.inc)\b")
_LOOKED_AT = 65536


def read_openqasm(
    text: str,
    *,
    name: str = "<text>",
    limits: ReadLimits | None = None,
    version: int | None = None,
    strict: bool = False,
    inputs: Inputs | None = None,
    durations: Durations | None = None,
) -> Program:
    """Return the program that a text describes.

    Parameters
    ----------
    text : OpenQASM 2 or 3
    name : file name, for messages
    limits : sizes above which the text is refused
    version : 2 or 3 where the text does not say it; otherwise its words decide
    strict : hold OpenQASM 2 to the letter of its publication
    inputs : values of the program's inputs, by name; rows of values of one length are the points of a sweep
    durations : how long events on physical qubits last, for programs that ask

    Raises
    ------
    ProgramError
        When the text is no program, is larger than the limits, or uses what is not supported; ``where`` is
        ``name:line:column``.
    """
    limits = limits or ReadLimits()
    source = Source(text, name)
    if len(text) > limits.characters:
        raise source.too_large("characters of text", len(text), limits.characters, 0)
    if (statements := text.count(";")) > 2 * limits.events:
        raise source.too_large("statements", statements, 2 * limits.events, 0)
    refuse_many_names(source, limits)
    if strict or _version(source, version) == 2:
        if inputs:
            raise UsageError("inputs of an OpenQASM 2 program, which has none", allowed="OpenQASM 3")
        builder = ProgramBuilder(source, limits)
        builder.names.update(BUILT_IN_2)
        reader_2 = Reader2(Cursor(source, OPENQASM_2_STRICT if strict else OPENQASM_2, limits), builder)
        reader_2.read_version()
        return reader_2.read()
    read = _Reader(source, limits, durations)
    points, n_events = list[Program](), 0
    for values in points_of(inputs or {}, limits.points):
        points.append(read.point(values))
        n_events += len(points[-1].events)
        if n_events > limits.events:
            raise source.too_large("events of all sweep points", n_events, limits.events, 0)
    return joined(points)


_LONG = 10_000  # characters: longer texts are not read in vain up to their first loop
_FLOW_WORDS = ("if", "for", "while", "switch", "def", "box")
_FLOW = re.compile(rf"[;{{}}\n][ \t\r\n]*+(?:{'|'.join(_FLOW_WORDS)})\b")
_FLOW_LOOKED_AT = 4 * 2**20


class _Reader:
    """Reads OpenQASM 3, as a stream of gates where that is all it is; otherwise through its syntax tree."""

    def __init__(self, source: Source, limits: ReadLimits, durations: Durations | None) -> None:
        self._source, self._limits, self._durations = source, limits, durations
        self._lower: Callable[[dict[str, object]], Program] | None = None

    def point(self, inputs: dict[str, object]) -> Program:
        """Return the program for one set of inputs."""
        if self._lower is not None:
            return self._lower(inputs)
        if len(self._source.text) > _LONG and _has_flow(self._source.text):
            return self._tree(inputs)
        try:
            return self._stream(inputs)
        except TooLargeError:
            raise
        except UnsupportedError:
            return self._tree(inputs)
        except ProgramError as reason:
            try:
                return self._tree(inputs)
            except ProgramError as other:
                raise max(reason, other, key=_place) from None  # whoever came farther knows better

    def _stream(self, inputs: dict[str, object]) -> Program:
        # Programs for simulators often leave out the include: its gates are known anyway, unless one has its own.
        fallback: dict[str, Gate] = dict(STDGATES)
        builder = ProgramBuilder(self._source, self._limits, fallback, inputs)
        builder.names.update(BUILT_IN)
        reader = Reader3(Cursor(self._source, OPENQASM_3, self._limits), builder)
        reader.read_version()
        return reader.read()

    def _tree(self, inputs: dict[str, object]) -> Program:
        from .tree import lower, parse  # the parser takes 0.1 s to import

        tree = parse(self._source, self._limits)
        self._lower = lambda values: lower(tree, self._source, self._limits, values, self._durations)
        return self._lower(inputs)


def _has_flow(text: str) -> bool:
    """Say at a glance whether there is control flow; words are found ten times as quickly as places for them."""
    head = text[:_FLOW_LOOKED_AT]
    return any(word in head for word in _FLOW_WORDS) and _FLOW.search(head) is not None


def _place(reason: ProgramError) -> tuple[int, int]:
    """Return line and column of an error."""
    *_, line, column = f"::{reason.where}".split(":")
    return (int(line), int(column)) if line.isdigit() and column.isdigit() else (0, 0)


def _version(source: Source, preferred: int | None) -> int:
    start = _EMPTY.skip(source.text, 0)
    declared = _VERSION.match(source.text, start)
    if declared is not None:
        if declared[1] not in ("", "2", "3"):
            raise _unknown_version(source, start, declared[1])
        return int(declared[1] or 2)
    if preferred is not None:
        return preferred
    head = re.sub(r"//[^\n]*", "", source.text[:_LOOKED_AT])
    return 2 if _ONLY_2.search(head) and not _ONLY_3.search(head) else 3


def _unknown_version(source: Source, start: int, number: str) -> ProgramError:
    return source.wrong(f"OpenQASM {number[:20]}", start, "versions 2 and 3")
