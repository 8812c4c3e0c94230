"""Values are compared with their truths, at the operating point that was chosen."""

import math
from dataclasses import replace

import numpy as np
import pytest

from qctl.core.parameters import Estimate
from qctl.judge.stage import Bench
from qctl.judge.truths import echo_time, ramsey_time, scored, truths_of


def test_a_value_is_off_in_units_of_the_error_that_was_claimed(lab5, twin5, known5):
    known = known5.replaced({"q0.t1": Estimate(40e-6, 0.8e-6, "s"), "q1.t1": Estimate(40e-6, math.inf, "s")})
    bench = Bench(lab5, twin5, known)
    rows = {row.name: row for row in scored(bench.parameters, truths_of(bench))}
    assert rows["q0.t1"].sigmas == pytest.approx((40 - 38.4) / 0.8)
    assert rows["q1.t1"].sigmas is None
    assert "q0.readout.threshold" not in rows


def test_the_true_frequency_is_that_at_the_chosen_bias(lab5, twin5, known5):
    there = truths_of(Bench(lab5, twin5, known5))
    away = truths_of(Bench(lab5, twin5, known5.replaced({"q0.flux.bias": known5["q0.flux.bias"] + 0.4e-3})))
    assert 10e6 < there["q0.frequency"] - away["q0.frequency"] < 40e6
    assert there["q0.flux.bias"] == away["q0.flux.bias"]
    assert there["q3.frequency"] == pytest.approx(away["q3.frequency"], abs=50e3)


def test_corrected_mixers_leave_the_bare_frequency(lab5, twin5, known5):
    bare = replace(twin5, drives={n: replace(d, offset_i=0.0, offset_q=0.0) for n, d in twin5.drives.items()})
    offsets = {k: v for k, v in truths_of(Bench(lab5, twin5, known5)).items() if ".mixer.offset" in k}
    corrected = truths_of(Bench(lab5, twin5, known5.replaced(offsets)))
    untouched = known5.replaced(dict.fromkeys(offsets, 0.0))
    assert corrected["q0.frequency"] == pytest.approx(truths_of(Bench(lab5, bare, untouched))["q0.frequency"], abs=1.0)


def test_delays_count_up_to_what_nobody_can_see(lab5, twin5, known5):
    twin = replace(twin5, latencies={"awg2": 481.5e-9, "digitizer": 19e-9})
    first = truths_of(Bench(lab5, twin, known5))
    lines = [name for name in first if name.endswith(".delay")]
    moved = {name: first[name] + 5e-9 for name in lines}
    again = truths_of(Bench(lab5, twin, known5.replaced(moved)))
    for name in lines:
        assert again[name] == pytest.approx(moved[name], abs=1e-15)
    assert again["feedline.return_delay"] == pytest.approx(first["feedline.return_delay"] - 5e-9, abs=1e-15)
    truth = twin.fluxes["q0.flux"].delay - twin.fluxes["q1.flux"].delay  # both on awg2
    assert first["q0.flux.delay"] - first["q1.flux.delay"] == pytest.approx(truth, abs=1e-15)
    late = twin.drives["q3.drive"].delay + 1.5e-9 - twin.drives["q0.drive"].delay  # on awg2 and awg1
    assert first["q3.drive.delay"] - first["q0.drive.delay"] == pytest.approx(late, abs=1e-15)


def test_predistortion_is_compared_with_the_nearest_tail_only(lab5, twin5, known5):
    known = known5.replaced({"q0.flux.predistortion.tau_2": 30e-6})
    found = truths_of(Bench(lab5, twin5, known))
    assert found["q0.flux.predistortion.tau_1"] == 32e-9
    assert "q0.flux.predistortion.tau_2" not in found


def test_coherence_times_are_where_the_decay_has_fallen_to_one_over_e(twin5):
    truth, time = twin5.qubits["q0"], ramsey_time(twin5.qubits["q0"])
    assert time / echo_time(truth) + (2 * np.pi * truth.detuning_noise * time) ** 2 / 2 == pytest.approx(1)
    assert echo_time(truth) == pytest.approx(29.914e-6, rel=1e-4)
