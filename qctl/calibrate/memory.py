"""What was measured of each parameter so far: drift is learned from it, and surprises add up to alarms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from qctl.core.errors import ParameterError
from qctl.core.parameters import Estimate
from qctl.store import ParameterStore, Status
from qctl.store.finding import parts_of

from .alarm import Cusum, threshold_for
from .drift import Drift

APART = 300.0  # s between two measurements that say something about drift
KEPT = 50  # measurements of a parameter that are looked at


class Memory:
    """Measurements by parameter name.

    Attributes
    ----------
    drift : how fast parameters move, as far as learned
    """

    def __init__(self) -> None:
        self.drift = Drift()
        self._past: dict[str, list[Estimate]] = {}
        self._sums: dict[str, Cusum] = {}

    def recall(self, store: ParameterStore, names: Iterable[str]) -> None:
        """Learn from what a store holds of some parameters."""
        for name in names:
            try:
                found = store.history(name)
            except ParameterError:  # nothing was ever found of it
                continue
            for one in found:
                if one.status is Status.ACCEPTED and math.isfinite(one.estimate.error):
                    self._append(name, one.estimate)
        self._learn(set(self._past))

    def take(self, found: Mapping[str, Estimate], before: Mapping[str, Estimate]) -> tuple[str, ...]:
        """Take accepted values in; return the names of those that move faster than they should.

        Parameters
        ----------
        before : what was believed, by name
        """
        alarms, moved = [], set()
        for name, new in found.items():
            past, old = self._past.get(name), before.get(name)
            if not past and old and math.isfinite(old.error):
                self._append(name, old)
                past = self._past[name]
            if past and new.time - past[-1].time >= APART:
                moved.add(name)
                if self._surprised(name, past[-1], new):
                    alarms.append(name)
            self._append(name, new)
        self._learn(moved)
        return tuple(alarms)

    def _append(self, name: str, new: Estimate) -> None:
        past = self._past.setdefault(name, [])
        if past and new.time - past[-1].time < APART:
            past[-1] = new
        else:
            past.append(new)
            del past[:-KEPT]

    def _surprised(self, name: str, old: Estimate, new: Estimate) -> bool:
        spread = math.sqrt(self.drift.variance(name, old, new.time) + new.error**2)
        if not 0 < spread < math.inf:
            return False
        total = self._sums.get(name, Cusum()).after((new.value - old.value) / spread)
        alarms = total.alarms(threshold_for(new.time - old.time))
        self._sums[name] = Cusum() if alarms else total
        return alarms

    def _learn(self, names: Iterable[str]) -> None:
        """Learn the speeds of the quantities that some parameters are, of all targets together."""
        for quantity in sorted({parts_of(name)[1] for name in names}):
            self.drift = self.drift.learned({n: past for n, past in self._past.items() if parts_of(n)[1] == quantity})
