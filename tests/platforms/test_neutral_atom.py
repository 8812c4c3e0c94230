"""Gates of neutral atoms: ways past nobody, tones without jumps, and what the simulated array makes of them."""

import numpy as np
import pytest
from direct import Direct
from hypothesis import given
from hypothesis import strategies as st
from true_atoms import true_parameters

from qctl import Pulses
from qctl.core.errors import CompileError, LimitError, QctlError
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.pulse import Pulse, Tone
from qctl.platforms.tweezers.paths import EDGE, Array, assign, wave

SIDE, PITCH = 4, 6.0
GRID = Array(
    tuple((40 + PITCH * (k // SIDE), 20 + PITCH * (k % SIDE)) for k in range(SIDE * SIDE)),
    ((12.0, 27.0), (12.0, 30.0)),
    PITCH / 2,
    4e-6,
)
EDGE_OF_LIGHT = 0.2e-6  # s


def nearest(way, others):
    """Return the shortest distance between a way and some places."""
    closest = np.inf
    for (r0, c0), (r1, c1) in zip(way.points[:-1], way.points[1:], strict=True):
        s = np.linspace(0, 1, 200)[:, None]
        line = np.array([r0, c0]) * (1 - s) + np.array([r1, c1]) * s
        closest = min(closest, np.linalg.norm(line[:, None] - np.array(others)[None], axis=2).min())
    return closest


@given(source=st.integers(0, 15), target=st.integers(0, 15))
def test_a_way_passes_every_other_site_at_half_a_pitch(source, target):
    if source != target:
        others = [site for k, site in enumerate(GRID.sites) if k not in (source, target)]
        assert nearest(GRID.between(source, target), others) >= PITCH / 2 - 1e-9


@given(qubit=st.integers(0, 15), place=st.integers(0, 1))
def test_a_way_to_the_zone_passes_every_site_and_the_other_place(qubit, place):
    others = [site for k, site in enumerate(GRID.sites) if k != qubit]
    way = GRID.to_zone(qubit, place)
    assert nearest(way, others) >= PITCH / 2 - 1e-9
    assert nearest(way, [GRID.zone[1 - place]]) >= 3.0 - 1e-9
    assert way.points[-1] == GRID.zone[place]
    assert way.back.points == way.points[::-1]
    assert way.back.duration == pytest.approx(way.duration)


@given(loaded=st.sets(st.integers(0, 15)), wanted=st.sets(st.integers(0, 15), max_size=10))
def test_moves_fill_what_is_wanted_from_what_is_not(loaded, wanted):
    moves = assign(GRID, sorted(loaded), sorted(wanted))
    if len(loaded) < len(wanted):
        assert moves is None
        return
    now = set(loaded)
    for source, target in moves:
        assert source in now
        assert source not in wanted
        assert target not in now
        now = now - {source} | {target}
    assert wanted <= now


def test_a_chirp_ends_on_the_tone_of_its_goal_and_its_phase_never_jumps():
    rate, axis = 25e6, (2e6, 0.1e6, 0.0)
    way = GRID.to_zone(5, 1)
    found = wave(way, axis, rate)
    turns = np.diff(np.unwrap(np.angle(found[10:-10]))) * rate / (2 * np.pi)
    edge = round(EDGE * rate) - 20
    np.testing.assert_allclose(turns[:edge], 2e6 + 0.1e6 * GRID.sites[5][1], rtol=1e-6)
    np.testing.assert_allclose(turns[-edge:], 2e6 + 0.1e6 * GRID.zone[1][1], rtol=1e-6)
    assert np.abs(np.diff(turns)).max() < 3e4


@pytest.fixture(scope="module")
def lab():
    direct = Direct("atoms16", seed=3)
    direct.parameters = true_parameters(direct.laboratory, direct.truth, direct.parameters)
    return direct


def text(body, n=2):
    return f"OPENQASM 3; qubit[{n}] q; bit[{n}] c; {body} c = measure q;"


@pytest.mark.parametrize(
    ("body", "wanted"), [("", "00"), ("x q[0];", "10"), ("h q[1]; z q[1]; h q[1];", "01"), ("h q[0]; h q[0];", "00")]
)
def test_local_rotations_and_virtual_turns_do_what_they_say(lab, body, wanted):
    counts = lab.run(text(body), 300, optimise=False).counts
    assert counts.get(wanted, 0) > 0.93 * sum(counts.values())


def test_a_bell_pair_needs_the_phase_of_the_gate_and_then_is_one(lab):
    def agree(phase):
        known = lab.parameters.replaced({"array.gate.phase": phase})
        counts = lab.run(text("h q[0]; cx q[0], q[1];"), 500, parameters=known).counts
        return (counts.get("00", 0) + counts.get("11", 0)) / sum(counts.values())

    phases = np.linspace(0, 2 * np.pi, 6, endpoint=False)
    signal = np.array([agree(phase) for phase in phases])
    swing = 2 * np.abs(np.mean(signal * np.exp(1j * phases)))
    best = float(np.angle(np.mean(signal * np.exp(1j * phases))))
    assert swing > 0.42
    assert agree(best) > 0.93


def test_atoms_that_were_never_there_or_were_lost_are_told_and_do_not_count(lab):
    result = lab.run(text(""), 300)
    assert sum(result.counts.values()) == 300 - sum(result.dropped.values())
    assert any("was empty" in reason for reason in result.dropped)
    assert np.isnan(result.iq[0, :, 0]).mean() == pytest.approx(1 - lab.truth.tweezers.loading * 0.93, abs=0.08)


def test_a_gate_behind_a_measurement_is_refused(lab):
    with pytest.raises(CompileError, match="one image shows all atoms"):
        lab.compile("OPENQASM 3; qubit[1] q; bit[1] c; c[0] = measure q[0]; x q[0];", 10)


def test_waits_are_on_the_grid_of_all_clocks(lab):
    with pytest.raises(LimitError):
        lab.compile("OPENQASM 3; qubit[1] q; bit[1] c; delay[50.5ns] q[0]; c[0] = measure q[0];", 10)


def test_any_pair_is_gated_without_a_swap(lab):
    sequence = lab.compile(text("cz q[0], q[15];", 16), 10)
    assert len(sequence.tracks["tweezers_x"].plays) == 4
    assert len(sequence.tracks["rydberg_blue"].plays) == 1


def test_an_atom_that_helps_without_being_measured_is_watched(lab):
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit c; x q[1]; cx q[1], q[0]; c = measure q[0];'
    sequence = lab.compile(text, 10)
    (exposing,) = sequence.exposing.values()
    measured, helping = sequence.placement[0], sequence.placement[1]
    assert exposing.reads["qubit"].tolist() == [measured]
    assert exposing.watched["qubit"].tolist() == [helping]


def test_a_program_runs_on_a_hundred_sites():
    large = Direct("atoms100", seed=3)
    known = true_parameters(large.laboratory, large.truth, large.parameters)
    result = large.run(text("x q[0]; x q[2]; h q[1]; h q[1]; h q[3]; cz q[2], q[3]; h q[3];", 4), 120, parameters=known)
    told = {bits: n for bits, n in result.counts.items() if bits.startswith("101")}  # half of 16 loads are whole
    assert sum(result.counts.values()) > 5
    assert sum(told.values()) > 0.85 * sum(result.counts.values())


def pi_pulse(lab, **changed):
    """Return a program that plays the light of a pi pulse on q0 alone, pulse by pulse."""
    known, pulses = lab.parameters, Pulses(lab)
    amplitude, duration = known["q0.x180.amplitude"], known["q0.x180.duration"]
    beam = pulses.frame("raman_local", known["q0.frequency"] + known["q0.x180.shift"], "q0")
    pulses.play(beam.flat(amplitude, duration, EDGE_OF_LIGHT)).measure("q0", "m")
    pulses.measure("q1", "beside")
    return pulses


def test_a_pulse_of_local_light_is_pointed_at_its_atom(lab):
    counts = lab.run(pi_pulse(lab), shots=200).counts
    assert counts.get("10", 0) > 0.93 * sum(counts.values())


def test_a_calibrated_gate_of_local_light_points_the_beam_too(lab):
    known = lab.parameters
    head = (
        'OPENQASM 3; defcalgrammar "openpulse"; cal { port raman_local; @line raman_local\n port beam;'
        f" frame f = newframe(beam, {known['q0.frequency'] + known['q0.x180.shift']!r}, 0.0); }}"
        f" defcal x $0 {{ play(f, flat_top_cosine({known['q0.x180.amplitude']!r},"
        f" {known['q0.x180.duration']!r}s, 200ns)); }} x $0; bit c; c = measure $0;"
    )
    tracks = lab.compile(head).tracks
    light, pointer = tracks["raman_local"].plays, tracks["pointer_x"]
    assert len(light) == 1
    first, last = pointer.plays["start"][0], pointer.plays["start"][0] + len(pointer.waveforms[0])
    until = light["start"][0] + len(tracks["raman_local"].waveforms[0])
    assert first / pointer.sample_rate < light["start"][0] / 100e6 - 10e-6 < until / 100e6 < last / pointer.sample_rate


@pytest.mark.parametrize(
    ("line", "frequency", "message"),
    [
        ("mot", None, "a tone on line 'mot'; allowed: tweezers_x"),
        ("nowhere", None, "a tone on line 'nowhere'; allowed: tweezers_x"),
        ("raman_local", None, "without a frequency"),
        ("raman_local", 80e6, "half the sample rate"),
    ],
)
def test_a_pulse_that_no_line_plays_is_refused_with_those_that_do(lab, line, frequency, message):
    tone = Tone(line=line, amplitude=0.1, duration=4e-6, frequency=frequency)
    with pytest.raises(QctlError, match=message):
        lab.compile(played(tone, 0))


def test_local_light_points_at_one_atom(lab):
    with pytest.raises(QctlError, match="keeps 2 atoms busy; allowed: one"):
        lab.compile(played(Tone(line="raman_local", amplitude=0.1, duration=4e-6, frequency=1e6), 0, 1))


def played(tone, *on):
    rows = np.array([event(Op.PULSE, on, bit=0), event(Op.MEASURE, (0,), bit=0)], EVENT)
    return Program(rows, 2, 1, physical=True, pulses=(Pulse((tone,)),))
