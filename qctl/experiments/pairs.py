"""Couplings as experiments see them: which qubit is moved, and the flux pulses of a CZ with any amplitudes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qctl.calibrate.outcome import Outcome
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.platforms.known import CZ, value

from .rows import Row, barrier, wait

GUARD = 8e-9  # s around flux pulses: delays of lines that nobody has measured yet do not lay them over drive pulses


@dataclass(frozen=True, slots=True)
class Pair:
    """One coupling.

    Parameters
    ----------
    name : of the coupling
    low, high : physical indices; a CZ moves the qubit of higher frequency
    low_name, high_name : of the qubits
    flux, coupler : flux line of the high qubit and of the coupler
    """

    name: str
    low: int
    high: int
    low_name: str
    high_name: str
    flux: str
    coupler: str


def pairs_of(laboratory: Laboratory, known: Parameters, couplings: Sequence[str]) -> tuple[Pair, ...]:
    """Return the couplings that can be tuned, in order; the others have no CZ by flux."""
    found = []
    for name in couplings:
        coupling = laboratory.couplings[name]
        low, high = sorted(coupling.pair, key=lambda qubit: known[f"{qubit}.frequency"])
        flux, names = laboratory.qubits[high].flux, laboratory.qubit_names
        if flux is not None and coupling.flux is not None:
            found.append(Pair(name, names.index(low), names.index(high), low, high, flux, coupling.flux))
    return tuple(found)


def each_pair(
    laboratory: Laboratory, known: Parameters, couplings: Sequence[str], read: Callable[[int, Pair], Outcome]
) -> tuple[Outcome, ...]:
    """Return an outcome for each coupling.

    Parameters
    ----------
    read : makes it of a pair, and of its number among those that can be tuned; the others were not played
    """
    pairs = {pair.name: (k, pair) for k, pair in enumerate(pairs_of(laboratory, known, couplings))}
    nothing = "the high qubit or the coupler has no flux line"
    return tuple(read(*pairs[name]) if name in pairs else Outcome(name, reason=nothing) for name in couplings)


def qubits_of(pairs: Sequence[Pair]) -> tuple[int, ...]:
    """Return the physical indices of all qubits: low and high of the first pair, of the second, ..."""
    return tuple(qubit for pair in pairs for qubit in (pair.low, pair.high))


def gate_pulse(known: Parameters, pair: Pair, flux: float | None = None, coupler: float | None = None) -> Pulse:
    """Return the pulses of a CZ (see `platforms.pulses.cz`) with amplitudes of one's own, as a pulse of a program.

    An amplitude of exactly 0 leaves that line silent.
    """
    duration = known[f"{pair.name}.cz.duration"]
    edge, margin, coupler_edge = (
        value(known, f"{pair.name}.cz.{part}", CZ[f"cz.{part}"][0]) for part in ("edge", "margin", "coupler_edge")
    )
    flux = known[f"{pair.name}.cz.flux_amplitude"] if flux is None else flux
    coupler = known[f"{pair.name}.cz.coupler_amplitude"] if coupler is None else coupler
    start = edge + margin
    return Pulse(
        (
            Tone(line=pair.flux, amplitude=flux, duration=duration, edge=edge),
            Tone(
                line=pair.coupler, amplitude=coupler, duration=duration - 2 * start, start=start, edge=coupler_edge
            ),
        )
    )  # fmt: skip


def guarded(qubits: Sequence[int], rows: Sequence[Row], label: int = 1) -> list[Row]:
    """Return ``rows`` between two barriers of ``qubits``, with a little silence before and after."""
    silent = [wait(qubit, GUARD) for qubit in qubits]
    return [
        *barrier(qubits, label), *silent, *barrier(qubits, label + 1), *rows,
        *barrier(qubits, label + 2), *silent, *barrier(qubits, label + 3),
    ]  # fmt: skip


def claims(laboratory: Laboratory, known: Parameters, coupling: str) -> frozenset[str]:
    """Return what a gate occupies: the coupling and its two qubits."""
    return frozenset({coupling, *laboratory.couplings[coupling].pair})


def wide_claims(laboratory: Laboratory, known: Parameters, coupling: str) -> frozenset[str]:
    """Return the coupling, its qubits and all couplings of those: for what an excited neighbour would falsify."""
    pair = set(laboratory.couplings[coupling].pair)
    near = (name for name, other in laboratory.couplings.items() if pair & set(other.pair))
    return frozenset({*pair, *near})


def tunable(laboratory: Laboratory, coupling: str) -> bool:
    """Say whether a coupling has a flux line: without one, there is nothing to find a CZ with."""
    return laboratory.couplings[coupling].flux is not None
