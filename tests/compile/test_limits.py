"""Each limit is hit once, and says its number, what is allowed and what to do."""

from dataclasses import replace

import numpy as np
import pytest

from qctl.compile import compile_program, flatten
from qctl.compile.limits import check_limits, most_at_once
from qctl.core.errors import CompileError, LimitError
from qctl.core.laboratory import LimitEntry
from qctl.core.program import Op

X = (Op.R, (0,), (np.pi, 0.0))
CZ = (Op.CZ, (0, 1))
READ = (Op.MEASURE, (0,), (), 0)


@pytest.fixture
def compiled(program, parameters, laboratory, limits):
    def run(*points, changes=None, lab=None, allowed=None):
        known = parameters.replaced(changes or {})
        return compile_program(program(*points), known, lab or laboratory, allowed or limits)

    return run


@pytest.mark.parametrize(
    ("instrument", "field", "value", "message"),
    [
        ("awg1", "n_channels", 4, r"awg1: 8 output; allowed: at most 4"),
        ("awg1", "max_steps", 1, r"awg1: 2 sweep points.*at most 1; run fewer points"),
        ("awg1", "memory", 32, r"awg1: \d+ samples per shot; allowed: at most 32"),
        ("awg1", "max_rate", 5e8, r"awg1: sample rate 1e\+09 Hz.*5e\+08 Hz; change sample_rate"),
        ("awg1", "min_samples", 200_000, r"awg1: 200000 samples.*raise period"),
        ("awg2", "max_full_scale", 0.3, r"awg2: full scale 0.5 V; allowed: 0.0125 to 0.3 V"),
        ("digitizer", "n_channels", 1, r"digitizer: 2 input; allowed: at most 1"),
        ("digitizer", "rates", (1e9,), r"digitizer: sample rate 5e\+08 Hz; allowed: 1e\+09 Hz"),
        ("digitizer", "max_segments", 1, r"digitizer: 2 segments per repetition; allowed: at most 1"),
        ("digitizer", "memory", 150, r"digitizer: 200 samples per repetition; allowed: at most 150"),
        ("digitizer", "min_samples", 200, r"a segment of 100 samples; allowed: at least 200; lengthen readout"),
        ("digitizer", "rearm", 99.9e-6, r"0.0000999|9.99e-05 s to re-arm"),
        ("digitizer", "max_full_scale", 0.1, r"digitizer: full scale 0.2 V"),
    ],
)
def test_what_an_instrument_cannot_do_is_refused(instrument, field, value, message, compiled, limits):
    allowed = {**limits, instrument: replace(limits[instrument], **{field: value})}
    with pytest.raises(LimitError, match=message):
        compiled([X, READ], [READ], allowed=allowed)


def test_a_marker_that_is_not_there_is_refused(compiled, limits, laboratory):
    few = {**limits, "awg1": replace(limits["awg1"], markers_per_channel=0)}
    with pytest.raises(LimitError, match="1 marker; allowed: at most 0"):
        compiled([X], allowed=few)


def test_an_instrument_of_the_wrong_kind_is_refused(compiled, limits):
    with pytest.raises(LimitError, match="awg2 feeds lines; allowed: an AWG"):
        compiled([X], allowed={**limits, "awg2": limits["digitizer"]})


def test_a_shot_longer_than_the_period_is_refused(compiled):
    with pytest.raises(LimitError, match=r"a shot of .* s.*period of 0.0001 s.*raise period"):
        compiled([X, (Op.DELAY, (0,), (99.95e-6,)), X])


def test_operations_longer_than_the_period_are_refused_before_anything_of_that_length_is_made(compiled):
    with pytest.raises(LimitError, match=r"operations that take 3.*period of 0.0001 s.*raise period"):
        compiled([X, (Op.DELAY, (0,), (3.0,)), X])


def test_a_digitizer_that_cannot_re_arm_in_time_is_refused(compiled):
    with pytest.raises(LimitError, match="4e-06 s to re-arm"):
        compiled([(Op.DELAY, (0,), (96e-6,)), READ])


@pytest.mark.parametrize(
    ("row", "name"), [(X, "q0.x180.amplitude"), (CZ, "q0-q1.cz.flux_amplitude"), (READ, "q0.readout.amplitude")]
)
def test_an_amplitude_beyond_full_scale_is_refused_with_line_and_point(row, name, compiled):
    with pytest.raises(LimitError, match=r"point 1: the waveform reaches 1\.\d+ of full scale.*lower the amplitude"):
        compiled([X] if row is not X else [(Op.R, (0,), (np.pi / 2, 0.0))], [row], changes={name: 1.2})


