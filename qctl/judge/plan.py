"""What a laboratory file says that a hidden truth is drawn around: wiring, first guesses, who is near whom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from qctl.core.errors import ConfigError
from qctl.core.laboratory import InstrumentEntry, Laboratory
from qctl.core.parameters import Parameters
from qctl.platforms import platform_of
from qctl.platforms.superconducting import Superconducting
from qctl.platforms.wiring import sample_rate

from .chance import Chance


@dataclass(frozen=True)
class Plan:
    """A laboratory seen by who draws a twin of it.

    Raises
    ------
    ConfigError
        When the laboratory is of another platform, or lacks a guess without which nobody could begin.
    """

    laboratory: Laboratory
    seed: int

    def __post_init__(self) -> None:
        lab = self.laboratory
        if lab.platform != Superconducting.name:
            raise ConfigError(f"a twin of platform {lab.platform!r}", allowed=Superconducting.name, where=lab.name)
        wanted = [f"{q}.{part}" for q in lab.qubits for part in ("frequency", "readout.frequency")]
        wanted += [f"{line}.bias" for line, wiring in lab.lines.items() if wiring.bias is not None]
        missing = [name for name in wanted if name not in self.known]
        if missing:
            raise ConfigError(
                f"no first guess of {', '.join(missing)}", allowed="a value in first_guess", where=lab.path or lab.name
            )

    @cached_property
    def known(self) -> Parameters:
        """Return all first guesses, completed by what the platform assumes."""
        return platform_of(self.laboratory).defaults(self.laboratory)

    def chance(self, name: str) -> Chance:
        """Return the random numbers of one target."""
        return Chance.of(self.seed, name)

    def full_scale(self, line: str) -> float:
        """Return the full scale of the outputs that feed a line, V."""
        port = self.laboratory.lines[line].outputs[0]
        found = self.laboratory.instruments[port.instrument].full_scale
        if found is None:
            raise ConfigError("no full_scale", allowed="a voltage", where=port.instrument)
        return found

    def rate(self, line: str) -> float:
        """Return the sample rate of the outputs that feed a line, Hz."""
        return sample_rate(self.laboratory, self.laboratory.lines[line].outputs[0])

    def carrier(self, line: str) -> float:
        """Return the frequency of the source that a line is mixed with, Hz."""
        source = self.laboratory.lines[line].mixed_with
        found = None if source is None else self.laboratory.instruments[source].frequency
        if found is None:
            raise ConfigError("no carrier frequency", allowed="a source with a frequency", where=line)
        return found

    def digitizer(self, line: str) -> InstrumentEntry:
        """Return the digitizer at the end of a feedline."""
        back = self.laboratory.lines[line].back
        if back is None:
            raise ConfigError("no way back", allowed="a feedline", where=line)
        return self.laboratory.instruments[back[0].instrument]

    def on_feedline(self, line: str) -> tuple[str, ...]:
        """Return the qubits read out by one feedline, by guessed frequency."""
        mine = (name for name, qubit in self.laboratory.qubits.items() if qubit.readout == line)
        return tuple(sorted(mine, key=lambda q: self.known[f"{q}.readout.frequency"]))

    def ordered(self, coupling: str) -> tuple[str, str]:
        """Return the lower and the higher qubit of a coupling, as guessed."""
        low, high = sorted(self.laboratory.couplings[coupling].pair, key=lambda q: self.known[f"{q}.frequency"])
        return low, high

    @cached_property
    def neighbours(self) -> dict[str, frozenset[str]]:
        """Return the qubits that each qubit is coupled to."""
        pairs = [c.pair for c in self.laboratory.couplings.values()]
        return {q: frozenset(b for p in pairs if q in p for b in p if b != q) for q in self.laboratory.qubits}

    @cached_property
    def near(self) -> dict[str, frozenset[str]]:
        """Return the qubits that feel a qubit's line: its neighbours and those that share a neighbour with it."""
        around = self.neighbours
        return {q: frozenset(around[q].union(*(around[n] for n in around[q])) - {q}) for q in around}
