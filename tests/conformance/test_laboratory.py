"""Each program of the kit on a laboratory of choice: ``pytest --conformance LAB [--shots N] [--state FOLDER]``.

A run fails exactly when ``qctl conformance`` does: Holm's correction rejects something when the least of all p-values
does not survive that of Bonferroni, which each program can judge for itself.
"""

from dataclasses import replace

import pytest

from qctl.conformance import programs
from qctl.conformance.check import measured
from qctl.conformance.refusals import refusals
from qctl.control.safe import asked_when_off
from qctl.core.laboratory import SafeAction
from qctl.run import Lab


@pytest.fixture(scope="module")
def lab(request):
    options = request.config.option
    with Lab.open(options.conformance, seed=1, state=options.state) as opened:
        yield opened


@pytest.mark.parametrize("entry", programs(), ids=lambda entry: entry.name)
def test_what_comes_of_a_program_is_what_measured_errors_predict(lab, entry, request):
    if entry.program.n_qubits > len(lab.laboratory.qubits):
        pytest.skip(f"needs {entry.program.n_qubits} qubits, there are {len(lab.laboratory.qubits)}")
    row, chance = measured(lab, entry, request.config.getoption("--shots"))
    assert replace(row, chance=min(1.0, chance * len(programs()))).reason == ""


def test_what_cannot_be_done_is_refused(lab):
    assert [one.reason for one in refusals(lab) if one.reason] == []


def test_outputs_are_safe_at_the_end_and_all_that_can_be_asked_are(lab):
    safe, instruments = lab.laboratory.safe, lab.station.instruments  # opened here, where no program was run before
    off = [name for name, entry in safe.items() if entry.action is SafeAction.OFF]
    able = tuple(name for name in off if callable(getattr(instruments[name], "live", None)))
    assert asked_when_off(instruments, safe) == able
    lab.close()  # raises when one is not safe
    if not able:
        pytest.skip(f"none of {', '.join(off) or 'no outputs'} can be asked whether it is off")
