"""A text with a name: every error of a reader says where in it, as name:line:column."""

from __future__ import annotations

from dataclasses import dataclass, field

from qctl.core.errors import ProgramError


class UnsupportedError(ProgramError):
    """What a reader does not know, though it has a meaning."""


class TooLargeError(ProgramError):
    """What passes a limit of a reader."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one program.

    Parameters
    ----------
    text : the program
    name : file name or other origin, for messages
    """

    text: str
    name: str
    _asked: list[int] = field(default_factory=lambda: [0, 1, 0], repr=False, compare=False)
    """The last place that was asked for, its line, and where that begins: each branch of a program asks for its own."""

    def where(self, start: int) -> str:
        """Return ``name:line:column`` of a character, both counted from 1."""
        place, line, line_start = self._asked
        if start < place:
            place, line, line_start = 0, 1, 0
        if n_lines := self.text.count("\n", place, start):
            line, line_start = line + n_lines, self.text.rfind("\n", place, start) + 1
        self._asked[:] = start, line, line_start
        return f"{self.name}:{line}:{start - line_start + 1}"

    def wrong(self, asked: str, start: int, allowed: str = "", remedy: str = "") -> ProgramError:
        """Return the error for a text that means nothing."""
        return ProgramError(asked, allowed=allowed, where=self.where(start), remedy=remedy)

    def unsupported(self, what: str, start: int, remedy: str = "") -> UnsupportedError:
        """Return the error for what has a meaning that this reader does not know yet."""
        note = "this is not supported"
        return UnsupportedError(what, where=self.where(start), remedy=f"{note}: {remedy}" if remedy else note)

    def too_large(self, what: str, number: object, limit: int, start: int) -> TooLargeError:
        """Return the error for what passes a limit of the reader."""
        return TooLargeError(
            f"{number} {what}",
            allowed=f"at most {limit}",
            where=self.where(start),
            remedy="more is not supported: raise the limits of the reader if this program is meant",
        )
