"""Pulse by pulse: what plays on which line of a laboratory, beside its own gates."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Seq
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from qctl.core.axis import Axis, Number, Swept, axes_of
from qctl.core.errors import ProgramError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Op, Program
from qctl.platforms.waits import waits
from qctl.platforms.wiring import station_tick

from .circuit import Circuit
from .draft import Draft, Places, kept, real
from .frame import Frame, Sound, pulse_of
from .value import Measured


class Known(Protocol):
    """A laboratory and what is known of it: `qctl.Lab` is one."""

    @property
    def laboratory(self) -> Laboratory:
        """Return what the laboratory's file says."""

    @property
    def parameters(self) -> Parameters:
        """Return what is known now."""


class Pulses(Circuit):
    """A program on the qubits of one laboratory, by their names: gates as they are calibrated, and any pulses beside.

    What is said of one qubit happens one after the other; different qubits do not wait for each other, but at a
    `barrier`.

    Parameters
    ----------
    lab : whose lines, qubits and parameters are meant

    Examples
    --------
    >>> import numpy as np
    >>> from qctl import Axis, Lab, Pulses
    >>> lab = Lab.open("transmon5")
    >>> pulses = Pulses(lab)
    >>> amplitude = Axis("amplitude", np.linspace(0, 0.8, 9))
    >>> drive = pulses.drive("q0")
    >>> bit = pulses.play(drive.cosine(amplitude, 32e-9)).measure("q0", "m")
    >>> pulses.program().n_points
    9
    """

    def __init__(self, lab: Known) -> None:
        self.laboratory, self.known = lab.laboratory, lab.parameters
        self._draft = Draft(len(self.laboratory.qubits), physical=True)
        self.changed: dict[str, Number] = {}
        self.traces = False

    @property
    def outer(self) -> tuple[Axis, ...]:
        """Return the axes along which parameters change, and those that `over` puts outside of one of them.

        Each of their points is an upload of its own.
        """
        changed = set(axes_of(list(self.changed.values())))
        return self.axes[: max((k + 1 for k, axis in enumerate(self.axes) if axis in changed), default=0)]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Return what is swept, slowest first; unless `over` says otherwise, parameters change outside of all else."""
        draft = self._draft
        return tuple(dict.fromkeys([*draft.named, *axes_of(list(self.changed.values())), *draft.axes]))

    @property
    def tick(self) -> float:
        """Return the step of the laboratory's clock, s: waits and pulses last whole numbers of it."""
        return float(station_tick(self.laboratory))

    def waits(self, name: str, seconds: ArrayLike, *, nearest: bool = False) -> Axis:
        """Return an axis of times on the laboratory's clock.

        Parameters
        ----------
        seconds : s, each a whole number of ticks
        nearest : move times to the nearest tick instead of refusing them; the points of the axis are those played

        Raises
        ------
        LimitError
            When a time is negative or, unless ``nearest``, off the clock; the message names the times beside it.
        """
        asked, tick = Axis(name, seconds, "s").values, station_tick(self.laboratory)
        ticks = np.rint(asked / self.tick) if nearest else asked / self.tick
        return Axis(name, waits(ticks * self.tick, tick) * self.tick, "s")

    def frame(self, line: str, frequency: Number | None = None, on: Iterable[str] | str | None = None) -> Frame:
        """Return a frame on a line: what it plays has its frequency and its phase.

        Parameters
        ----------
        frequency : Hz at the chip; None for lines without a carrier
        on : the qubits that are busy meanwhile, one or two; by default those that the line leads to
        """
        if line not in self.laboratory.lines:
            raise ProgramError(f"the line {line!r}", allowed=", ".join(self.laboratory.lines))
        names = (on,) if isinstance(on, str) else tuple(on) if on is not None else self.laboratory.led_to(line)
        if not 1 <= len(names) <= 2:
            raise ProgramError(
                f"a pulse on {line!r}, which keeps {len(names)} qubits busy", allowed="1 or 2", remedy="name them: on="
            )
        return Frame(line, tuple(self._number(name) for name in names), frequency)

    def drive(self, qubit: str | int) -> Frame:
        """Return a frame on the drive line of a qubit, at the frequency that it is known to have."""
        name = self.laboratory.qubit_names[self._number(qubit)]
        return self.frame(self.laboratory.qubits[name].drive, self.known[f"{name}.frequency"], name)

    def flux(self, of: str) -> Frame:
        """Return a frame without a carrier on the flux line of a qubit, or of a coupling such as ``q0-q1``."""
        owner = self.laboratory.qubits.get(of) or self.laboratory.couplings.get(of)
        if owner is None or owner.flux is None:
            raise ProgramError(f"the flux line of {of!r}", allowed="qubits and couplings that have one")
        return self.frame(owner.flux)

    def play(self, *sounds: Sound) -> Self:
        """Play one sound, or several that begin together; one may wait for the others: ``sound.after(20e-9)``."""
        busy = dict.fromkeys(qubit for sound in sounds for qubit in sound.busy)
        if not 1 <= len(busy) <= 2:
            raise ProgramError(f"a pulse that keeps {len(busy)} qubits busy", allowed="1 or 2")
        numbers = [number for sound in sounds for number in sound.numbers]
        self._draft.add(Op.PULSE, tuple(busy), numbers, pulse=pulse_of(sounds))
        return self

    def capture(self, on: str, name: str | None = None) -> Measured:
        """Measure a qubit, and keep the mean trace of its feedline: ``result.traces``."""
        self.traces = True
        return self.measure(on, name)

    def change(self, parameter: str, value: Number) -> Self:
        """Run with another value of a parameter of the laboratory, or sweep it: ``q0.readout.frequency``, in SI.

        Nothing is stored. Steps of a bias cost an upload each.
        """
        if parameter not in self.known:
            raise ProgramError(f"the parameter {parameter!r}", allowed="one that the laboratory has")
        if not isinstance(value, Swept):
            value = real(f"{parameter} changed to {value!r}", value)
        self.changed[parameter] = value
        return self

    def settings(self, places: Places) -> dict[str, float]:
        """Return the changed parameters where their axes are held."""
        return {name: float(kept(value, places)) for name, value in self.changed.items()}  # type: ignore[arg-type]

    def program(self, shots: int = 1000, places: Places | None = None) -> Program:
        """Return what was written so far, where the axes of changed parameters are held.

        Raises
        ------
        ProgramError
            When parameters are swept and nothing says at which value.
        """
        if places is None and self.changed:
            raise ProgramError(
                "a program whose parameters change", allowed="running it", remedy="pulses.run(lab) does both"
            )
        return self._draft.program(shots, places)

    def _first(self) -> Program:
        return self.program(places=dict.fromkeys(self.outer, 0))

    def _number(self, qubit: int | str) -> int:
        names: Seq[str] = self.laboratory.qubit_names
        if isinstance(qubit, str):
            if qubit not in names:
                raise ProgramError(f"the qubit {qubit!r}", allowed=", ".join(names))
            return names.index(qubit)
        return super()._number(qubit)

    @property
    def _numbers(self) -> str:
        return f"{super()._numbers}, or names: {', '.join(self.laboratory.qubit_names)}"
