"""The driver of the Qblox Cluster on a real link: what it loads stands there, and nothing wrong is an answer."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from qctl.core.branching import TOLD, Branching, Decision, Telling
from qctl.core.errors import InstrumentError, LimitError
from qctl.core.laboratory import InstrumentEntry, Laboratory, Line, SafeAction, SafeEntry
from qctl.core.port import Port
from qctl.instruments.mock.rack import serve
from qctl.instruments.qblox_cluster import QbloxCluster

ENTRY = InstrumentEntry(
    driver="qctl.instruments.qblox_cluster:QbloxCluster", address="mock", sample_rate=1e9, trigger_latency=100e-9
)
LABORATORY = Laboratory(
    name="one", platform="superconducting", reference=10e6, period=20e-6, instruments={"cluster": ENTRY},
    lines={"event": Line(output=Port("cluster", 1, marker=True))}, qubits={}, couplings={}, safe={}, limits={},
)  # fmt: skip
BRANCHING = Branching(
    (Port("cluster", 1), Port("cluster", 2)), Port("cluster", 1, marker=True), ("awg",),
    {3: Telling(-125.5e6, np.ones(400), 0.7, 0.01)}, np.array([(3, 600, 400, 0)], TOLD),
    (Decision(0, 1.4e-6, 3e-6, 2e-6),), np.array([[0], [1]], np.int8), np.zeros((2, 1), np.int32),
)  # fmt: skip


@pytest.fixture
def cluster():
    """Return the driver, configured, and what it talks to."""
    with (
        serve(LABORATORY, SimpleNamespace(play=None, wait=None)) as rack,
        QbloxCluster.open(rack.instruments["cluster"].address, name="cluster") as driver,
    ):
        driver.configure(ENTRY, None)
        yield driver, rack.rack.mocks["cluster"]


def test_every_sequencer_waits_for_the_trigger_when_it_is_armed(cluster):
    driver, mock = cluster
    driver.arm(BRANCHING, 7)
    assert [one.state for one in mock.sequencers] == ["RUNNING"] * 2 + ["IDLE"] * 4
    told = mock.sequencers[0].configuration["acq"][0]
    assert told["th_acq_trg_map"] == {"addr": 1, "en": True, "inv": False}
    assert told["th_acq"]["discr_threshold"] == pytest.approx(0.01 * 400)
    assert told["th_acq"]["rotation_matrix_a12"] == pytest.approx(np.sin(0.7))
    assert mock.sequencers[0].configuration["awg"][0]["nco"]["freq_hz"] == -125.5e6
    assert not mock.sequencers[1].configuration["acq"][0]["th_acq_trg_map"]["en"]
    assert mock.deciding.n_shots == 7
    driver.make_safe(SafeEntry(action=SafeAction.OFF))
    assert mock.deciding is None


def test_what_is_there_already_is_not_loaded_again(cluster):
    driver, mock = cluster
    driver.arm(BRANCHING, 7)
    before = mock.sequencers[0].program
    driver.arm(BRANCHING, 7)
    assert mock.sequencers[0].program is before
    driver.arm(replace(BRANCHING, tellings={3: replace(BRANCHING.tellings[3], threshold=0.02)}), 7)
    assert mock.sequencers[0].program is not before


def test_bins_are_answers_in_volts(cluster):
    driver, mock = cluster
    driver.arm(BRANCHING, 2)
    run = mock.deciding
    values = np.array([[[2048 * 2048 * 4, -2048 * 2048], [0, 2048 * 2048 * 8], [1, 0]]])  # sums of codes times codes
    with mock.lock:
        mock.deliver(run, [values], "")
    driver.wait(1.0)
    answers, points = np.empty((2, 1), np.uint8), np.empty((2, 1), np.complex128)
    driver.fetch(answers, points)
    assert answers.ravel().tolist() == [1, 0]
    np.testing.assert_allclose(points.ravel(), [4 / 400, (-1 + 8j) / 400], atol=1e-6)


def test_a_conflict_on_the_trigger_network_is_an_error(cluster):
    driver, mock = cluster
    driver.arm(BRANCHING, 1)
    with mock.lock:
        mock.deliver(mock.deciding, [np.zeros((1, 3, 1), np.int64)], "TRIGGER NETWORK CONFLICT")
    with pytest.raises(InstrumentError, match="TRIGGER NETWORK CONFLICT"):
        driver.wait(1.0)


def test_answers_that_are_missing_or_doubled_are_no_answers(cluster):
    driver, mock = cluster
    driver.arm(BRANCHING, 3)
    with mock.lock:
        mock.deliver(mock.deciding, [np.zeros((1, 3, 3), np.int64)], "")
        mock.sequencers[0].bins.get('"told"')["count"][1] = 2
    with pytest.raises(InstrumentError, match="1 of 3 answers are missing or doubled"):
        driver.fetch(np.empty((3, 1), np.uint8), np.empty((3, 1), np.complex128))


def test_a_program_that_is_not_assembled_is_said_with_the_log(cluster, monkeypatch):
    driver, _ = cluster
    monkeypatch.setattr("qctl.instruments.q1_programs.LONGEST_WAIT", 90_000)
    late = np.array([(3, 80_000, 400, 0)], TOLD)
    decision = Decision(0, 90e-6, 92e-6, 2e-6)
    with pytest.raises(InstrumentError, match="not assembled: line 8: wait 79992: at most 65535 ns"):
        driver.arm(replace(BRANCHING, windows=late, decisions=(decision,)), 1)


def test_more_than_it_holds_is_refused_before_anything_is_sent(cluster):
    driver, mock = cluster
    with pytest.raises(LimitError, match="131073 answers; allowed: 6 and 131072"):
        driver.arm(replace(BRANCHING, decisions=()), 131_073)
    many = dict.fromkeys(range(6), BRANCHING.tellings[3])
    windows = np.array([(k, 600, 400, 256 * k) for k in range(6)], TOLD)
    with pytest.raises(LimitError, match="7 sequencers"):
        driver.arm(replace(BRANCHING, tellings=many, windows=windows), 1)
    assert all(one.program is None for one in mock.sequencers)
