"""Snapshots: plain mappings, named by content."""

import math

import pytest

from qctl.core.errors import ParameterError
from qctl.core.names import UNITS, Target, unit_of
from qctl.core.parameters import Estimate, Parameters
from qctl.core.port import Port

KNOWN = Parameters({"q0.t1": Estimate(3e-5, 1e-6, "s"), "q0.frequency": Estimate(5.1e9)}, number=7)


def test_a_snapshot_is_a_mapping_of_floats():
    assert dict(KNOWN) == {"q0.t1": 3e-5, "q0.frequency": 5.1e9}
    assert "q0.t1" in KNOWN
    assert "q1.t1" not in KNOWN
    assert len(KNOWN) == 2


def test_what_nobody_knows_is_refused_with_a_remedy():
    with pytest.raises(ParameterError, match=r"'q1\.t1' is not known; .*7-[0-9a-f]{8}; calibrate it"):
        KNOWN["q1.t1"]


def test_the_name_of_a_snapshot_follows_from_its_values_alone():
    turned = Parameters({"q0.frequency": Estimate(5.1e9, 3.0, "Hz", 5.0, "x"), "q0.t1": Estimate(3e-5)}, number=7)
    assert turned.id == KNOWN.id
    assert KNOWN.replaced({"q0.t1": math.nextafter(3e-5, 1)}).digest != KNOWN.digest
    assert hash(turned) == hash(KNOWN)


def test_replacing_gives_a_copy():
    changed = KNOWN.replaced({"q0.t1": 4e-5, "q1.t1": Estimate(2e-5, 1e-6)})
    assert (KNOWN["q0.t1"], changed["q0.t1"], changed["q1.t1"]) == (3e-5, 4e-5, 2e-5)
    assert changed.estimates["q0.t1"].error == math.inf
    assert changed.number == 7


@pytest.mark.parametrize(
    ("quantity", "target", "unit"),
    [
        ("frequency", Target.QUBIT, "Hz"),
        ("x90.duration", Target.QUBIT, "s"),
        ("readout.threshold", Target.QUBIT, "V"),
        ("cz.phase_low", Target.COUPLING, "rad"),
        ("bias", Target.LINE, "A"),
        ("predistortion.tau_2", Target.LINE, "s"),
        ("predistortion.amplitude_12", Target.LINE, ""),
        ("predistortion.tau_N", Target.LINE, None),
        ("predistortion.tau_0", Target.LINE, None),
        ("predistortion.tau", Target.LINE, None),
        ("frequency", Target.LINE, None),
        ("t3", Target.QUBIT, None),
    ],
)
def test_the_unit_of_a_parameter_follows_from_its_name(quantity, target, unit):
    assert unit_of(quantity, target) == unit


def test_no_quantity_belongs_to_two_kinds_of_target():
    names = [name for units in UNITS.values() for name in units]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("port", [Port("awg1", 3), Port("awg1", 1, marker=True), Port("digitizer", 12)])
def test_a_port_is_read_back_from_its_text(port):
    assert Port.parse(str(port)) == port


def test_an_unknown_parameter_has_a_default_where_one_is_given_and_a_sentence_where_not():
    assert Parameters({}).get("q0.frequency", 5.0) == 5.0
    with pytest.raises(ParameterError, match=r"^parameter 'q0.frequency' is not known; allowed"):
        Parameters({})["q0.frequency"]
