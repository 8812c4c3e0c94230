"""What sharing a window does to each program: exact distributions of outcomes, from waveforms through the chip.

Programs are compiled in their places, linked as in a run, rendered to the codes of the DACs and played through the
simulated chip. Nothing is sampled: the joint probabilities of the levels of each cluster of entangled qubits are read
from the state at the start of the readout, and the loss of a program is the total-variation distance between the
distribution of its bits in the window and alone, in the same place and at the same moment of the shot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qctl.compile import flatten
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.protocols import Limits
from qctl.core.sequence import Sequence
from qctl.jobs.link import link
from qctl.judge.stage import Bench, Upload
from qctl.physics.chip import Chip
from qctl.physics.memory import Memory
from qctl.physics.scene import Scenery
from qctl.physics.shot import Ending, Shot
from qctl.physics.twin import Twin


class Undecayed(Bench):
    """A bench whose chip has no decay: states are vectors."""

    @cached_property
    def chip(self) -> Chip:
        """Return the chip as the twin says it is."""
        return Chip(self.laboratory, self.twin)


@dataclass
class Station:
    """A laboratory with its truth, for exact answers."""

    laboratory: Laboratory
    truth: Twin
    known: Parameters
    limits: Limits

    def __post_init__(self) -> None:
        self.memory, self.bench = Memory(), Undecayed(self.laboratory, self.truth, self.known)

    def ending(self, sequence: Sequence) -> Ending:
        """Return the state of the chip when everything has been played."""
        upload = Upload(sequence, flatten(sequence, self.laboratory, self.limits))
        scenery = Scenery(self.bench.chip, self.bench.stage(upload), self.memory)
        scene = scenery.scene(scenery.stage.points[0])
        n = len(self.laboratory.qubits)
        ground = np.zeros((n, self.truth.levels))
        ground[:, 0] = 1.0
        still, groups = np.zeros((1, n)), np.zeros(1, np.int64)
        shot = Shot(scene.motion, ground, still, groups, scenery.zz, np.random.default_rng)
        return shot.play(scene.pieces, scene.tones, scene.end)

    def losses(self, sequences: Mapping[str, Sequence]) -> dict[str, float]:
        """Return the loss of each program of a window."""
        window = link(list(sequences.values()), self.known, self.laboratory, self.limits)
        shared = self.ending(window.sequence)
        found = {}
        for job, sequence in sequences.items():
            single = link([sequence], self.known, self.laboratory, self.limits, not_before=window.readout)
            alone = distribution(self.ending(single.sequence), sequence.placement)
            found[job] = float(np.abs(distribution(shared, sequence.placement) - alone).sum() / 2)
        return found


def distribution(ending: Ending, qubits: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the probabilities of the bits of some qubits, shape (2, 2, ...) in their order; levels above 0 read 1."""
    found, axes = np.ones(()), list[int]()
    for members, joint in ending.clusters:
        mine = [q for q in members if q in qubits]
        if not mine:
            continue
        table = joint[0]
        others = tuple(k for k, q in enumerate(members) if q not in mine)
        table = table.sum(axis=others)
        for axis in range(table.ndim):
            zero = np.take(table, [0], axis)
            table = np.concatenate([zero, table.sum(axis=axis, keepdims=True) - zero], axis)
        found, axes = np.multiply.outer(found, table), axes + mine
    return np.transpose(found, [axes.index(q) for q in qubits])
