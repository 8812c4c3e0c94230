"""Fixed regions: the chip is cut once into pieces of nine qubits, and a job takes whole pieces."""

from __future__ import annotations

import math
from collections.abc import Sequence as Seq
from dataclasses import replace

from qctl.core.laboratory import Laboratory

from ..claims import neighbours
from ..request import Candidate, Claims, Request
from .events import Floor, Running

SIZE = 9  # qubits of a region: three by three on a square lattice


class FixedRegions:
    """First come first served; a program runs within one region, or within two neighbours when it is larger."""

    name, tick = "fixed regions of nine", 0.0

    def __init__(self, laboratory: Laboratory) -> None:
        self._floor = Floor()
        self.regions = regions(laboratory)
        near = neighbours(laboratory)
        self._touching = [
            {k for k, other in enumerate(self.regions) if k != number and any(near[q] & other for q in region)}
            for number, region in enumerate(self.regions)
        ]

    def ready(self, requests: Seq[Request]) -> list[Request]:
        """Return the jobs with whole regions as their claims."""
        return [replace(r, candidates=tuple(self._candidates(r.candidates[0]))) for r in requests]

    def _candidates(self, model: Candidate) -> list[Candidate]:
        needed = math.ceil(len(model.placement) / SIZE)
        groups = [{k} for k in range(len(self.regions))]
        if needed > 1:
            groups = [{k, other} for k in range(len(self.regions)) for other in sorted(self._touching[k]) if other > k]
        claims = (Claims(exclusive=frozenset(f"region {k}" for k in group)) for group in groups)
        return [replace(model, claims=claim) for claim in claims]

    def begin(self, queue: Seq[Request], running: Seq[Running], now: float) -> list[tuple[Request, int]]:
        """Return who finds a region, in order of arrival."""
        return self._floor.fitting(queue, running, now, reserve=False)


def regions(laboratory: Laboratory) -> tuple[frozenset[int], ...]:
    """Return connected pieces of nine qubits, cut greedily from the lowest index on; what is left over is not used."""
    near, free, found = neighbours(laboratory), set(range(len(laboratory.qubits))), []
    for start in range(len(laboratory.qubits)):
        piece, border = set[int](), [start] if start in free else []
        while border and len(piece) < SIZE:
            qubit = border.pop(0)
            piece.add(qubit)
            border += sorted(q for q in near[qubit] if q in free and q not in piece and q not in border)
        if len(piece) == SIZE:
            free -= piece
            found.append(frozenset(piece))
    return tuple(found)
