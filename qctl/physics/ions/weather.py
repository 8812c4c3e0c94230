"""The truth at a moment: what wandered and what went wrong, put into the numbers of a chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from qctl.core.laboratory import Laboratory
from qctl.physics.wander import Wanders

from .chain import Chain, mishaps
from .twin import Beam, IonDrift, IonTwin, Mishap, Wandering


class IonWeather:
    """What moves behind a chain. The same seed gives the same weather, whatever is played and whenever it is asked."""

    def __init__(self, laboratory: Laboratory, twin: IonTwin, seed: int) -> None:
        self.laboratory, self.twin, self.seed = laboratory, twin, seed
        self.drift = twin.drift or IonDrift()
        self._last: tuple[object, Chain] | None = None

    @cached_property
    def _bank(self) -> tuple[tuple[tuple[str, str], ...], Wanders]:
        drift = self.drift
        found: dict[tuple[str, str], Wandering] = {}
        for kind, several in (
            ("frequency", drift.frequencies),
            ("beam", drift.beams),
            ("field", drift.fields),
            ("light", drift.lights),
        ):
            found |= {(kind, name): one for name, one in several.items()}
        if drift.mode is not None:
            found["mode", ""] = drift.mode
        sigmas, taus = [one.sigma for one in found.values()], [one.tau for one in found.values()]
        return tuple(found), Wanders(sigmas, taus, self.seed)

    def edges(self) -> tuple[float, ...]:
        """Return when something goes wrong or ends, s, rising."""
        times = {t for fault in self.twin.faults for t in (fault.at, fault.until)}
        return tuple(sorted(t for t in times if np.isfinite(t)))

    def at(self, time: float, biases: Mapping[str, float]) -> Chain:
        """Return the chain at a moment of virtual time, s; the same object as long as nothing is different."""
        off = bool(mishaps(self.twin, time, Mishap.TRAP_OFF)) or self._was_off(time)
        names = self.laboratory.qubit_names
        lost = frozenset(range(len(names))) if off else self._numbers(self._ever(time, Mishap.LOST))
        dark = self._numbers(mishaps(self.twin, time, Mishap.DARK))
        key = (time if self.twin.drift is not None else None, tuple(sorted(biases.items())), lost, dark)
        if self._last is None or self._last[0] != key:
            self._last = key, Chain(self.laboratory, self._wandered(time), dict(biases), dark, lost)
        return self._last[1]

    def _numbers(self, names: frozenset[str]) -> frozenset[int]:
        return frozenset(k for k, name in enumerate(self.laboratory.qubit_names) if name in names)

    def _ever(self, time: float, kind: Mishap) -> frozenset[str]:
        """Return the targets of faults that have happened; a lost ion comes back when the fault's end says so."""
        return mishaps(self.twin, time, kind)

    def _was_off(self, time: float) -> bool:
        """Ions do not come back by themselves when the trap does."""
        return any(f.kind is Mishap.TRAP_OFF and f.at <= time for f in self.twin.faults)

    def _wandered(self, time: float) -> IonTwin:
        twin = self.twin
        if twin.drift is None:
            return twin
        names, bank = self._bank
        now = dict(zip(names, bank.at(time).tolist(), strict=True)) if names else {}
        field = now.get(("frequency", "all"), 0.0)
        return replace(
            twin,
            ions={
                name: replace(
                    ion,
                    frequency=ion.frequency + field + now.get(("frequency", name), 0.0),
                    bright=ion.bright * float(np.exp(now.get(("light", name), 0.0))),
                )
                for name, ion in twin.ions.items()
            },
            beams={
                name: _brighter(beam, float(np.exp(now.get(("beam", name), 0.0)))) for name, beam in twin.beams.items()
            },
            trap=replace(twin.trap, frequency=twin.trap.frequency + now.get(("mode", ""), 0.0)),
            electrodes={
                name: replace(one, compensation=one.compensation + now.get(("field", name), 0.0))
                for name, one in twin.electrodes.items()
            },
        )


def _brighter(beam: Beam, factor: float) -> Beam:
    """Return a beam that drives so much faster; its light shifts ions as the square of that."""
    return replace(beam, rabi_frequency=beam.rabi_frequency * factor, light_shift=beam.light_shift * factor**2)
