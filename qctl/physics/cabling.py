"""What is wrong between outputs and lines: outputs that give nothing, cables that were exchanged."""

from __future__ import annotations

from dataclasses import replace

from .stage import Stage
from .twin import Twin


def plugged(stage: Stage, twin: Twin) -> Stage:
    """Return the stage as the lines feel it: each port plays what really arrives there."""
    if not twin.dead and not twin.swapped:
        return stage
    arrives = {one: other for pair in twin.swapped for one, other in (pair, pair[::-1])}
    dead = set(twin.dead)
    points = tuple(
        {arrives.get(port, port): playing for port, playing in point.items() if port not in dead}
        for point in stage.points
    )
    return replace(stage, points=points)
