"""The conversation with a camera behind a frame server."""

import numpy as np
import pytest

from qctl.core.errors import InstrumentError, TransportError
from qctl.core.laboratory import InstrumentEntry, SafeAction, SafeEntry
from qctl.core.protocols import Camera
from qctl.instruments.frame_server import FrameServer

HELLO = "*IDN? -> QCTL,FRAMESERVER,100001,1.0\n"
OK = '\nSYST:ERR? -> 0,"No error"\n'
CONFIGURE = "ACQuire:ABORt\nSENSor:REGion 64,64\nTRIGger:SOURce LEVel" + OK + "SENSor:REGion? -> 64,64\n"
ARM = "ACQuire:ABORt\nACQuire:COUNt 2\nACQuire:STARt" + OK
ENTRY = InstrumentEntry(driver="", address="")
FRAMES = np.random.default_rng(1).integers(0, 65536, (2, 64, 64), np.uint16)


def data(frames, header=None):
    payload = frames.astype("<u2").tobytes()
    length = str(len(payload))
    return f"FRAMe:DATA? 1,2 -> {header or f'#{len(length)}{length}'}{{{payload.hex()}}}\n"


def armed(camera):
    camera.configure(ENTRY, None)
    camera.arm(2)


def test_it_is_a_camera(scripted):
    with scripted(FrameServer, HELLO) as camera:
        assert isinstance(camera, Camera)


def test_a_frame_comes_for_each_exposure(scripted, clock):
    said = HELLO + CONFIGURE + ARM + "ACQuire:TAKen? -> 0\nACQuire:TAKen? -> 2\n" + data(FRAMES)
    out = np.zeros((2, 64, 64), np.uint16)
    with scripted(FrameServer, said, clock=clock) as camera:
        armed(camera)
        camera.wait(1.0)
        camera.fetch(out)
    np.testing.assert_array_equal(out, FRAMES)


def test_a_region_that_was_not_taken_is_an_error(scripted):
    said = HELLO + CONFIGURE.replace("? -> 64,64", "? -> 64,128")
    with scripted(FrameServer, said) as camera, pytest.raises(InstrumentError, match="64, 128"):
        camera.configure(ENTRY, None)


def test_exposures_that_do_not_come_are_counted(scripted, clock):
    said = HELLO + CONFIGURE + ARM + "ACQuire:TAKen? -> 1\n" * 2 + OK.lstrip() + "ACQuire:TAKen? -> 1\n"
    with scripted(FrameServer, said, clock=clock) as camera:
        armed(camera)
        with pytest.raises(InstrumentError, match=r"1 of 2 exposures did not come within 0\.001 s"):
            camera.wait(0.001)


@pytest.mark.parametrize("header", ["#48191", "#48193", "#3192", "#0", "48192", "#A8192"])
def test_a_block_that_is_not_exactly_the_frames_is_refused(scripted, header):
    said = HELLO + CONFIGURE + ARM + data(FRAMES, header)

    def fetch():
        with scripted(FrameServer, said) as camera:
            armed(camera)
            camera.fetch(np.zeros((2, 64, 64), np.uint16))

    with pytest.raises((InstrumentError, TransportError, AssertionError)):
        fetch()


ROOMS = (np.zeros((1, 64, 64), np.uint16), np.zeros((2, 64, 64)), np.zeros((2, 64, 128), np.uint16)[..., ::2])


@pytest.mark.parametrize("room", ROOMS)
def test_room_that_does_not_fit_is_refused(scripted, room):
    with scripted(FrameServer, HELLO + CONFIGURE + ARM) as camera:
        armed(camera)
        with pytest.raises(InstrumentError, match="room of shape"):
            camera.fetch(room)


@pytest.mark.parametrize("n_frames", [0, 65_537])
def test_too_many_frames_are_refused_before_anything_is_sent(scripted, n_frames):
    with scripted(FrameServer, HELLO + CONFIGURE) as camera:
        camera.configure(ENTRY, None)
        with pytest.raises(InstrumentError, match="1 to 65536"):
            camera.arm(n_frames)


def test_safe_is_not_waiting(scripted):
    with scripted(FrameServer, HELLO + "ACQuire:ABORt" + OK) as camera:
        camera.make_safe(SafeEntry(action=SafeAction.OFF))
