"""Program messages as they come over a link: where one ends, its units, their parameters, and blocks without a copy.

IEEE 488.2, chapter 7. A message ends at a newline outside of strings and blocks, at END, or with a definite block that
nothing follows: some drivers (QCoDeS's for the AWG5208) send no terminator behind a block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

Parameter = str | memoryview
"""Text as it was sent (strings with their quotes), or the payload of a block."""

_BLOCK = "\x00"  # stands for a block in the text of a message; sent as such it becomes \x01, which no command accepts
_MARK = re.compile(rb"""[\n"'#]""")
_NOTABLE = re.compile(r"""\"[^"]*"?|'[^']*'?|[();,]""")
_TEXT_SPACE = 1 << 16
MAX_TEXT = 1 << 20  # a message this long without its end is garbage, not a message


class GarbledMessageError(ValueError):
    """Bytes that cannot be a program message; the link must be closed."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One command or query: header as sent, ``?`` included, and its parameters."""

    header: str
    parameters: tuple[Parameter, ...]


class Scanner:
    """Cut a stream of bytes into messages. ``space`` says where the next bytes belong: blocks land where they stay."""

    def __init__(self) -> None:
        self._incoming = bytearray(_TEXT_SPACE)
        self.forget()

    def forget(self) -> None:
        """Drop everything unfinished (device clear)."""
        self._rest = b""
        self._text: list[str] = []
        self._blocks: list[memoryview] = []
        self._block: memoryview | None = None
        self._filled = 0
        self._ended_by_block = False

    @property
    def unfinished(self) -> bool:
        """Say whether a message has begun and not ended."""
        return bool(self._rest.strip() or self._text or self._blocks or self._block is not None)

    def space(self, at_most: int | None = None) -> memoryview:
        """Return the memory that the next received bytes belong into."""
        memory = memoryview(self._incoming) if self._block is None else self._block[self._filled :]
        return memory if at_most is None else memory[:at_most]

    def received(self, n_bytes: int) -> Iterator[tuple[Unit, ...]]:
        """Take ``n_bytes`` that were written into ``space`` and yield each message that is complete."""
        if self._block is None:
            self._rest += bytes(memoryview(self._incoming)[:n_bytes])
        else:
            self._filled += n_bytes
            if self._filled < len(self._block):
                return
            yield from self._finish_block()
        yield from self._scan()

    def feed(self, data: bytes) -> Iterator[tuple[Unit, ...]]:
        """Take bytes from anywhere; the same as writing them into ``space`` piece by piece."""
        view = memoryview(data)
        while view:
            space = self.space(len(view))
            space[:] = view[: len(space)]
            yield from self.received(len(space))
            view = view[len(space) :]

    def end(self) -> Iterator[tuple[Unit, ...]]:
        """END was seen: what is there is a whole message."""
        if self._block is not None:
            self.forget()
            raise GarbledMessageError("END inside a block")
        self._take(len(self._rest))
        yield from self._finish_message()

    def _scan(self) -> Iterator[tuple[Unit, ...]]:
        position = 0
        while mark := _MARK.search(self._rest, position):
            position = mark.start()
            if mark[0] == b"\n":
                self._take(position)
                self._rest = self._rest[1:]
                yield from self._finish_message()
                position = 0
            elif mark[0] == b"#":
                start = self._block_start(position)
                if start is None:
                    return self._check_length()
                if start == position:  # no block: a number such as #HFF, or part of a word
                    position += 1
                    continue
                yield from self._begin_block(position, start)
                if self._block is not None:
                    return None
                position = 0
            else:
                closing = self._rest.find(mark[0], position + 1)
                if closing < 0:
                    return self._check_length()
                position = closing + 1
        return self._check_length()

    def _check_length(self) -> None:
        if len(self._rest) > MAX_TEXT:
            self.forget()
            raise GarbledMessageError(f"more than {MAX_TEXT} bytes without an end")

    def _block_start(self, mark: int) -> int | None:
        """Return where the payload begins, ``mark`` itself when this is no block, None when more bytes are needed."""
        before = self._rest[:mark].rstrip(b" ")[-1:]
        if before not in (b",", b"") and self._rest[mark - 1 : mark] != b" ":
            return mark
        if mark + 1 >= len(self._rest):
            return None
        n_digits = self._rest[mark + 1] - ord("0")
        if not 1 <= n_digits <= 9:
            return mark
        start = mark + 2 + n_digits
        if start > len(self._rest):
            return None
        return start if self._rest[mark + 2 : start].isdigit() else mark

    def _begin_block(self, mark: int, start: int) -> Iterator[tuple[Unit, ...]]:
        length = int(self._rest[mark + 2 : start])
        self._take(mark)
        payload = memoryview(self._rest)[start - mark : start - mark + length]
        # numpy.empty does not touch the memory; bytearray would write it once before the link does.
        self._block, self._filled = np.empty(length, np.uint8).data, len(payload)
        self._block[: self._filled] = payload
        self._rest = self._rest[start - mark + self._filled :]
        if self._filled == length:
            yield from self._finish_block()

    def _finish_block(self) -> Iterator[tuple[Unit, ...]]:
        assert self._block is not None
        self._text.append(_BLOCK)
        self._blocks.append(self._block.toreadonly())
        self._block = None
        following = self._rest.lstrip(b" \r")[:1]
        if following not in (b",", b";", b"\n") or following == b"":
            yield from self._finish_message()

    def _take(self, n_bytes: int) -> None:
        self._text.append(self._rest[:n_bytes].replace(b"\0", b"\x01").decode("latin-1"))
        self._rest = self._rest[n_bytes:]

    def _finish_message(self) -> Iterator[tuple[Unit, ...]]:
        text, blocks = "".join(self._text), iter(self._blocks)
        self._text, self._blocks = [], []
        units = tuple(_unit(part, blocks) for part in _split(text, ";") if part.strip())
        if units:
            yield units


def _unit(text: str, blocks: Iterator[memoryview]) -> Unit:
    header, _, rest = text.strip().partition(" ")
    if "\t" in header:
        header, _, rest = text.strip().partition("\t")
    parameters = [part.strip() for part in _split(rest, ",")] if rest.strip() else []
    return Unit(header, tuple(next(blocks) if part == _BLOCK else part for part in parameters))


def _split(text: str, separator: str) -> list[str]:
    """Split at separators outside of strings and parentheses."""
    if separator not in text:
        return [text]
    parts, start, depth = [], 0, 0
    for found in _NOTABLE.finditer(text):
        letter = found[0]
        if letter == separator and depth == 0:
            parts.append(text[start : found.start()])
            start = found.end()
        elif letter in "()":
            depth += 1 if letter == "(" else -1
    return [*parts, text[start:]]
