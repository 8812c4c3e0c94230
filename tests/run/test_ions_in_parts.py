"""Two ions, steered by the host within shots: what was measured decides, and the other ion remembers."""

from pathlib import Path

import numpy as np
import pytest
from ion_pair import opened

from qctl.compile.host import steered
from qctl.conformance.statistics import distance, sampling_noise
from qctl.conformance.steered import predict_steered
from qctl.core.errors import CompileError
from qctl.core.program import EVENT, Program
from qctl.experiments.ions import memory
from qctl.experiments.rows import half, measure
from qctl.frontends import read_program

PROGRAMS = Path(__file__).parent / "programs"
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; '


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("ions")) as lab:
        yield lab


def test_a_bit_decides_what_the_other_ion_gets_and_a_measured_ion_can_be_used_again(lab):
    result = lab.run(HEAD + "x q[0]; c[0] = measure q[0]; if (c[0]) { x q[1]; x q[0]; } c[1] = measure q[1];", shots=30)
    assert result.counts["11"] >= 26
    assert sum(result.ways.values()) == sum(result.counts.values()) == 30
    assert result.ways["1 1"] == result.counts["11"]
    timing = result.timing
    assert (timing.deadlines, timing.misses, timing.flags["parts"]) == (30, 0, 60)
    assert 0 < timing.seconds["reaction p50"] <= timing.seconds["reaction max"]


def test_an_ion_keeps_its_phase_while_its_neighbour_is_measured(lab):
    """Its frequency is no multiple of one over the slot: without the frames, it would come back anywhere."""
    text = HEAD + "x q[0]; h q[1]; c[0] = measure q[0]; if (c[0]) { TURN h q[1]; } c[1] = measure q[1];"
    assert lab.run(text.replace("TURN", ""), shots=30).counts.get("10", 0) >= 25
    assert lab.run(text.replace("TURN", "z q[1];"), shots=30).counts.get("11", 0) >= 25


def test_a_reset_empties_an_ion_whatever_it_was(lab):
    result = lab.run(HEAD + "h q[0]; h q[1]; reset q[0]; h q[1]; c = measure q;", shots=30)
    assert result.counts["00"] >= 26
    assert {way.split()[0] for way in result.ways} == {"0", "1"}


def test_repeat_until_success_ends_with_success_and_leaves_the_other_ion_alone(lab):
    result = lab.run(PROGRAMS / "repeat_until_success.qasm", shots=40)
    assert sum(n for key, n in result.counts.items() if key == "10") >= 34
    assert all(way.split()[-1] in ("0", "1") and "1" in way for way in result.ways)
    assert max(len(way.split()) for way in result.ways) > 2
    program = read_program((PROGRAMS / "repeat_until_success.qasm").read_text(encoding="utf-8"))
    expected = predict_steered(program, lab.parameters, lab.laboratory)
    found = {key: n / sum(result.counts.values()) for key, n in result.counts.items()}
    assert distance(found, expected) <= 0.03 + sampling_noise(expected, 40)


def test_a_program_that_decides_nothing_waits_for_slots_too_and_a_frequency_that_is_off_shows(lab):
    """A quarter of a turn in a slot of 20 ms: the ion runs behind, and the other quadrature says so."""
    known = lab.parameters.replaced({"q1.frequency": lab.parameters["q1.frequency"] + 12.5})
    first = memory.waiting([1], 0, 1, echo=False)
    circuits = [[*first, half(1, phase), *measure([1])] for phase in (np.pi / 2, 3 * np.pi / 2)]
    circuits.append([*memory.waiting([1], 0, 2, echo=True), half(1, np.pi), *measure([1])])
    events, starts = np.array([row for one in circuits for row in one], EVENT), np.cumsum([0, *map(len, circuits)])
    program = Program(events, 2, 2, starts, 8, physical=True)
    found = lab.run_in_parts([(program, known)])
    assert found.bits.shape == (3, 8, 2)
    behind, ahead, echo = found.bits[:, :, 0].sum(axis=1)
    assert ahead - behind >= 5
    assert echo >= 6


def test_stray_light_of_a_bad_beam_tells_what_the_neighbour_is(tmp_path):
    with opened(tmp_path, floor="9e-3") as lab:
        text = HEAD + "x q[0]; h q[1]; c[0] = measure q[0]; h q[1]; c[1] = measure q[1];"
        counts = lab.run(text.replace("h q[1]; c[1]", "if (c[0]) { h q[1]; } c[1]"), shots=30).counts
    assert 6 <= counts.get("11", 0) <= 24  # half of them


def ready(lab, text, **changed):
    known = lab.parameters.replaced(changed) if changed else lab.parameters
    return steered(read_program(text), known, lab.laboratory, lab.limits)


def test_ions_that_forget_sooner_than_the_host_decides_are_refused_with_both_times(lab):
    with pytest.raises(CompileError, match=r"20 ms; allowed: two slots within T2, which is 30 ms at most \(q0\)"):
        ready(lab, HEAD + "reset q[0]; x q[0]; reset q[0]; c = measure q;", **{"q0.t2": 0.03, "q1.t2": 0.02})


def test_a_part_that_leaves_the_host_too_little_time_is_refused_with_both_times(lab):
    with pytest.raises(CompileError, match="of a slot; allowed: 16 ms: the host needs 4 ms of each slot of 20 ms"):
        ready(lab, HEAD + "x q[0]; delay[13ms] q[0]; c[0] = measure q[0]; if (c[0]) { x q[1]; } c[1] = measure q[1];")


def test_all_parts_are_one_upload_in_which_only_the_first_cools(lab):
    found = ready(lab, (PROGRAMS / "repeat_until_success.qasm").read_text(encoding="utf-8"))
    assert found.tree.n_parts == found.sequence.n_points
    beams = [track for name, track in found.sequence.tracks.items() if name.startswith("beam")]
    assert all(not np.any(t.plays["start"][t.plays["point"] > 0] == 0) for t in beams)
    assert all(np.any(t.plays["start"][t.plays["point"] == 0] == 0) for t in beams)
    assert found.sequence.opening == ("cooling", "pumping")


def test_light_that_measures_an_ion_leaves_its_neighbours_alone(lab):
    """A tone that is switched hard has parts that point beside it: eight times what aberrations leave."""
    found = ready(lab, HEAD + "x q[0]; reset q[0]; c = measure q;")
    tone = found.sequence.tracks["focus"].waveforms[0].real
    power = np.abs(np.fft.rfft(tone, 1 << 16)) ** 2
    beside = np.fft.rfftfreq(1 << 16, 1 / 62.5e6) > 0.8e6  # tones of neighbours are 1 MHz apart, a focus 200 kHz wide
    assert power[beside].sum() < 1e-6 * power.sum()


def test_each_point_of_a_sweep_is_steered_on_its_own(lab):
    text = HEAD + "input float turn; rx(turn) q[0]; c[0] = measure q[0]; if (c[0]) { x q[1]; } c[1] = measure q[1];"
    result = lab.run(text, shots=20, inputs={"turn": [0.0, np.pi]})
    assert [max(result.counts_of(point), key=result.counts_of(point).get) for point in (0, 1)] == ["00", "11"]
    assert result.bits.shape == (2, 20, 2)
    assert result.timing.flags["parts"] == 80
    assert sum(result.ways.values()) == int(result.kept.sum())
