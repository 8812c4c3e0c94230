"""What is played around shots in parts: atoms are loaded, seen, sorted move by move, and at the end seen again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qctl.core.gathering import Gathering, Piece
from qctl.core.laboratory import Laboratory

from .known import READING, array_of
from .lights import CLEAR, GRID, Span, lights
from .paths import Array, Way
from .reading import AT_ONCE, place

Known = Mapping[str, float]

MARK = 20e-6  # s of an exposure in the dark: its frame tells the host that a piece is over


def moves_of(known: Known, lab: Laboratory, filled: Sequence[int]) -> list[tuple[int, int, Way]]:
    """Return every move that may be needed to fill some sites: from, to, and the way."""
    array = Array.of(lab, known)
    sites = range(len(array.sites))
    return [(a, b, array.between(a, b)) for b in filled for a in sites if a != b]


def gathering(
    known: Known, lab: Laboratory, moves: Sequence[tuple[int, int, Way]], first: int, behind: float
) -> Gathering:
    """Return the pieces around a shot whose moves stand at the steps of the AWGs from ``first`` on.

    Parameters
    ----------
    behind : s that the last part needs to end, before its atoms are looked at
    """
    around = lights(known, 0.0)
    seen, _, _ = around.exposures
    shown = {line: [around.spans[line][0]] for line in ("trap_off", "mot", "imaging")} | {_camera(lab): [seen]}
    ready = {line: list(around.spans[line]) for line in ("cooling", "pumping")} | {"imaging": [seen]}
    end = max(last for spans in ready.values() for _, last in spans)
    ready[_camera(lab)] = [seen, (end + GRID, end + GRID + MARK)]
    imaged = seen[1] - seen[0]
    left = {line: [(behind, behind + imaged)] for line in ("imaging", _camera(lab))}
    array = array_of(lab)
    return Gathering(
        loading=_piece(lab, shown, around.lead, 1),
        settling=_piece(lab, ready, CLEAR - seen[0], 2),
        leaving=_piece(lab, left, 0.0, 1),
        moves=np.array([(a, b) for a, b, _ in moves], np.int32).reshape(-1, 2),
        first_move=first,
        spots=np.array([place(known, lab, answer) for answer in range(AT_ONCE)]),
        least=np.array([known[f"{array}.zone.counts_{number}"] for number in READING]),
    )


def _piece(lab: Laboratory, spans: Mapping[str, list[Span]], lead: float, n_frames: int) -> Piece:
    by_output = {}
    for name, several in spans.items():
        port = lab.lines[name].switch
        assert port is not None
        by_output[port.number] = np.round((np.array(sorted(several)) + lead) / GRID) * GRID
    return Piece(by_output, float(max(rows.max() for rows in by_output.values())) + CLEAR, n_frames)


def _camera(lab: Laboratory) -> str:
    """Return the line that exposes the camera."""
    cameras = {line.seen_by.instrument for line in lab.lines.values() if line.seen_by is not None}
    return next(name for name, line in lab.lines.items() if line.switch is not None and cameras & set(line.starts))
