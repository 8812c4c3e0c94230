"""What names stand for, scope by scope."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..builder import Qubits
from ..tape import Place, Target
from ..values import Type


@dataclass(frozen=True, slots=True)
class Variable:
    """A classical variable.

    Parameters
    ----------
    places : one for each bit of a register of bits, one for each element of anything else, row by row
    fixed : it never changes
    const : it is visible in subroutines, and sizes may depend on it
    """

    type: Type
    places: tuple[Place, ...]
    fixed: bool = False
    const: bool = False


@dataclass(frozen=True, slots=True)
class Subroutine:
    """A ``def``, as it stands in the text."""

    node: Any


@dataclass(frozen=True, slots=True)
class Extern:
    """A subroutine that somebody else would have to run."""

    node: Any


class PulseEntity:
    """A port, frame or waveform."""

    __slots__ = ()


Entity = Variable | Qubits | Subroutine | Extern | PulseEntity


@dataclass(slots=True)
class Frame:
    """Names of one call of a subroutine, or of the program; ``result`` takes what it returns."""

    scopes: list[dict[str, Entity]] = field(default_factory=lambda: [{}])
    end: Target = field(default_factory=Target)
    result: Variable | None = None
    loops: list[tuple[Target, Target]] = field(default_factory=list)  # behind the loop, behind this round of it


class Names:
    """All frames; a subroutine sees its own names, and of the program's constants and subroutines."""

    def __init__(self) -> None:
        self.frames = [Frame()]

    @property
    def frame(self) -> Frame:
        """Return the frame of the subroutine that runs."""
        return self.frames[-1]

    @property
    def is_global(self) -> bool:
        """Say whether a declaration here is one of the whole program."""
        return len(self.frames) == 1 and len(self.frame.scopes) == 1

    def find(self, name: str) -> Entity | None:
        """Return what a name stands for here."""
        for scope in reversed(self.frame.scopes):
            if name in scope:
                return scope[name]
        found = self.frames[0].scopes[0].get(name)
        if isinstance(found, Qubits) or (isinstance(found, Variable) and not found.const):
            return None
        return found

    def declare(self, name: str, entity: Entity) -> bool:
        """Give a name a meaning; say whether it was free in this scope."""
        scope = self.frame.scopes[-1]
        free = name not in scope
        scope[name] = entity
        return free
