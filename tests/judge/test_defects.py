"""Defects that were asked for are really played by the simulated world."""

import numpy as np
import pytest

from qctl.core.errors import UsageError
from qctl.core.port import Port
from qctl.judge import draw_twin, with_defects
from qctl.physics.cabling import plugged
from qctl.physics.stage import Playing, Stage


def stage_of(**waves):
    points = ({Port(n, c): Playing(np.full(4, v, np.float32), 1e9, 0.0) for (n, c), v in waves["ports"].items()},)
    return Stage(points, {}, {}, {}, 200e-6)


PORTS = {("awg1", 1): 0.1, ("awg1", 2): 0.2, ("awg1", 3): 0.3, ("awg2", 5): 0.5}


def test_a_dead_line_plays_nothing(lab5):
    twin = with_defects(lab5, draw_twin(lab5, 1), ["dead:q0.drive"], 1)
    (point,) = plugged(stage_of(ports=PORTS), twin).points
    assert set(point) == {Port("awg1", 3), Port("awg2", 5)}


def test_swapped_cables_bring_each_waveform_to_the_other_line(lab5):
    twin = with_defects(lab5, draw_twin(lab5, 1), ["swapped:q0.drive,q1.drive"], 1)
    (point,) = plugged(stage_of(ports=PORTS), twin).points
    assert {str(port): float(playing.volts[0]) for port, playing in point.items()} == pytest.approx(
        {"awg1.3": 0.1, "awg1.4": 0.2, "awg1.1": 0.3, "awg2.5": 0.5}
    )


def test_without_a_defect_the_stage_is_the_same_object(lab5):
    stage = stage_of(ports=PORTS)
    assert plugged(stage, draw_twin(lab5, 1)) is stage


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("dead:q9.drive", "no line 'q9.drive'"),
        ("bent:q0", "defect 'bent:q0'"),
        ("swapped:q0.drive", "cables of q0.drive swapped"),
        ("swapped:q0.drive,q0.flux", "two lines with as many outputs"),
        ("dead:trigger", "no line 'trigger'"),
    ],
)
def test_a_defect_that_nobody_knows_is_refused(lab5, asked, said):
    with pytest.raises(UsageError, match=said):
        with_defects(lab5, draw_twin(lab5, 1), [asked], 1)