def test_mixer_correction_counts(compiled):
    changes = {"q0.x180.amplitude": 0.95, "q0.drive.mixer.gain": 0.8}
    with pytest.raises(LimitError, match=r"q0\.drive, point 0: the waveform reaches 1"):
        compiled([(Op.R, (0,), (np.pi, np.pi / 2))], changes=changes)


def test_tones_that_fit_alone_but_not_together_are_refused(compiled):
    changes = {f"q{k}.readout.amplitude": 0.6 for k in range(3)}
    together = [READ, (Op.MEASURE, (1,), (), 1), (Op.MEASURE, (2,), (), 2)]
    compiled([READ], changes=changes)
    with pytest.raises(LimitError, match="feedline, point 0: the waveform reaches 1"):
        compiled(together, changes=changes)


def test_a_sum_whose_bound_exceeds_full_scale_but_not_its_samples_is_played(compiled):
    changes = {"q0.x180.amplitude": 1.0, "q0.drive.mixer.gain": 0.99}
    sequence = compiled([X], changes=changes)
    assert len(sequence.tracks["q0.drive"].plays) == 1


def test_predistortion_counts(compiled):
    changes = {
        "q0-q1.cz.flux_amplitude": 0.97,
        "q0.flux.predistortion.amplitude_1": -0.05,
        "q0.flux.predistortion.tau_1": 100e-9,
    }
    with pytest.raises(LimitError, match=r"q0\.flux, point 0: the waveform reaches 1"):
        compiled([CZ], changes=changes)


def test_numbers_that_are_none_are_refused(compiled):
    with pytest.raises(LimitError, match="not finite"):
        compiled([X], changes={"q0.x180.amplitude": float("nan")})


def test_an_offset_beyond_full_scale_is_refused(compiled):
    with pytest.raises(LimitError, match=r"offset of 1\.5"):
        compiled([X], changes={"q2.drive.mixer.offset_q": 1.5})


def test_a_carrier_beyond_half_the_sample_rate_is_refused(compiled):
    with pytest.raises(LimitError, match=r"q0\.frequency.*less than 5e\+08 Hz.*move high closer"):
        compiled([X], changes={"q0.frequency": 5.7e9})


def test_edges_that_do_not_fit_into_a_cz_are_refused(compiled):
    with pytest.raises(LimitError, match=r"edges that fit into cz\.duration"):
        compiled([CZ], changes={"q0-q1.cz.duration": 20e-9})


def test_limits_of_the_laboratory_file_hold_in_volts(compiled, laboratory, limits):
    tight = replace(laboratory, limits={"awg1": LimitEntry(min=-0.1, max=0.1)}, digest="")
    sequence = compiled([X], lab=tight)
    with pytest.raises(LimitError, match=r"awg1.1 goes from -0\.\d+ to 0\.\d+ V; allowed: -0.1 to 0.1 V"):
        flatten(sequence, tight, limits)
    slow = replace(laboratory, limits={"awg1": LimitEntry(min=-1, max=1, rate=1e3)}, digest="")
    with pytest.raises(LimitError, match=r"V/s; allowed: 1000 V/s"):
        flatten(compiled([X], lab=slow), slow, limits)


def test_the_memory_of_all_points_together_is_bounded(compiled, laboratory, limits):
    points = [[(Op.R, (0,), (np.pi, 0.1 * k))] for k in range(10)]
    small = {**limits, "awg1": replace(limits["awg1"], memory=200)}
    sequence = compiled(*points, allowed=small)
    with pytest.raises(LimitError, match="channel 1 needs 640 samples for 10 sweep points"):
        flatten(sequence, laboratory, small)


def test_an_unknown_platform_is_refused_by_name(program, parameters, laboratory, limits):
    odd = replace(laboratory, platform="abacus", digest="")
    with pytest.raises(CompileError, match="'abacus'; allowed: superconducting"):
        compile_program(program([X]), parameters, odd, limits)


def test_overlaps_are_counted_within_a_point_only(compiled):
    three = [READ, (Op.MEASURE, (1,), (), 1), (Op.MEASURE, (2,), (), 2)]
    assert most_at_once(compiled([READ], [READ]).tracks["feedline"]) == 1
    assert most_at_once(compiled(three, [READ]).tracks["feedline"]) == 3


def test_what_fits_passes(compiled, laboratory, limits):
    check_limits(compiled([X, CZ, READ]), laboratory, limits)
