"""Both links, as PyVISA and bare sockets see them."""

import socket
import struct
import threading

import pytest
import pyvisa


@pytest.fixture(scope="module")
def manager():
    return pyvisa.ResourceManager("@py")  # never closed: all links of a process share it


@pytest.fixture(params=["address", "hislip"], ids=["socket", "hislip"])
def resource(start, manager, request):
    rack, _, _ = start()
    found = manager.open_resource(
        getattr(rack.instruments["awg1"], request.param), read_termination="\n", write_termination="\r\n", timeout=5000
    )
    yield found
    found.close()


def test_pyvisa_gets_one_line_for_each_query(resource):
    assert resource.query("*IDN?") == "TEKTRONIX,AWG5208,100001,FV:6.0.0242.0"
    resource.write("CLOCK:SRATE 1E9;*WAI")
    assert float(resource.query("clock:srate?")) == 1e9
    assert resource.query("SYSTem:ERRor?") == '0,"No error"'


def test_a_block_without_terminator_is_taken_by_its_own_length(resource):
    content = bytes(range(256)) * 40
    resource.write_raw(b'MMEMory:DATA "x.bin",#5%05d' % len(content) + content)
    assert resource.query('MMEMory:DATA:SIZE? "x.bin"') == str(len(content))
    resource.write('MMEMory:DATA? "x.bin"')
    assert resource.read_bytes(len(content) + 8) == b"#5%05d" % len(content) + content + b"\n"


def test_a_large_reply_arrives_whole(resource):
    content = b"\n;\"'#" * 60_000
    resource.write_raw(b'MMEMory:DATA "big",#6300000' + content)
    resource.write('MMEMory:DATA? "big"')
    assert resource.read_bytes(300_009) == b"#6300000" + content + b"\n"


def test_device_clear_frees_a_link_that_waits(start, manager):
    rack, _, clients = start()
    clients["scope1"].send(":CHAN1:DISP ON;:TRIG:SWE TRIG")
    assert clients["scope1"].ask("*OPC?") == "1"
    link = manager.open_resource(rack.instruments["scope1"].hislip, read_termination="\n", timeout=300)
    link.write(":DIGITIZE;*OPC?")
    with pytest.raises(pyvisa.VisaIOError):
        link.read()
    link.clear()
    link.timeout = 5000
    assert link.query("*IDN?").startswith("KEYSIGHT TECHNOLOGIES,")
    assert link.read_stb() == 0
    link.close()


class Hislip:
    """A HiSLIP client in a few lines: what a careless one could send."""

    def __init__(self, address):
        port = int(address.split(",")[1].split(":")[0])
        self.links = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(2)]

    def send(self, channel, kind, control=0, parameter=0, payload=b"", prologue=b"HS"):
        head = struct.pack("!2sBBIQ", prologue, kind, control, parameter, len(payload))
        self.links[channel].sendall(head + payload)

    def receive(self, channel):
        head = self.links[channel].recv(16, socket.MSG_WAITALL)
        _, kind, control, parameter, length = struct.unpack("!2sBBIQ", head)
        return kind, control, parameter, self.links[channel].recv(length, socket.MSG_WAITALL) if length else b""

    def open(self):
        self.send(0, 0, 0, 0x01000000, b"hislip0")
        session = self.receive(0)[2] & 0xFFFF
        self.send(1, 17, 0, session)
        assert self.receive(1)[0] == 18
        return self

    def close(self):
        for link in self.links:
            link.close()


@pytest.fixture
def hislip(start):
    rack, _, _ = start()
    client = Hislip(rack.instruments["source"].hislip)
    yield client
    client.close()


def test_a_reply_carries_the_number_of_its_request(hislip):
    hislip.open().send(0, 7, 0, 4711, b"*IDN?")
    kind, _, number, payload = hislip.receive(0)
    assert (kind, number) == (7, 4711)
    assert payload.startswith(b"Rohde&Schwarz,SGS100A,")
    assert payload.endswith(b"\n")


def test_a_reply_is_cut_into_messages_that_the_client_can_take(hislip):
    hislip.open().send(1, 15, 0, 0, (40).to_bytes(8, "big"))
    assert hislip.receive(1)[0] == 16
    hislip.send(0, 6, 0, 2, b"*ID")
    hislip.send(0, 7, 0, 4, b"N?\n")
    pieces = []
    while not pieces or pieces[-1][0] == 6:
        pieces.append(hislip.receive(0))
    assert all(len(payload) <= 24 for *_, payload in pieces)
    assert b"".join(payload for *_, payload in pieces).endswith(b"3.20.390.24\n")


def test_locks_and_status_are_answered(hislip):
    hislip.open()
    for kind, control, answer in ((4, 1, (5, 1)), (24, 0, (25, 1)), (21, 0, (22, 0)), (10, 1, (11, 0)), (4, 0, (5, 1))):
        hislip.send(1, kind, control)
        assert hislip.receive(1)[:2] == answer
    hislip.send(1, 99)
    assert hislip.receive(1)[:2] == (3, 1)


def test_what_is_no_hislip_is_refused_and_closed(hislip):
    hislip.send(0, 0, prologue=b"GE")
    assert hislip.receive(0)[0] == 2
    assert hislip.links[0].recv(1) == b""
    hislip.send(1, 7, 0, 0, b"*IDN?")  # data before any initialization
    assert hislip.receive(1)[:2] == (2, 3)


def test_two_clients_of_one_instrument_share_its_settings(start, clients):
    rack, _, first = start()
    second = clients(rack.instruments["source"].address)
    first["source"].send("SOUR:FREQ 5.5 GHZ")
    assert first["source"].ask("*OPC?") == "1"
    assert float(second.ask("SOUR:FREQ?")) == 5.5e9


def test_threads_of_a_link_that_hung_up_go_away(start):
    _, _, clients = start()
    assert clients["scope1"].ask(":CHAN1:DISP ON;:TRIG:SWE TRIG;*OPC?") == "1"
    clients["scope1"].send(":DIG;*OPC?")
    before = [thread for thread in threading.enumerate() if thread.name == "link"]
    clients["scope1"].close()
    deadline = threading.Event()
    for _ in range(100):
        if sum(thread.is_alive() for thread in before) < len(before):
            break
        deadline.wait(0.05)
    assert sum(thread.is_alive() for thread in before) == len(before) - 1
