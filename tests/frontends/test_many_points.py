"""A sweep of more points than any machine plays is refused before its points are made."""

import numpy as np
import pytest

from qctl.cli.inputs import read_inputs
from qctl.core.errors import ProgramError, UsageError
from qctl.frontends import ReadLimits, read_openqasm

TEXT = "OPENQASM 3; input float theta; qubit q; bit c; U(theta, 0, 0) q; c = measure q;"


@pytest.mark.parametrize("row", [range(10**12), np.broadcast_to(0.5, 10**12), [0.5] * 10_001])
def test_a_long_row_is_refused_unread(row):
    with pytest.raises(UsageError, match=f"{len(row)} values for the input 'theta'; allowed: at most 10000"):
        read_openqasm(TEXT, inputs={"theta": row})


def test_a_long_row_of_the_command_line_is_not_made():
    with pytest.raises(UsageError, match="at most 10000 sweep points"):
        read_inputs(["theta=0:1:1000000000000"])


def test_what_all_points_play_together_is_bounded():
    with pytest.raises(ProgramError, match=r"events of all sweep points"):
        read_openqasm(TEXT, inputs={"theta": range(100)}, limits=ReadLimits(events=60))
