"""The answers of atoms: places in a frame. Sites are filled before the first part and looked at behind the last one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError
from qctl.core.gathering import Gathering, Piece
from qctl.core.protocols import Camera, Jumper, Metronome
from qctl.core.record import Images, Record
from qctl.core.sequence import READ, Exposing, Sequence
from qctl.core.tree import Tree

from .parts import PATIENCE, ready_for_parts
from .sorting import TRIES, Look, Moves
from .station import Station
from .upload import upload_pulses

PRESENT, DARK, FIRST, LEFT = 0, 1, 2, 3
"""Frames of a shot that are kept: who is there, no light at all, the answers of the first part, who is left."""

CHECKS = {PRESENT: "present", DARK: "dark", FIRST: "answers", LEFT: "left"}

Tell = Callable[[NDArray[np.uint16], NDArray[np.float64]], None]
"""Fills the brightness of each place where answers are seen from a frame."""

Assign = Callable[[list[int]], Moves | None]
"""Says which moves fill the sites, from those that hold an atom; None when these are too few."""


class Frames:
    """What a camera says of shots in parts; a channel is a place where an answer is seen.

    Parameters
    ----------
    awgs : names of those that play: they go to the steps of moves
    look : tells from a frame which sites hold an atom
    """

    def __init__(
        self,
        station: Station,
        sequence: Sequence,
        tree: Tree,
        awgs: Collection[str],
        look: Look,
        tell: Tell,
        assign: Assign,
    ) -> None:
        assert sequence.gathering is not None
        self._gathering: Gathering = sequence.gathering
        self._station, self._sequence = station, sequence
        self._look, self._tell, self._assign = look, tell, assign
        self.least = self._gathering.least
        moves = [(a, b) for a, b in self._gathering.moves.tolist()]
        self._steps = dict(zip(moves, count(self._gathering.first_move), strict=False))
        asked = tree.asked
        self.channels = np.where(asked >= 0, np.arange(asked.shape[1], dtype=np.int32), np.int32(-1))
        ((self._line, exposing),) = sequence.exposing.items()
        camera = station.recorder(exposing.input.instrument)
        assert isinstance(camera, Camera)
        self._camera: Camera = camera
        self._exposing: Exposing = exposing
        self._name = next(iter(sequence.digital.values())).output.instrument
        pulser = station.pulser(self._name)
        assert isinstance(pulser, Metronome)
        self._pulser: Metronome = pulser
        self._awgs: list[Jumper] = []
        for name in awgs:
            awg = station.awg(name)
            assert isinstance(awg, Jumper)
            self._awgs.append(awg)
        self._shape = camera.limits.rows, camera.limits.columns
        self._frame = np.zeros((1, *self._shape), np.uint16)
        self._pixels = np.zeros((0, 1, len(CHECKS), *self._shape), np.uint16)
        self._reloads = 0

    def ready(self, n_shots: int) -> None:
        """Make room for so many shots."""
        self._pixels, self._reloads = np.zeros((n_shots, *self._pixels.shape[1:]), np.uint16), 0

    def prepare(self, shot: int) -> None:
        """Load atoms until there are enough, carry them where they are wanted, and make them ready."""
        for move in self._loaded():
            self._carry(self._steps[move])
        self._pixels[shot, 0, [PRESENT, DARK]] = self._play(self._gathering.settling)

    def closed(self, shot: int) -> None:
        """Look who is left."""
        self._pixels[shot, 0, LEFT] = self._play(self._gathering.leaving)[0]

    def arm(self, part: int, opening: bool) -> None:
        """Let the camera wait for the light of a part."""
        self._camera.arm(len(self._frame))

    def fetch(self, shot: int, part: int, opening: bool, values: NDArray[np.float64]) -> None:
        """Wait for the frame of a part; fill ``values``, by place."""
        self._camera.wait(PATIENCE)
        self._camera.fetch(self._frame)
        if opening:
            self._pixels[shot, 0, FIRST] = self._frame[0]
        self._tell(self._frame[0], values)

    def record(self, record: Record, n_shots: int) -> Record:
        """Return the record with the frames that were kept; all atoms of the program must have stayed.

        Shots that were given up have no last frame, and are told by that: they stand as those that lost nobody.
        """
        given_up = ~self._pixels[:, 0, LEFT].any(axis=(1, 2))
        self._pixels[given_up, 0, LEFT] = self._pixels[given_up, 0, PRESENT]
        watched = np.array([(0, qubit, -1, FIRST) for qubit in self._sequence.filled], READ)
        exposing = replace(self._exposing, reads=np.zeros(0, READ), checks=CHECKS, watched=watched)
        flags = {**record.timing.flags, "loads with too few atoms": self._reloads}
        timing = replace(record.timing, flags=flags)
        return replace(record, timing=timing, images={self._line: Images(self._pixels, exposing)})

    def _loaded(self) -> Moves:
        for _ in range(TRIES):
            moves = self._assign(self._look(self._play(self._gathering.loading)[0]))
            if moves is not None:
                return moves
            self._reloads += 1
        raise InstrumentError(
            f"{TRIES} loads in a row left too few atoms for {len(self._sequence.filled)} sites",
            allowed=f"{len(self._sequence.filled)} of {len(self._sequence.qubits)} sites loaded",
            where=self._station.laboratory.name,
            remedy="look at loading light, trap light and imaging light, or use fewer qubits",
        )

    def _carry(self, step: int) -> None:
        """Play a move, as if it were a part; its frame is dark and tells that it is over."""
        ready_for_parts(self._station, self._sequence, self._pulser)
        for awg in self._awgs:
            awg.jump(step)
        self._camera.arm(len(self._frame))
        self._pulser.start()
        self._camera.wait(PATIENCE)
        self._camera.fetch(self._frame)
        self._station.clock.played(self._sequence.period)

    def _play(self, piece: Piece) -> NDArray[np.uint16]:
        """Play one piece to its end; return its frames."""
        upload_pulses(self._station, self._name, self._pulser, dict(piece.spans))
        self._pulser.arm(piece.period, 1)
        self._camera.arm(piece.n_frames)
        self._pulser.start()
        self._camera.wait(PATIENCE)
        frames = np.zeros((piece.n_frames, *self._shape), np.uint16)
        self._camera.fetch(frames)
        self._station.clock.played(piece.period)
        return frames
