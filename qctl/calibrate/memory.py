"""What was measured of each parameter so far: drift is learned from it, and surprises add up to alarms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from qctl.core.errors import ParameterError
from qctl.core.parameters import Estimate
from qctl.store import ParameterStore, Status
from qctl.store.finding import parts_of

from .alarm import Cusum, threshold_for
from .drift import Drift
from .innovation import Places, innovation

APART = 300.0  # s between two measurements that say something about drift
KEPT = 50  # measurements of a parameter that are looked at


class Memory:
    """Measurements by parameter name, as tracks: each value behind the one before by how far it has moved.

    What a value owes to the place where it was read is none of its track, and angles do not wrap there.

    Attributes
    ----------
    drift : how fast parameters move, as far as learned
    """

    def __init__(self, drift: Drift | None = None) -> None:
        self.drift = drift or Drift()
        self._tracks: dict[str, list[Estimate]] = {}
        self._newest: dict[str, Estimate] = {}  # as measured
        self._sums: dict[str, Cusum] = {}

    def recall(
        self, store: ParameterStore, names: Iterable[str], slopes: Mapping[str, Places] | None = None
    ) -> None:  # fmt: skip
        """Learn from what a store holds of some parameters; see `take`."""
        scans: dict[float, dict[str, Estimate]] = {}
        for name in names:
            for one in _measured(store, name):
                scans.setdefault(one.time, {})[name] = one
        for _, found in sorted(scans.items()):
            self._follow(found, slopes or {})
        self._learn(set(self._tracks))

    def take(
        self, found: Mapping[str, Estimate], before: Mapping[str, Estimate],
        slopes: Mapping[str, Places] | None = None,
    ) -> tuple[str, ...]:  # fmt: skip
        """Take accepted values of one scan in; return the names of those that move faster than they should.

        Parameters
        ----------
        before : what was believed, by name
        slopes : what values were read at, and how they depend on that; see :meth:`.Node.slopes`
        """
        slopes = slopes or {}
        for name in found.keys() - self._tracks.keys():
            if name in before and math.isfinite(before[name].error):
                self._tracks[name], self._newest[name] = [before[name]], before[name]
        since = {name: new.time - self._tracks[name][-1].time for name, new in found.items() if name in self._tracks}
        moved = {name: seconds for name, seconds in since.items() if seconds >= APART}
        self._follow(found, slopes)
        alarms = tuple(
            name for name, seconds in moved.items()
            if name in before and self._surprised(name, found, before, slopes.get(name, {}), seconds)
        )  # fmt: skip
        self._learn(moved)
        return alarms

    def _follow(self, found: Mapping[str, Estimate], slopes: Mapping[str, Places]) -> None:
        """Put what one scan found at the end of the tracks."""
        for name, new in found.items():
            track = self._tracks.setdefault(name, [])
            if track:
                step = innovation(name, found, self._newest, slopes.get(name, {}))
                new = replace(new, value=track[-1].value + step)
            if track and new.time - track[-1].time < APART:
                track[-1] = new
            else:
                track.append(new)
                del track[:-KEPT]
        self._newest |= found

    def _surprised(
        self, name: str, found: Mapping[str, Estimate], before: Mapping[str, Estimate], places: Places, since: float
    ) -> bool:  # fmt: skip
        """Say whether a value was further from what was believed than drift and errors explain once too often."""
        new = found[name]
        drifted = self.drift.variance(name, before[name], new.time)
        spread = math.sqrt(drifted + self.drift.error(name, new.error) ** 2)
        if not 0 < spread < math.inf:
            return False
        surprise = innovation(name, found, before, places) / spread
        total = self._sums.get(name, Cusum()).after(surprise)
        alarms = total.alarms(threshold_for(since))
        self._sums[name] = Cusum() if alarms else total
        return alarms

    def _learn(self, names: Iterable[str]) -> None:
        """Learn the speeds of the quantities that some parameters are, of all targets together."""
        for quantity in sorted({parts_of(name)[1] for name in names}):
            self.drift = self.drift.learned({n: past for n, past in self._tracks.items() if parts_of(n)[1] == quantity})


def _measured(store: ParameterStore, name: str) -> list[Estimate]:
    """Return what was measured of a parameter, oldest first; probes that agreed repeat a value and are left out."""
    try:
        found = [one.estimate for one in store.history(name) if one.status is Status.ACCEPTED]
    except ParameterError:  # nothing was ever found of it
        return []
    found = [one for one in found if math.isfinite(one.error)]
    return [one for k, one in enumerate(found) if not k or one.value != found[k - 1].value]
