"""When a parameter moves faster than its drift model says: a two-sided CUSUM with a stated rate of false alarms.

Sums of standardised surprises (Page, Biometrika 41, 100), ``up = max(0, up + z - 0.5)`` and ``down = max(0, down - z -
0.5)``, alarm above a threshold. It follows from the rate of false alarms that is allowed, by the average run length of
Siegmund (Sequential Analysis, 1985): ``(exp(2kb) - 2kb - 1) / (2k^2)`` with ``b = h + 1.166``, for one side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SLACK = 0.5  # k: half the shift, in standard deviations, that is found soonest
WEEK = 7 * 86_400.0
FALSE_ALARMS = 0.4 / WEEK  # per parameter, of a walk whose speed is known; learning it costs some more, below 1 in all


@dataclass(frozen=True, slots=True)
class Cusum:
    """Where both sums stand."""

    up: float = 0.0
    down: float = 0.0

    def after(self, surprise: float) -> Cusum:
        """Return the sums after one more measurement.

        Parameters
        ----------
        surprise : (measured - expected) over its standard deviation, drift and both errors together
        """
        return Cusum(max(0.0, self.up + surprise - SLACK), max(0.0, self.down - surprise - SLACK))

    def alarms(self, threshold: float) -> bool:
        """Say whether either sum is above the threshold."""
        return max(self.up, self.down) > threshold


def run_length(threshold: float) -> float:
    """Return after how many measurements a false alarm comes on average."""
    b = 2 * SLACK * (threshold + 1.166)
    return (math.exp(b) - b - 1) / (2 * SLACK**2) / 2  # two sides


def threshold_for(interval: float, false_alarms: float = FALSE_ALARMS) -> float:
    """Return the threshold that false alarms reach at most so often.

    Parameters
    ----------
    interval : between two measurements, s
    false_alarms : allowed rate, 1 / s
    """
    wanted = 1.0 / (false_alarms * max(interval, 1e-3))
    low, high = 1.0, 50.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if run_length(middle) < wanted else (low, middle)
    return high
