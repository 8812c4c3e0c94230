"""How a sequence of an AWG5200 branches: where each step goes, without an event and with one.

Source: AWG5200 Series Programmer Manual (077-1337), "Command descriptions", groups Sequence and Trigger. An edge at
trigger input B while a step plays makes its event jump the next step, when the step has ended (JTIMing END). How long
before the end the edge must come is not in the manual: `EVENT_SETUP` is assumed, and to be measured on the bench first.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qctl.transport import Command, Word, command

EVENT_SETUP = 2e-6  # s
EVENT_LEVEL = 1.0  # V at input B, for markers of 3.3 V
_STEP = "SLISt:SEQuence:STEP"
_FIRST, _EVENT, _NO_EVENT = Word("FIRSt"), Word("BTRigger"), Word("OFF")


def flow_commands(sequence: str, jumps: NDArray[np.int32]) -> Iterator[Command]:
    """Yield what makes a sequence branch; ``jumps`` as in a `Playlist`."""
    yield command("SLISt:SEQuence:EVENt:JTIMing", sequence, Word("END"))
    for number, (otherwise, event) in enumerate(jumps.tolist(), start=1):
        yield command(f"{_STEP}{number}:GOTO", sequence, _place(otherwise))
        yield command(f"{_STEP}{number}:EJINput", sequence, _NO_EVENT if event < 0 else _EVENT)
        if event >= 0:
            yield command(f"{_STEP}{number}:EJUMp", sequence, _place(event))


def flow_queries(sequence: str, jumps: NDArray[np.int32]) -> Iterator[tuple[Command, str]]:
    """Yield how to ask for each of these, and what must be answered."""
    yield command("SLISt:SEQuence:EVENt:JTIMing?", sequence), "END"
    for number, (otherwise, event) in enumerate(jumps.tolist(), start=1):
        yield command(f"{_STEP}{number}:WINPut?", sequence), "" if number == 1 else "OFF"
        yield command(f"{_STEP}{number}:GOTO?", sequence), str(_place(otherwise))
        yield command(f"{_STEP}{number}:EJINput?", sequence), str(_NO_EVENT if event < 0 else _EVENT)
        if event >= 0:
            yield command(f"{_STEP}{number}:EJUMp?", sequence), str(_place(event))


def _place(step: int) -> int | Word:
    return _FIRST if step == 0 else step + 1


def assignments(sequence: str, number: int, step: list[int], names: list[str]) -> list[Command]:
    """Return what each channel plays in one step: the waveform of this name; -1 is none."""
    return [
        command(f"SLISt:SEQuence:STEP{number}:TASSet{channel}:WAVeform", sequence, names[waveform])
        for channel, waveform in enumerate(step, start=1)
        if waveform >= 0
    ]
