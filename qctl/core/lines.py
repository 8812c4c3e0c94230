"""What the lines of a laboratory are on one kind of machine: which ones there must be, and what nobody can assume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What laboratory files of a platform are checked by.

    Kinds of lines are drive and readout (I/Q pairs), flux and beam (single outputs), counter and camera.

    Parameters
    ----------
    serve : kind of the line that a qubit names, by key: ``drive``, ``readout``, ``flux``; no others may be there
    shared : of these keys, those whose line may serve several qubits
    single : what a single output is here: ``flux`` or ``beam``
    lights : names of lines with a switch that every shot uses
    carried : names of lines with a channel of a DDS that every shot uses
    outputs : names of lines with an output that operations use, beside those that qubits name
    optional : names of such lines that may be missing
    steering : names of lines by which single qubits are measured while others remember; a ``slot`` needs all of them
    of_qubits : first guesses that each qubit needs
    of_readout : first guesses that each line needs that qubits name as ``readout``
    of_lines : first guesses that lines need, as parameter names
    most_qubits : more than that cannot be described
    """

    serve: Mapping[str, str]
    shared: tuple[str, ...] = ()
    single: str = "beam"
    lights: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    steering: tuple[str, ...] = ()
    of_qubits: tuple[str, ...] = ("frequency",)
    of_readout: tuple[str, ...] = ()
    of_lines: tuple[str, ...] = ()
    most_qubits: int | None = None
