"""The conversation with a hologram server, and what our driver displays on the simulated one."""

import numpy as np
import pytest

from qctl.control.station import Station
from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, Laboratory, Line, SafeAction, SafeEntry
from qctl.core.parameters import Estimate, Parameters
from qctl.core.protocols import Hologram
from qctl.instruments.hologram_server import HologramServer
from qctl.instruments.mock.faults import Faults
from qctl.instruments.mock.rack import serve

HELLO = "*IDN? -> QCTL,HOLOGRAMSERVER,100001,1.0\n"
OK = 'SYST:ERR? -> 0,"No error"\n'
WEIGHTS = np.array([1.0, 0.5, 1.5], np.float32)
BLOCK = f"#212{{{WEIGHTS.astype('<f4').tobytes().hex()}}}"
SENT = f"HOLogram:SITes? -> 3\nHOLogram:WEIGhts {BLOCK}\n{OK}HOLogram:APPLy\n*OPC? -> 1\n{OK}"


def test_weights_are_sent_displayed_and_read_back(scripted):
    with scripted(HologramServer, HELLO + SENT + f"HOLogram:WEIGhts? -> {BLOCK}\n") as hologram:
        assert isinstance(hologram, Hologram)
        hologram.show(WEIGHTS)


def test_weights_that_are_not_displayed_are_an_error(scripted):
    others = f"#212{{{np.ones(3, '<f4').tobytes().hex()}}}"
    said = HELLO + SENT + f"HOLogram:WEIGhts? -> {others}\n"
    with scripted(HologramServer, said) as hologram, pytest.raises(InstrumentError, match="other weights"):
        hologram.show(WEIGHTS)


@pytest.mark.parametrize("bad", [0.0, -1.0, 11.0, np.nan, np.inf])
def test_weights_out_of_range_are_refused_before_anything_is_sent(scripted, bad):
    with scripted(HologramServer, HELLO) as hologram, pytest.raises(InstrumentError, match=r"0\.1 to 10"):
        hologram.show(np.array([1.0, bad], np.float32))


def test_another_number_of_traps_is_refused(scripted):
    said = HELLO + "HOLogram:SITes? -> 4\n"
    with scripted(HologramServer, said) as hologram, pytest.raises(InstrumentError, match="3 weights for 4 traps"):
        hologram.show(WEIGHTS)


def test_what_is_displayed_is_held(scripted):
    with scripted(HologramServer, HELLO) as hologram:
        hologram.configure(InstrumentEntry(driver="", address=""), None)
        hologram.make_safe(SafeEntry(action=SafeAction.HOLD))
        with pytest.raises(InstrumentError, match="hold"):
            hologram.make_safe(SafeEntry(action=SafeAction.OFF))


def laboratory():
    return Laboratory(
        name="traps", platform="neutral_atom", reference=1e7, period=0.2, qubits={"q0": None, "q1": None}, couplings={},
        instruments={"slm": InstrumentEntry(driver="qctl.instruments.hologram_server:HologramServer", address="mock")},
        lines={"traps": Line(shaped_by="slm")}, safe={}, limits={},
    )  # fmt: skip


def opened(rack):
    return HologramServer.open(rack.instruments["slm"].address, name="slm")


def test_the_simulated_display_shows_what_it_was_told_to_show_and_nothing_else():
    with serve(laboratory(), None) as rack, opened(rack) as slm:
        display = rack.rack.mocks["slm"]
        assert display.levels() == {1: 1.0, 2: 1.0}
        slm.show(np.array([0.5, 1.5], np.float32))
        assert display.levels() == {1: 0.5, 2: 1.5}
        slm.session.write_block("HOLogram:WEIGhts", np.array([2.0, 20.0], np.float32))
        with pytest.raises(InstrumentError, match="-222"):
            slm.check()
        slm.write("HOLogram:APPLy")
        slm.check()
        assert display.levels() == {1: 0.5, 2: 1.5}


def test_a_display_that_ignores_what_it_is_told_is_found_out():
    faults = {"slm": Faults(ignored_setting=1.0)}
    with (
        serve(laboratory(), None, faults=faults) as rack,
        opened(rack) as slm,
        pytest.raises(InstrumentError, match="other weights"),
    ):
        slm.show(np.array([0.5, 1.5], np.float32))


def test_a_station_displays_what_parameters_say_and_ones_where_they_say_nothing():
    lab = laboratory()
    with serve(lab, None) as rack, opened(rack) as slm:
        station = Station(lab, {}, {"slm": slm})
        station.operate(Parameters({"q1.site.weight": Estimate(0.75)}))
        assert rack.rack.mocks["slm"].levels() == {1: 1.0, 2: 0.75}
