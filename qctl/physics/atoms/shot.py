"""One plan played to the atoms of many shots at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from .camera import Optics
from .drives import Drives, Turned
from .ensemble import Ensemble
from .plan import LONG_DARK, Event, Plan, What
from .rubidium import TWO_PI
from .zone import calm, empty, shine

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


class Shot:
    """Plays a plan.

    Parameters
    ----------
    drives : what pulses do
    n_array : so many places, the first, belong to the array; others to the zone
    optics : what the camera sees; None when nobody looks
    """

    def __init__(self, plan: Plan, drives: Drives, n_array: int, optics: Optics | None) -> None:
        self.plan, self.drives, self._n_array, self.optics = plan, drives, n_array, optics
        self.truth = drives.truth
        self._frames: list[NDArray[np.uint16]] = []
        self._glow: dict[int, Floats] = {}  # by exposure: s for which light in the zone lets each place shine
        self._background: dict[int, float] = {}  # s for which it is on meanwhile
        self._acts: Mapping[What, Callable[[Ensemble, Event], None]] = {
            What.RAMAN: self._raman,
            What.LOCAL: self._local,
            What.RYDBERG: self._rydberg,
            What.DARK: self._dark,
            What.TRAVEL: self._travel,
            What.LOAD: self._load,
            What.COOL: lambda atoms, event: atoms.cool(event.end - event.start),
            What.PUMP: self._pump,
            What.PUSH: lambda atoms, event: atoms.push_out(event.end - event.start),
            What.SHINE: self._shine,
            What.CALM: lambda atoms, event: calm(atoms, event.end - event.start),
            What.EMPTY: lambda atoms, event: empty(atoms, event.end - event.start),
            What.IMAGE: self._image,
        }

    def play(self, atoms: Ensemble) -> NDArray[np.uint16]:
        """Return frames, shape (n_shots, n_exposures, rows, columns); atoms are left as the shot leaves them."""
        self._frames, self._glow, self._background = [], {}, {}
        for event in self.plan.events:
            self._acts[event.what](atoms, event)
        if not self._frames:
            return np.zeros((atoms.n_shots, 0, 0, 0), np.uint16)
        return np.stack(self._frames, axis=1)

    # --- qubits ---

    def _follow(self, atoms: Ensemble, who: Numbers, time: float) -> None:
        """Let the phases of some qubits run until a moment, where they are."""
        passed = time - atoms.last[who]
        atoms.last[who] = time
        atoms.turns.phase(who, -self.drives.detunings[atoms.place[who]] * np.maximum(passed, 0.0)[:, None])

    def _raman(self, atoms: Ensemble, event: Event) -> None:
        assert event.light is not None
        self._turn(atoms, event, self.drives.everywhere(event.light))

    def _local(self, atoms: Ensemble, event: Event) -> None:
        assert event.light is not None
        self._turn(atoms, event, self.drives.around(event.light, event.at))

    def _turn(self, atoms: Ensemble, event: Event, done: Turned) -> None:
        everybody = np.array(atoms.atoms(), np.int64)
        rows = done.rows[atoms.place[everybody]] if len(everybody) else everybody
        who, rows = everybody[rows >= 0], rows[rows >= 0]
        if not len(who):
            return
        self._follow(atoms, who, event.start)
        atoms.turns.turn(who, done.matrices[rows], self.truth.qubits.scattering * done.angles[rows] / np.pi)
        atoms.last[who] = event.end

    def _rydberg(self, atoms: Ensemble, event: Event) -> None:
        assert event.light is not None
        everybody = atoms.atoms()
        places = [int(atoms.place[a]) for a in everybody]
        reached = self.drives.lit(event.light, places) if event.red else []
        for cluster in self.drives.linked(event.light, [places[k] for k in reached]):
            members = [everybody[reached[k]] for k in cluster]
            self._excite(atoms, event, members)

    def _excite(self, atoms: Ensemble, event: Event, members: list[int]) -> None:
        assert event.light is not None
        for atom in members:
            atoms.settle(atom)
        places = [int(atoms.place[a]) for a in members]
        heats = [round(float(atoms.temperature[a]) * 1e6) * 1e-6 for a in members]
        depths = [self.drives.sites[p].depth * event.trapped[p >= self._n_array] for p in places]
        tables = self.drives.excite(event.light, event.red, places, heats, depths)
        groups = atoms.rng.integers(0, len(tables), atoms.n_shots)
        for fall in atoms.register.excite(members, tables, groups):
            one = np.zeros(atoms.n_shots, bool)
            one[fall.shot] = True
            if not fall.decayed or atoms.rng.random() < self.truth.rydberg.lost:
                atoms.lose(fall.atom, one)
            elif atoms.present[fall.shot, fall.atom] and atoms.rng.random() < 0.5:
                atoms.register.flip(fall.atom, one)

    def _pump(self, atoms: Ensemble, event: Event) -> None:
        atoms.pump(event.end - event.start)
        atoms.last[:] = event.end

    def rest(self, atoms: Ensemble, seconds: float) -> None:
        """Let phases run from the last pulse of the shot before, which began so long ago, to the start of this one.

        Modulators count the phase of their tones from the start of each shot, qubits go on at their frequency.
        """
        turned = (self.truth.qubits.frequency * seconds) % 1.0
        for atom in atoms.atoms():
            if atoms.turns.waiting[atom] or atoms.register.coherent(atom):
                who = np.array([atom])
                self._follow(atoms, who, seconds)
                atoms.turns.phase(who, np.array([[-TWO_PI * turned]]))
        atoms.last[:] = 0.0
        atoms.flights.clear()

    # --- traps ---

    def _dark(self, atoms: Ensemble, event: Event) -> None:
        array = event.number == 0
        places = [p for p in range(len(self.truth.sites)) if (p < self._n_array) == array and p not in event.held]
        if event.end - event.start > LONG_DARK:
            for atom in atoms.atoms():
                if atoms.place[atom] in places:
                    atoms.lose(atom, np.ones(atoms.n_shots, bool))
        else:
            atoms.release(places, event.start, event.end)

    def _travel(self, atoms: Ensemble, event: Event) -> None:
        journey = event.journey
        assert journey is not None
        movers = [a for a in atoms.atoms() if journey.moved[atoms.place[a]]]
        for atom in movers:
            before = int(atoms.place[atom])
            self._follow(atoms, np.array([atom]), journey.start)
            wandering = self.truth.qubits.noise * self.drives.noise.slow[:, 0]
            away = -TWO_PI * (self.truth.tweezers.shift + wandering) * (journey.end - journey.start)
            atoms.turns.phase(np.array([atom]), away[None])
            atoms.last[atom] = journey.end
            atoms.lose_some(atom, float(journey.loss[before]))
            atoms.temperature[atom] += self.truth.tweezers.heating
            if journey.goal[before] < 0:
                atoms.lose(atom, np.ones(atoms.n_shots, bool))
            else:
                atoms.place[atom] = journey.goal[before]
        self._collide(atoms, movers)

    def _collide(self, atoms: Ensemble, movers: list[int]) -> None:
        """Two atoms that end in one trap are both lost."""
        for atom in movers:
            for other in atoms.atoms():
                if other != atom and atoms.place[other] == atoms.place[atom]:
                    both = atoms.present[:, atom] & atoms.present[:, other]
                    atoms.lose(atom, both)
                    atoms.lose(other, both)

    def _load(self, atoms: Ensemble, event: Event) -> None:
        array = np.arange(len(self.truth.sites)) < self._n_array
        atoms.load(np.where(array, event.lit, 0.0))
        atoms.last[:] = event.end

    # --- light ---

    def _shine(self, atoms: Ensemble, event: Event) -> None:
        glow = shine(atoms, event.end - event.start)
        self._glow[event.number] = self._glow.get(event.number, 0.0) + glow
        self._background[event.number] = self._background.get(event.number, 0.0) + event.end - event.start

    def _image(self, atoms: Ensemble, event: Event) -> None:
        camera = self.truth.camera
        exposed = event.end - event.start
        lit = np.zeros((atoms.n_shots, len(self.truth.sites))) + self._glow.get(event.number, 0.0)
        lifetime = 1 - np.exp(-exposed / self.truth.tweezers.lifetime)
        for atom in atoms.atoms():
            here = atoms.present[:, atom].copy()
            chance = 1 - (1 - camera.loss) ** ((event.lit + event.probed) / 10e-3) * (1 - lifetime)
            dying = here & (atoms.rng.random(atoms.n_shots) < chance)
            shone = event.lit + (atoms.probe(atom, event.probed) if event.probed else 0.0)
            lit[:, atoms.place[atom]] += shone * np.where(dying, atoms.rng.random(atoms.n_shots), 1.0) * here
            atoms.lose(atom, dying)
            if event.lit > 0:
                atoms.scramble(atom)
                atoms.temperature[atom] = self.truth.tweezers.hot
        assert self.optics is not None
        zone = self._background.get(event.number, 0.0) * self.truth.zone.background / max(camera.background, 1e-9)
        self._frames.append(self.optics.frames(lit, event.lit + event.probed + zone, atoms.rng))
