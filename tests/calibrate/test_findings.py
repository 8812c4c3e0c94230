"""What was not found is stored too, under names and units that the store takes."""

import pytest

from qctl.calibrate.acceptance import Verdict
from qctl.calibrate.findings import findings_of
from qctl.calibrate.outcome import Outcome
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.names import Target
from qctl.experiments.transmon import NODES, ON_REQUEST

LAB = read_laboratory(find_laboratory("transmon5"))
TARGET = {Target.QUBIT: "q2", Target.COUPLING: "q1-q2", Target.LINE: "feedline"}


@pytest.mark.parametrize("node", [*NODES, *ON_REQUEST], ids=lambda node: node.name)
def test_a_step_that_found_nothing_leaves_rows_that_the_store_takes(node):
    target = TARGET[node.kind]
    rows = findings_of(node, Outcome(target, reason="noise"), Verdict(target, False, "noise"), "", 1.8e9)
    assert len(rows) == sum(not quantity.name.endswith("*") for quantity in node.finds)
    for row in rows:
        row.check()
        assert row.name.startswith(f"{target}.")
