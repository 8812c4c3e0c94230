"""How far a value has moved between two measurements that may have read it at different places.

A scan that finds a place and reads another value there gives each an error of its own. Where the place was missed by
a little, the value is off by slope times that, which is neither drift nor a surprise: both belong together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from qctl.core.parameters import Estimate

Places = Mapping[str, float]


def difference(old: Estimate, new: Estimate) -> float:
    """Return new - old; of angles, the short way round."""
    step = new.value - old.value
    return math.remainder(step, 2 * math.pi) if new.unit == "rad" else step


def innovation(name: str, new: Mapping[str, Estimate], old: Mapping[str, Estimate], places: Places) -> float:
    """Return by how much a value has moved, beside what it owes to its place.

    Parameters
    ----------
    new, old : what two scans found, by full name
    places : slope of the value against what it was read at, by full name; see :attr:`.Quantity.follows`
    """
    step = new[name].value - old[name].value
    for place, slope in places.items():
        if place in new and place in old:
            step -= slope * difference(old[place], new[place])
    return math.remainder(step, 2 * math.pi) if new[name].unit == "rad" else step
