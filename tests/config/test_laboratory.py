"""Laboratory files: what comes with qctl is right, and what only makes sense together is checked."""

import hashlib

import pytest

from qctl.config import read_laboratory
from qctl.core.laboratory import Role, SafeAction, SafeEntry
from qctl.core.port import Port


def test_mistakes_of_all_kinds_come_at_once(transmon5, mistakes_in):
    changes = {
        "i: awg1.3,": ("i: awg1.1,", "port awg1.1 a second time"),
        "  awg3: {action: off}\n": ("", "awg3 has no entry in safe"),
        "{min: -5 mA, max: 5 mA, rate: 10 mA/s}": ("{min: -5 mA, max: 5 mA}", "bias_q0: no rate"),
        "7.055 GHz": ("7.0550012 GHz", "multiples of 5 kHz"),
        "t1: 38 us": ("t1x: 38 us", "has no quantity 't1x'"),
    }
    text = transmon5
    for old, (new, _) in changes.items():
        text = text.replace(old, new, 1)
    found = mistakes_in(text)
    assert len(found) == len(changes)
    assert all(any(said in str(mistake) for mistake in found) for _, said in changes.values())


@pytest.mark.parametrize(
    ("name", "qubits", "couplings", "used"),
    [("transmon5", 5, 4, 21), ("ideal20", 20, 31, 99), ("wukong72", 72, 126, 366)],
)
def test_the_laboratories_that_come_with_qctl_are_right(configs, name, qubits, couplings, used):
    laboratory = read_laboratory(configs / f"{name}.yaml")
    outputs = [port for line in laboratory.lines.values() for port in line.outputs if not port.marker]
    assert (len(laboratory.qubits), len(laboratory.couplings), len(outputs)) == (qubits, couplings, used)
    assert laboratory.masters() == ("awg1",)
    assert laboratory.name == name
    assert laboratory.digest == hashlib.sha256((configs / f"{name}.yaml").read_bytes()).hexdigest()


def test_what_is_read_is_what_is_written(configs):
    laboratory = read_laboratory(configs / "transmon5.yaml")
    assert laboratory.lines["trigger"].output == Port("awg1", 1, marker=True)
    assert laboratory.lines["feedline"].back == (Port("digitizer", 1), Port("digitizer", 2))
    assert laboratory.first_guess["q0.readout.frequency"] == 6.985e9
    assert laboratory.first_guess["q3-q4.flux.bias"] == 1.39e-3
    assert laboratory.safe["bias_q0"] == SafeEntry(action=SafeAction.RAMP, value=0.0, rate=5e-3, order=1, unit="A")
    assert laboratory.roles()["drive_low"] is Role.SOURCE
    assert laboratory.period == 200e-6


@pytest.mark.parametrize("name", ["transmon5", "ideal20"])
def test_neighbours_meet_at_the_gate_and_qubits_on_one_source_can_be_told_apart(configs, name):
    laboratory = read_laboratory(configs / f"{name}.yaml")
    guess = laboratory.first_guess
    for coupling in laboratory.couplings.values():
        high, low = sorted(coupling.pair, key=lambda qubit: -guess[f"{qubit}.frequency"])
        gap = guess[f"{high}.frequency"] - guess[f"{low}.frequency"] - abs(guess[f"{high}.anharmonicity"])
        assert 0.2e9 < gap < 0.45e9
    for kind in ("frequency", "readout.frequency"):
        tones = [guess[f"{qubit}.{kind}"] for qubit in laboratory.qubits]
        assert min(abs(a - b) for i, a in enumerate(tones) for b in tones[:i]) > 4e6


def test_two_instruments_cannot_stand_at_one_address(transmon5, mistakes_in):
    text = transmon5.replace("address: mock", "address: TCPIP::10.0.0.1::INSTR", 2)
    (mistake,) = mistakes_in(text)
    assert "the address of awg1 again" in str(mistake)
