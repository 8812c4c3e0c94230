"""Six programs at once on wukong72, on mock instruments over real links: each answers as it does alone."""

from dataclasses import replace

import numpy as np
import pytest
from six_programs import alone, by_chance, difference, exact, packed, quiet_twin, together, with_readout

from qctl import Lab
from qctl.compile import render_line
from qctl.jobs.link import link

SHOTS = 240


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    """Return the twin without crosstalk, parameters, the six compiled programs, and where and how they may play."""
    twin = quiet_twin(tmp_path_factory.mktemp("twin"))
    with Lab.open("wukong72", seed=2, twin=twin) as lab:
        known = exact(lab)
        sequences = packed(lab, known, SHOTS)
        used = sorted({qubit for sequence in sequences for qubit in sequence.placement})
        return twin, with_readout(lab, known, used), sequences, (lab.laboratory, lab.limits)


def ports(sequence):
    """Return all outputs and inputs that a program uses."""
    played = {port for track in sequence.tracks.values() if len(track.plays) for port in track.outputs}
    return played | {port for heard in sequence.listening.values() for port in heard.inputs}


def test_the_packer_keeps_six_different_programs_apart(six):
    sequences = six[2]
    places = [set(sequence.placement) for sequence in sequences]
    assert sum(map(len, places)) == len(set.union(*places)) == 16
    assert len({sequence.digest for sequence in sequences}) == 6


def test_counts_agree_with_those_of_the_same_program_alone(six, request):
    twin, known, sequences, _ = six
    found = []
    for seed in range(request.config.getoption("--link-seeds")):
        with Lab.open("wukong72", seed=100 + seed, twin=twin) as lab:
            results, linked = together(lab, known, sequences)
            for sequence, result in zip(sequences, results, strict=True):
                assert result.bits.shape[1] == SHOTS
                found.append(difference(result, alone(lab, known, sequence, linked)))
    assert min(by_chance([one]) for one in found) > 1e-3 / len(found)
    assert by_chance(found) > 1e-3


def test_own_lines_play_the_same_samples_as_alone_and_shared_ones_the_same_pulses(six):
    _, known, sequences, (laboratory, limits) = six
    window = link(sequences, known, laboratory, limits)
    shared = {line for line, track in window.sequence.tracks.items() if laboratory.lines[line].back is not None}
    n_lines = 0
    for sequence in sequences:
        own = link([sequence], known, laboratory, limits, not_before=window.readout).sequence
        for line, track in own.tracks.items():
            plays = window.sequence.tracks[line].plays
            if not len(track.plays):
                continue
            n_lines += 1
            for point in range(own.n_points):
                if line not in shared:
                    n = round(window.sequence.length * track.sample_rate)
                    whole = render_line(window.sequence.tracks[line], point, n, line)
                    np.testing.assert_array_equal(whole, render_line(track, point, n, line))
                else:
                    mine = {pulse(row) for row in track.plays[track.plays["point"] == point]}
                    assert mine <= {pulse(row) for row in plays[plays["point"] == point]}
    assert n_lines > 40


def pulse(row):
    return tuple(row[name].item() for name in ("start", "amplitude", "phase"))


def test_programs_that_share_no_input_and_no_output_give_the_same_bits(six):
    twin, known, sequences, _ = six
    sequences = [replace(sequence, shots=60) for sequence in sequences if sequence.n_points == 1]
    apart = [s for s in sequences if not any(ports(s) & ports(other) for other in sequences if other is not s)]
    assert apart
    with Lab.open("wukong72", seed=7, twin=twin) as lab:
        results, linked = together(lab, known, sequences)
    with Lab.open("wukong72", seed=7, twin=twin) as lab:
        single = alone(lab, known, apart[0], linked)
    shared = next(r for s, r in zip(sequences, results, strict=True) if s is apart[0])
    np.testing.assert_array_equal(single.bits, shared.bits)
    np.testing.assert_array_equal(single.iq, shared.iq)
