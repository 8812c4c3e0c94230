"""The maker's own client of a Qblox Cluster, unmodified, drives the simulated one."""

from types import SimpleNamespace

import numpy as np
import pytest

from qctl.core.laboratory import InstrumentEntry, Laboratory, Line
from qctl.core.sequence import Port
from qctl.instruments.mock.rack import serve

pytest.importorskip("qblox_instruments", reason="needs the maker's package: pip install 'qctl[peers]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # warnings of a third party's code are not ours

SLOT = 6
PROGRAM = """
      move 0,R0
      move 3,R1
      move 0,R2
shot: wait_trigger 15,4
      wait 100
      acquire_weighed 0,R0,R2,R2,4
      add R0,1,R0
      loop R1,@shot
      stop
"""
BIN = np.dtype([("valid", "<u8"), ("path0", "<i8"), ("path1", "<i8"), ("told", "<u4"), ("count", "<u4")])


@pytest.fixture(scope="module")
def cluster():
    from qblox_instruments.native.cluster_legacy import ClusterLegacy
    from qblox_instruments.types import DebugLevel

    entry = InstrumentEntry(driver="qctl.instruments.qblox_cluster:QbloxCluster", address="mock")
    laboratory = Laboratory(
        name="one", platform="superconducting", reference=10e6, period=20e-6, instruments={"cluster": entry},
        lines={"event": Line(output=Port("cluster", 1, marker=True))}, qubits={}, couplings={}, safe={}, limits={},
    )  # fmt: skip
    with serve(laboratory, SimpleNamespace(play=None, wait=None)) as rack:
        _, host, port, _ = rack.instruments["cluster"].address.split("::")
        opened = ClusterLegacy(host, port=int(port), debug=DebugLevel.VERSION_AND_ERROR_CHECK)
        yield opened
        loop = opened._transport._loop
        opened._run_in_loop(opened.close())
        loop.close()


def test_it_recognises_the_mainframe_and_its_module(cluster):
    assert cluster._get_idn().startswith("Qblox,Cluster MM")
    assert cluster._is_qrm_type(SLOT)


def test_settings_of_a_sequencer_come_back_as_they_were_set(cluster):
    for keys, value in (
        (["acq", "th_acq", "discr_threshold"], -0.25),
        (["acq", "th_acq_trg_map", "addr"], 7),
        (["acq", "demod", "en"], True),
        (["awg", "nco", "freq_hz"], 123456789.25),
    ):
        cluster._set_sequencer_config_val(SLOT, 0, keys, value)
        assert cluster._get_sequencer_config_val(SLOT, 0, keys) == value
    cluster._set_sequencer_config_rotation_matrix(SLOT, 0, 30.0)
    assert cluster._get_sequencer_config_rotation_matrix(SLOT, 0) == pytest.approx(30.0)


def test_a_sequence_is_loaded_armed_and_started(cluster):
    sequence = {
        "waveforms": {"unused": {"data": [0.1] * 100, "index": 0}},
        "weights": {"half": {"data": [0.5] * 100, "index": 0}},
        "acquisitions": {"told": {"num_bins": 3, "index": 0}},
        "program": PROGRAM,
    }
    cluster._set_sequence(SLOT, 1, sequence)
    assert cluster.get_assembler_status(SLOT)
    cluster.arm_sequencer(SLOT, 1)
    cluster.start_sequencer(SLOT, 1)
    assert str(cluster.get_sequencer_status(SLOT, 1).state) == "RUNNING"
    cluster.stop_sequencer(SLOT, 1)
    assert str(cluster.get_sequencer_status(SLOT, 1).state) == "STOPPED"
    parts = [cluster._read_bin(f'SLOT{SLOT}:SEQuencer1:ACQ:ALISt:ACQuisition:DATA? "told"', False)]
    parts += [cluster._read_bin("", k == 5) for k in range(6)]
    assert [len(part) for part in parts[:3]] == [4 * 16_384, 1, 4]
    assert np.frombuffer(parts[-1], BIN)["valid"].tolist() == [0, 0, 0]


def test_a_wrong_program_is_an_error_with_the_log_of_the_assembler(cluster, capsys):
    with pytest.raises(RuntimeError, match="assembly failed"):
        cluster._set_sequencer_program(SLOT, 2, "fly 4")
    assert "unknown instruction fly" in cluster.get_assembler_log(SLOT)


def test_more_bins_than_there_are_is_an_error(cluster):
    with pytest.raises(RuntimeError, match="131073 bins"):
        cluster._add_acq_acquisition(SLOT, 3, "many", 131_073)
