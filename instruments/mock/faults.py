"""What goes wrong on purpose: a seeded script of faults, given as data when an instrument starts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, cast


class Fate(Enum):
    """What becomes of one reply."""

    SENT = "sent"
    LATE = "late"  # comes in front of the reply after it, or after ``late_seconds``
    LOST = "lost"
    DUPLICATED = "duplicated"
    SWAPPED = "swapped"  # changes places with the next reply
    TRUNCATED = "truncated"  # cut off in the middle, terminator and all
    DISCONNECTED = "disconnected"  # the link closes in the middle


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Probabilities per event (0: never, 1: always), drawn from ``seed``.

    Parameters
    ----------
    late, lost, duplicated, swapped, truncated, disconnected : fate of a reply
    late_seconds : how late a late reply comes
    disconnect_after : bytes of a reply that still go out before a disconnection; None draws it
    stuck_opc : ``*OPC?`` never answers
    endless_errors : ``SYSTem:ERRor?`` never comes to an end
    dropped_triggers : a trigger edge is not seen by the instrument
    kept_waveform : an upload reports success and changes nothing
    ignored_setting : a setting is taken without an error and changes nothing
    identity : answers ``*IDN?`` with this: another instrument, another firmware
    noise : of each byte on a serial line, either way: it is spoilt, lost, or one more comes
    deaf_to_clear : a device clear over HiSLIP is never acknowledged
    after : replies that go well before the fate of replies, or the identity, changes
    """

    seed: int = 0
    late: float = 0.0
    late_seconds: float = 0.2
    lost: float = 0.0
    duplicated: float = 0.0
    swapped: float = 0.0
    truncated: float = 0.0
    disconnected: float = 0.0
    disconnect_after: int | None = None
    stuck_opc: float = 0.0
    endless_errors: bool = False
    dropped_triggers: float = 0.0
    kept_waveform: float = 0.0
    ignored_setting: float = 0.0
    identity: str = ""
    noise: float = 0.0
    deaf_to_clear: bool = False
    after: int = 0

    @classmethod
    def from_mapping(cls, data: Mapping[str, float | bool | int | str]) -> Faults:
        """Build from plain data, such as JSON; an unknown name is a KeyError."""
        known = {field.name for field in fields(cls)}
        if not known.issuperset(data):
            raise KeyError(", ".join(sorted(set(data) - known)))
        return cls(**cast(dict[str, Any], data))


class FaultScript:
    """Draws what happens, event after event, the same for the same seed and instrument."""

    def __init__(self, faults: Faults, name: str = "") -> None:
        self.plan = faults
        self._random = random.Random(f"{faults.seed} {name}")
        self._replies = 0
        self.history: list[Fate] = []

    @property
    def endless_errors(self) -> bool:
        """Say whether the error queue never empties."""
        return self.plan.endless_errors

    def reply_fate(self) -> Fate:
        """Draw what becomes of the next reply."""
        self._replies += 1
        if self._replies <= self.plan.after:
            return Fate.SENT
        chances = [(fate, getattr(self.plan, fate.value)) for fate in Fate if fate is not Fate.SENT]
        drawn = self._random.random() if any(chance for _, chance in chances) else 1.0
        for fate, chance in chances:
            drawn -= chance
            if drawn < 0:
                self.history.append(fate)
                return fate
        return Fate.SENT

    def cut(self, length: int) -> int:
        """Draw how many bytes of a reply of ``length`` still go out: at least none, at most all but one."""
        if self.plan.disconnect_after is not None:
            return min(self.plan.disconnect_after, max(length - 1, 0))
        return self._random.randrange(max(length, 1))

    def stuck_opc(self) -> bool:
        """Draw whether this ``*OPC?`` hangs."""
        return self._happens(self.plan.stuck_opc)

    def keeps_waveform(self) -> bool:
        """Draw whether this upload changes nothing."""
        return self._happens(self.plan.kept_waveform)

    def ignores_setting(self) -> bool:
        """Draw whether this setting changes nothing."""
        return self._happens(self.plan.ignored_setting)

    def identity(self, true: str) -> str:
        """Return the identity that is given now."""
        return self.plan.identity if self.plan.identity and self._replies >= self.plan.after else true

    def drops_trigger(self) -> bool:
        """Draw whether this trigger is missed."""
        return self._happens(self.plan.dropped_triggers)

    def spoil(self, data: bytes) -> bytes:
        """Return what a noisy serial line makes of some bytes."""
        if not self.plan.noise:
            return data
        out = bytearray()
        for byte in data:
            if not self._happens(self.plan.noise):
                out.append(byte)
                continue
            what = self._random.randrange(3)
            if what == 0:
                out.append(byte ^ (1 << self._random.randrange(8)))
            elif what == 1:
                out += bytes([byte, self._random.randrange(256)])
        return bytes(out)

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self._random.random() < chance
