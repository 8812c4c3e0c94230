"""Photons become bits; shots in which an ion is missing, or light shines where none should, do not count."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import poisson

from qctl.core.laboratory import Laboratory, Line, Qubit
from qctl.core.parameters import Estimate, Parameters
from qctl.core.port import Port
from qctl.core.record import Counts, Record, Timing
from qctl.core.result import shots_in_a_row
from qctl.core.sequence import READ, Counting
from qctl.readout import read_out
from qctl.readout.screen import CHANCE, NO_ION, NO_ONE, STUCK_OPEN, UNDETECTED, most_by_chance

SHOTS, IONS = 200, 3
WINDOWS = np.array([[-1e-3, -8e-4], [-5e-4, -4e-4], [1e-4, 4e-4]])


@pytest.fixture
def chain():
    qubits = {f"q{k}": Qubit(drive=f"beam{k}", readout=f"seen{k}") for k in range(IONS)}
    return Laboratory(
        name="chain",
        platform="trapped_ion",
        reference=1e7,
        period=1e-2,
        instruments={},
        lines={f"seen{k}": Line(counted_by=Port(f"counter{k}", 1)) for k in range(IONS)},
        qubits=qubits,
        couplings={},
        safe={},
        limits={},
    )


@pytest.fixture
def known():
    values = {"readout.counts": 3.0, "readout.present": 4.0, "readout.stray": 50.0}
    return Parameters({f"q{k}.{name}": Estimate(value) for k in range(IONS) for name, value in values.items()})


@pytest.fixture
def photons():
    """Return what three healthy ions in states 0, 1, 0 give: shape (IONS, SHOTS, windows)."""
    rng = np.random.default_rng(5)
    means = np.array([[20.0, 0.005, 0.3], [20.0, 0.005, 12.0], [20.0, 0.005, 0.3]])
    return rng.poisson(means[:, None], size=(IONS, SHOTS, 3))


@pytest.fixture
def read(chain, known):
    def read(photons, *, n_points=1):
        reads = [np.array([(p, k, k, 2) for p in range(n_points)], READ) for k in range(IONS)]
        checks = {0: "present", 1: "dark"}
        record = Record(
            traces={},
            shots=photons.shape[1] // n_points,
            n_points=n_points,
            n_bits=IONS,
            qubits=tuple(chain.qubits),
            placement=(0, 1, 2),
            sequence_digest="d",
            parameters_id="0-d",
            timing=Timing(),
            instruments={},
            counts={
                f"seen{k}": Counts(
                    photons[k].reshape(-1, n_points, 3), Counting(Port(f"counter{k}", 1), WINDOWS, reads[k], checks)
                )
                for k in range(IONS)
            },
        )
        return read_out(record, known, chain)

    return read


def test_more_photons_than_the_threshold_say_1(read, photons):
    result = read(photons)
    np.testing.assert_array_equal(result.bits[0], photons[:, :, 2].T > 3)
    np.testing.assert_array_equal(result.photons[0], photons[:, :, 2].T)
    assert result.kept.all()
    assert not result.dropped


def test_shots_without_one_ion_do_not_count_and_the_ion_is_named(read, photons):
    photons[1, 120:, :] = 0
    result = read(photons)
    assert result.dropped == {NO_ONE.format("q1"): 81}  # it went during the shot before
    assert sum(result.counts.values()) == 119
    np.testing.assert_array_equal(result.kept[0], np.arange(SHOTS) < 119)


def test_a_chain_that_is_gone_is_said_once(read, photons):
    photons[:, 150:] = 0
    assert read(photons).dropped == {NO_ION: 51}


def test_bright_light_in_the_dark_is_told_shot_by_shot(read, photons):
    photons[:, 190:, 1] = 15
    result = read(photons)
    assert result.dropped[STUCK_OPEN] >= 10
    assert not result.kept[0, 190:].any()


def test_faint_light_in_the_dark_is_told_from_the_whole_segment(read, photons):
    photons[:, :, 1] = np.random.default_rng(1).poisson(0.2, size=(IONS, SHOTS))
    result = read(photons)
    assert result.dropped == {STUCK_OPEN: SHOTS}
    assert not result.kept.any()


def test_ions_that_are_detected_without_light_are_no_zeros(read, photons):
    photons[:, :, 2] = 0
    assert read(photons).dropped == {UNDETECTED: SHOTS}


def test_ions_that_are_all_in_0_are_no_fault(read, photons):
    photons[1, :, 2] = np.random.default_rng(2).poisson(0.3, SHOTS)
    assert not read(photons).dropped


def test_points_keep_their_own_shots(read, photons):
    photons[0, 100:] = 0  # from the fiftieth shot of both points on
    result = read(photons, n_points=2)
    assert result.kept.tolist() == [[True] * 50 + [False] * 50, [True] * 49 + [False] * 51]
    assert sum(result.counts_of(1).values()) == 49


def test_dropped_shots_of_several_runs_add_up(read, photons):
    good = read(photons)
    photons[1, :50] = 0
    both = shots_in_a_row([good, read(photons), replace(good, kept=None)])
    assert both.dropped == {NO_ONE.format("q1"): 50}
    assert both.kept.sum() == 3 * SHOTS - 50


@pytest.mark.parametrize("expected", [0.0, 1e-3, 0.2, 3.0, 80.0, 4000.0])
def test_chance_hardly_exceeds_the_limit(expected):
    assert poisson.sf(most_by_chance(expected), expected) <= CHANCE
