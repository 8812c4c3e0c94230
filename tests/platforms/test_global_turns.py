"""The global beam begins programs whose atoms all begin with a quarter turn, and nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest
from direct import Direct
from true_atoms import true_parameters

from qctl.calibrate.workbench import Workbench
from qctl.compile import compile_program
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.pulse import Pulse, Tone
from qctl.experiments.atoms.everybody import GlobalTurn
from qctl.frontends import read_openqasm
from qctl.jobs.claims import claims_of

HEAD = 'OPENQASM 3; include "stdgates.inc"; qubit[2] q; bit[2] c; '
# Each atom has a frequency of its own, so its axes differ from the beam's, and turns back show whether they follow.
UNEQUAL = {f"q{k}.frequency": 3e3 * (k % 3 - 1) for k in range(16)}


class Shorter(Direct):
    """An array whose global beam comes 24 ns before the local one."""

    def played(self, sequence):
        port = self.laboratory.lines["raman"].outputs[0]
        points = super().played(sequence)
        return [
            {p: replace(one, start=one.start - 24e-9) if p == port else one for p, one in point.items()}
            for point in points
        ]


@pytest.fixture(scope="module")
def lab():
    direct = Direct("atoms16", seed=3)
    known = true_parameters(direct.laboratory, direct.truth, direct.parameters)
    seen = {f"{q}.readout.{name}": 112.0 for q in direct.laboratory.qubits for name in ("present", "counts")}
    direct.parameters = known.replaced(seen)
    return direct


def share_of(lab, body, key, known=None):
    """Return how often atoms that were there gave ``key``."""
    result = lab.run(read_openqasm(HEAD + body + " c = measure q;"), shots=60, parameters=known)
    counts = result.counts
    return counts.get(key, 0) / max(sum(counts.values()), 1)


def tracks(lab, body, *, optimise=True, known=None):
    sequence = lab.compile(read_openqasm(HEAD + body + " c = measure q;"), 10, known, optimise)
    return {line: len(track.plays) for line, track in sequence.tracks.items()}


def local(lab):
    return lab.parameters.replaced({"array.global.amplitude": 0.0})


def test_one_pulse_turns_all_atoms_that_begin_alike(lab):
    played = tracks(lab, "h q; cz q[0], q[1];")
    assert played["raman"] == 1
    assert played["raman_local"] == 0
    assert tracks(lab, "h q; cz q[0], q[1];", known=local(lab))["raman_local"] == 2


@pytest.mark.parametrize("body", ["h q[0];", "h q[0]; x q[1];", "h q[0]; cz q[0], q[1]; h q[1];", "x q;"])
def test_atoms_that_begin_otherwise_are_left_alone(lab, body):
    assert tracks(lab, body)["raman"] == 0


def test_programs_that_are_to_be_played_as_they_stand_are(lab):
    assert tracks(lab, "h q;", optimise=False)["raman"] == 0


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("h q[0]; sx q[1]; rz(1.1) q[0]; rz(-1.1) q[0]; barrier q; h q[0]; inv @ sx q[1];", "00"),
        ("h q[0]; h q[1]; barrier q; s q[0]; s q[0]; h q[0]; h q[1];", "10"),
        ("ry(pi/2) q[0]; rx(-pi/2) q[1]; barrier q; ry(pi/2) q[0]; rx(pi/2) q[1];", "10"),
    ],
)
def test_later_axes_follow_whatever_the_first_ones_were(lab, body, key):
    assert tracks(lab, body)["raman"] == 1
    assert share_of(lab, body, key) > 0.85
    assert share_of(lab, body, key, local(lab)) > 0.85


def test_axes_follow_the_frequency_of_each_atom(lab):
    truth = lab.truth
    off = {name: truth.qubits.frequency + truth.sites[name].shift for name in lab.laboratory.qubits}
    known = lab.parameters.replaced({name: off[name.partition(".")[0]] + more for name, more in UNEQUAL.items()})
    text = HEAD + "h q; cz q[0], q[1]; h q; c = measure q;"
    sequence = lab.compile(read_openqasm(text), 10, known)
    plays, carriers = sequence.tracks["raman_local"].plays, sequence.tracks["raman_local"].carriers
    beam, (pulse,) = sequence.tracks["raman"], sequence.tracks["raman"].plays
    middle = pulse["start"] / beam.sample_rate + known["array.global.duration"] / 2
    alone = lab.compile(read_openqasm(text), 10, known.replaced({"array.global.amplitude": 0.0})).tracks["raman_local"]
    later = alone.plays[2:]  # behind the first two
    turned = (plays["phase"] - later["phase"] + np.pi) % (2 * np.pi) - np.pi
    expected = 2 * np.pi * (beam.carriers[0] - carriers[plays["carrier"]]) * middle
    first = (alone.plays["phase"][:2] + np.pi) % (2 * np.pi) - np.pi
    assert turned == pytest.approx((expected - first + np.pi) % (2 * np.pi) - np.pi, abs=1e-9)


def test_its_amplitude_and_its_axis_are_found_and_programs_turn_about_it(lab):
    """A cable that is shorter than its file says turns the phase of the beam's light."""
    short = Shorter("atoms16", seed=4)
    known = lab.parameters.replaced({"array.global.amplitude": 0.0})
    (outcome,) = Workbench(short, known).ask(GlobalTurn(short.laboratory, ("array",), shots=15))
    assert outcome.reason == ""
    amplitude, phase = outcome.found["array.global.amplitude"], outcome.found["array.global.phase"]
    true = lab.parameters["array.global.amplitude"]
    assert amplitude.value == pytest.approx(true, abs=max(5 * amplitude.error, 0.003))
    assert abs(phase.value) == pytest.approx(2 * np.pi * 10e6 * 24e-9, abs=max(5 * phase.error, 0.02))
    told = known.replaced(outcome.found)
    tilted = told.replaced({"array.global.phase": 0.0})
    assert share_of(short, "h q; barrier q; h q;", "00", told) > 0.9
    assert share_of(short, "h q; barrier q; h q;", "00", tilted) < 0.6


def test_a_program_that_would_be_turned_along_does_not_share_its_shot(lab):
    def equal(body, qubits):
        sequence = lab.compile(read_openqasm(HEAD + body + " c = measure q;"), 10)
        return claims_of(sequence, qubits, lab.parameters, lab.laboratory, lab.limits).equal

    idle, turned, alike = equal("", (0, 1)), equal("h q;", (2, 3)), equal("h q; z q;", (4, 5))
    assert idle["what is played on raman"] != turned["what is played on raman"]
    assert turned["what is played on raman"] == alike["what is played on raman"]


def test_where_pulses_of_ones_own_play_on_a_raman_beam_idle_atoms_tell_nothing_of_pumping(lab):
    n = len(lab.laboratory.qubits)
    rows = [event(op, (0,), bit=bit) for k in (0, 1) for op, bit in ((Op.PULSE, k), (Op.MEASURE, 0))]
    pulses = tuple(
        Pulse((Tone(line=line, amplitude=0.1, duration=2e-6, frequency=hertz),))
        for line, hertz in (("raman", 1e7), ("dark", None))
    )
    program = Program(np.array(rows, EVENT), n, 1, np.array([0, 2, 4]), physical=True, pulses=pulses)
    sequence = compile_program(program, lab.parameters, lab.laboratory, lab.limits)
    assert sequence.exposing["array"].turned == {0}
