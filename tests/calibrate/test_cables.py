"""Cables that lead to other qubits are named, and dead ones are not taken for them."""

from dataclasses import dataclass, replace

from fake_world import CHAIN, TRANSMON5, World, calibrated, world_of

from qctl.calibrate.cables import driven_by
from qctl.calibrate.outcome import Outcome


@dataclass
class Wired(World):
    """A world in which a qubit is seen only when the line that its drive is really plugged to plays."""

    plugs: dict = None  # qubit -> line that reaches it; None: no line

    def outcome(self, experiment, target):
        if experiment.name == "spectroscopy":
            asked = experiment.laboratory.qubits[target].drive
            if asked != self.plugs.get(target, f"{target}.drive"):
                return Outcome(target, reason="no line seen: nothing but noise")
        return super().outcome(experiment, target)


NODES = tuple(replace(one, sees_drive=one.name == "spectroscopy") for one in CHAIN)


def report_of(tmp_path, plugs):
    plain = world_of(NODES)
    return calibrated(Wired(plain.known, plain.truth, plugs=plugs), tmp_path, NODES)


def test_two_exchanged_cables_are_named(tmp_path):
    report = report_of(tmp_path, {"q0": "q3.drive", "q3": "q0.drive"})
    assert report.hints[0] == (
        "the cables of q0.drive and q3.drive are exchanged: q0 answers to q3.drive, and q3 to q0.drive"
    )


def test_three_cables_in_a_circle_are_named(tmp_path):
    report = report_of(tmp_path, {"q0": "q1.drive", "q1": "q2.drive", "q2": "q0.drive"})
    assert sum("instead of" in hint for hint in report.hints) == 3
    assert "q1 answers to q2.drive instead of q1.drive: a cable leads to the wrong qubit" in report.hints


def test_dead_outputs_are_no_exchanged_cables(tmp_path):
    report = report_of(tmp_path, {"q0": None, "q3": None})
    assert not any("answers to q" in hint for hint in report.hints)
    assert any("dead output" in hint and hint.startswith("q0") for hint in report.hints)


def test_one_silent_qubit_is_not_asked_through_other_lines(tmp_path):
    report = report_of(tmp_path, {"q3": None})
    assert not any("exchanged" in hint for hint in report.hints)


def test_only_the_drives_are_exchanged_in_what_is_asked():
    other = driven_by(TRANSMON5, {"q0": "q3.drive"})
    assert other.qubits["q0"].drive == "q3.drive"
    assert other.qubits["q0"].readout == TRANSMON5.qubits["q0"].readout
    assert other.qubits["q1"] == TRANSMON5.qubits["q1"]
